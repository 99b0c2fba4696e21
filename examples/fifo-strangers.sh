#!/bin/sh
# Strangers meet at a FIFO: a writer and a reader that know nothing of each other but a path.
#
# open(2) is where they meet: whoever comes first sleeps there until the other one has come. Then one
# pipe connects them. Its end comes with the last writer: close(2) there is the 0 of read(2) here.
#
# What goes wrong otherwise: a writer that opens with O_NONBLOCK gets ENXIO while nobody reads; a
# program that opens the FIFO both ways (O_RDWR) never sleeps in open(2), and never sees the end.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rfifo

folder=$(mktemp -d)
path=$folder/meeting
running=
clean() {
    [ -z "$running" ] || kill "$running" 2> /dev/null || :
    rm -r "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# What somebody does at the FIFO.
doing() {
    rfifo show "$path" 2> /dev/null | awk '$1 ~ /^[0-9]+$/ { print "   " $3 ": " $5 " " $6 " " $7 " " $8 }' | sed 's/ *$//'
}

rfifo create "$path" > "$folder/name"

echo "a writer comes first, and waits:"
rfifo send "$path" "hello, whoever you are" &
running=$!
rfifo wait "$path" --for writer
doing

echo "a reader comes:"
rfifo recv "$path" | sed 's/^/   /'
wait "$running"

echo "a reader comes first, a program that knows only files:"
cat "$path" > "$folder/seen" &
running=$!
rfifo wait "$path" --for reader
echo "   and a writer that is only a shell" > "$path"
wait "$running"
running=
cat "$folder/seen"

echo "nobody comes: neither waits longer than it is told"
rfifo recv "$path" --timeout 0.1 --quiet || echo "   the reader gave up with status $?"
rfifo send "$path" --nowait --quiet x || echo "   the writer gave up with status $?"

#!/bin/sh
# The four end cases of a pipe at a FIFO, each looked at while it holds, and a fifth that only FIFOs have.
#
#   all writers gone       who reads gets what is left, and then 0 bytes: the end of the file
#   writers are silent     who reads an empty FIFO sleeps
#   all readers gone       who writes gets SIGPIPE, or EPIPE if that is ignored
#   readers do not read    who writes into a full FIFO sleeps
#   everybody gone         what was not read is gone, too: a FIFO keeps nothing
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rfifo rpipe

folder=$(mktemp -d)
path=$folder/fifo
running=
clean() {
    trap '' HUP INT TERM
    for pid in $running; do
        kill "$pid" 2> /dev/null || :
    done
    rm -r "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
rfifo create "$path" > "$folder/name"

# Waits until somebody does this at the FIFO, and shows who keeps whom waiting.
until_seen() {
    tries=0
    until seen=$(rfifo show "$path" 2> /dev/null) && echo "$seen" | grep -q "$1" && echo "$seen" | grep -q ' sleep '; do
        tries=$((tries + 1))
        [ "$tries" -lt 5000 ] || { echo "$0: the FIFO is otherwise: $seen" >&2; exit 1; }
        sleep 0.01
    done
    echo "$seen" | awk '$1 ~ /^[0-9]+$/ { print "   " $3 ": " $5 " " $6 " " $7 }' | sed 's/ *$//' | sort -u
    rpipe show "$path" 2> /dev/null | sed -n 's/^stall  [0-9]* (\([a-z]*\)) \([a-z ]*\).*, /   \1 \2it, /p'
}

echo "all writers gone: the rest, and then the end"
rfifo send "$path" "the rest" &
rfifo recv "$path" | sed 's/^/   /'
wait

echo "a silent writer: the reader sleeps"
sleep 600 > "$path" < /dev/null &
running=$!
cat "$path" > "$folder/seen" &
running="$running $!"
until_seen "blocked reading"
kill $running
wait || :

echo "a reader that does not read: the writer sleeps"
sleep 600 < "$path" > /dev/null &
running=$!
yes > "$path" 2> /dev/null < /dev/null &
writer=$!
running="$running $writer"
until_seen "blocked writing"

echo "the last reader goes: SIGPIPE for the writer"
kill "${running% *}"
status=0
wait "$writer" || status=$?
running=
echo "   status $status, signal $(kill -l "$status")"

echo "everybody gone: nothing is kept"
{
    echo "never read" >&3
    echo "   unread while it is open: $(rfifo list "$folder" --no-header -o unread)"
} 3<> "$path"
echo "   unread afterwards: $(rfifo list "$folder" --no-header -o unread)"

#!/bin/sh
# Many may read at the same time, but who writes is alone: with a lock on a file.
#
# A reader shares the lock, a writer has it alone. Nothing has to be counted and nothing removed: the
# kernel gives the lock back when its holder ends, also of kill -9.
#
# A reader that becomes a writer converts its lock, which it never lets go: what it has read is still
# true when it writes. Two that did so at once would each wait for the other to stop reading. So who
# means to write later locks another byte of the same file first, as one at a time can.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rlock

book=$(mktemp -d)
export book
clean() {
    trap '' HUP INT TERM
    rm -rf "$book"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

echo "0 0" > "$book/text"
: > "$book/lock"

# A reader that saw half of what a writer writes would see two different numbers.
reader() {
    rlock run "$book/lock" --range 0:1 --shared -- sh -c '
        read -r one other < "$book/text"
        [ "$one" = "$other" ] || echo "half written: $one $other" >> "$book/wrong"
        echo read >> "$book/log"'
}
writer() {
    rlock run "$book/lock" --range 0:1 -- sh -c '
        read -r number other < "$book/text"
        printf "%s " "$((number + 1))" > "$book/text"
        sleep 0.01
        echo "$((other + 1))" >> "$book/text"
        echo wrote >> "$book/log"'
}
# Reads, and writes what follows from it.
corrector() {
    rlock run "$book/lock" --range 1:1 -- rlock run "$book/lock" --range 0:1 --shared -- sh -c '
        read -r number other < "$book/text"
        rlock convert --upgrade
        echo "$((number + 1)) $((other + 1))" > "$book/text"
        echo corrected >> "$book/log"'
}

for round in 1 2 3 4 5; do
    reader &
    writer &
    corrector &
    reader &
done
wait

count() {
    grep -c "$1" "$book/log"
}
echo "read $(count read) times, written $(count wrote) times, corrected $(count corrected) times"
echo "the text is: $(cat "$book/text")"
[ ! -e "$book/wrong" ]

# A writer that is killed in the middle of its work leaves no lock behind.
rlock run "$book/lock" --range 0:1 -- sh -c 'kill -9 $$' 2>/dev/null || echo "a writer died: status $?"
rlock run "$book/lock" --range 0:1 --nowait -- echo "the next one has the lock"

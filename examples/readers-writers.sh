#!/bin/sh
# Many may read at the same time, but who writes is alone.
#
# One semaphore with as many units as there may be readers. A reader holds one of them, a writer all.
# All are taken in one step, so two writers that come together cannot each hold a part and wait for
# the rest. Readers who keep coming can hold a writer up: the kernel gives to whoever can go on.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

book=$(mktemp -d)
seats=
clean() {
    trap '' HUP INT TERM
    rm -rf "$book"
    [ -z "$seats" ] || rsem remove --if-exists "$seats"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

seats=$(rsem create --value 4)
echo "0 0" > "$book/text"

# A reader that saw half of what a writer writes would see two different numbers.
reader() {
    rsem run "$seats" -- sh -c '
        read -r one other < "$1/text"
        [ "$one" = "$other" ] || echo "half written: $one $other" >> "$1/wrong"
        echo read >> "$1/log"' sh "$book"
}
writer() {
    rsem run "$seats" --units 4 -- sh -c '
        read -r number other < "$1/text"
        printf "%s " "$((number + 1))" > "$1/text"
        sleep 0.01
        echo "$((other + 1))" >> "$1/text"
        echo wrote >> "$1/log"' sh "$book"
}

for round in 1 2 3 4 5; do
    reader &
    writer &
    reader &
done
wait

echo "read $(grep -c read "$book/log") times, written $(grep -c wrote "$book/log") times"
echo "the text is: $(cat "$book/text")"
[ ! -e "$book/wrong" ]

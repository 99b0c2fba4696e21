#!/bin/sh
# A semaphore as a lock and as a signal, and the quiz of the textbook.
#
# P takes a unit and sleeps while there is none, V gives one: `rsem wait` and `rsem post`, which are
# also called p and v. With one unit at the beginning it is a lock: who has taken it gives it back
# (mutual exclusion). With none it is a signal: one process waits for what another one gives
# (synchronisation).
#
# Some textbooks let the value fall below 0 to count who waits. The kernel's never does: it keeps the
# free units, M, and the waiting processes, N, apart, and at least one of them is 0.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

log=$(mktemp)
lock=
signal=
clean() {
    trap '' HUP INT TERM
    rm -f "$log"
    for name in "$lock" "$signal"; do
        [ -z "$name" ] || rsem remove --if-exists "$name"
    done
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

lock=$(rsem create --value 1)
signal=$(rsem create --value 0)

echo "A lock: P and V in the same process"
for name in a b c; do
    {
        rsem p "$lock"
        echo "$name in" >> "$log"
        sleep 0.01
        echo "$name out" >> "$log"
        rsem v "$lock"
    } &
done
wait
# Whoever goes in comes out before the next one.
awk '$2 == "in" && ++inside > 1 { exit 1 } $2 == "out" { --inside }' "$log"
echo "  never two inside, $(grep -c in "$log") were"

echo "A signal: P in one process, V in another"
{
    rsem p "$signal"
    echo "  the second may go on"
} &
echo "  the first is done"
rsem v "$signal"
wait

# What `rsem show` says of semaphore 0.
quiz() {
    rsem show "$lock" 2> /dev/null | sed -n 's/^ *0 .*\(M=.*\)$/\1/p'
}
echo "The quiz: the value is 3 at the beginning"
rsem set "$lock" --value 3
echo "  at the beginning: $(quiz)"
for taker in 1 2 3; do
    rsem p "$lock"
done
echo "  three have come:  $(quiz)"
rsem p "$lock" &
until [ "$(quiz)" != "M=0, N=0" ]; do :; done
echo "  a fourth came:    $(quiz)"
rsem v "$lock"
wait
echo "  one has left:     $(quiz)"

#!/bin/sh
# Four workers do two phases of work; nobody begins the second before all are done with the first.
#
# A barrier counts who has come. It has to be usable again at once: a fast worker that comes to the
# next meeting must not be counted into the one that slow ones have not left yet. And a worker that
# dies has not come, although it was counted: the kernel takes that back (SEM_UNDO). The others then
# wait, for a replacement or until their patience ends.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

log=$(mktemp)
barrier=
clean() {
    trap '' HUP INT TERM
    rm -f "$log"
    [ -z "$barrier" ] || rsem remove --if-exists "$barrier"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Two semaphores: how many have come, how many may leave.
barrier=$(rsem create --count 2)

worker() {
    for phase in 1 2; do
        sleep "0.0$1" # some are slower
        echo "$phase" >> "$log"
        rsem barrier "$barrier" 4
    done
}
for name in 1 2 3 4; do
    worker "$name" &
done
wait
echo "phases in the order of work: $(paste -s -d ' ' "$log")"
[ "$(paste -s -d ' ' "$log")" = "1 1 1 1 2 2 2 2" ]

rsem barrier "$barrier" 2 &
victim=$!
# It is to be seen waiting before it dies.
until [ "$(rsem get "$barrier:0")" = 1 ]; do :; done
kill -9 "$victim"
wait "$victim" 2> /dev/null || :
echo "one came and died: $(rsem get "$barrier:0") are there"
rsem barrier "$barrier" 2 --timeout 0.1 2> /dev/null || echo "another one gave up: status $?"

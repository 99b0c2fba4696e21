#!/bin/sh
# A lock out of one cell of shared memory, and a counter that needs it.
#
# To add one, each process reads the counter, calculates, and writes it back. That is three steps: when
# two processes read the same number, both write the same sum, and one of the two is lost. (`rshm add`
# does it in one step and needs no lock. This one stands for all that takes more than one.)
#
# The lock is a second cell, 0 for free and 1 for taken. `rshm cas` writes 1 only if 0 is there: looking
# and taking are one instruction of the processor, so only one of all who try succeeds. With `get` and
# `put` in its place two could find it free at the same time. Who fails sleeps in the kernel until it is
# free, and tries again, for another one may have been faster. `put --wake=1` wakes one sleeper: only
# one can have the lock anyway. None sleeps on if nothing wakes it: `rshm wait` looks by itself, too.
#
# The kernel knows nothing of this lock. When a process dies that has it, nobody frees it.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

workers=4
rounds=25
memory=/example-lock-$$
lock=0:u32
counter=8:u64

pids=
clean() {
    trap '' HUP INT TERM
    for process in $pids; do
        kill "$process" 2> /dev/null || :
    done
    rshm remove --if-exists --quiet "$memory"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

take_lock() {
    until rshm cas "$memory" "$lock" 0 1 > /dev/null; do
        rshm wait "$memory" "$lock" eq 0 --quiet --timeout 60
    done
}

free_lock() {
    rshm put --wake=1 "$memory" "$lock" 0
}

work() {
    round=0
    while [ "$round" -lt "$rounds" ]; do
        take_lock
        number=$(rshm get "$memory" "$counter")
        rshm put "$memory" "$counter" $((number + 1))
        free_lock
        round=$((round + 1))
    done
}

rshm create "$memory" --size 16 > /dev/null

worker=0
while [ "$worker" -lt "$workers" ]; do
    work &
    pids="$pids $!"
    worker=$((worker + 1))
done
echo "$workers processes count to $rounds each, one step at a time"
for process in $pids; do
    wait "$process"
done
pids=

number=$(rshm get "$memory" "$counter")
echo "the counter: $number"
echo "the lock: $(rshm get "$memory" "$lock")"
[ "$number" -eq $((workers * rounds)) ]

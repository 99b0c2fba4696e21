#!/bin/sh
# Ten jobs, at most three at a time, and then a wait for all of them.
#
# `rsem run -j 3 NAME -- COMMAND` makes a semaphore with three units at its first use; who finds none
# sleeps. It becomes the command, so there is nothing in memory beside the job, and the kernel gives
# the unit back when the job ends, however it ends.
#
# Who holds all units knows that nobody else holds one: that is the wait for all jobs that have begun.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

work=$(mktemp -d)
key=ftok:$work
clean() {
    trap '' HUP INT TERM
    rsem remove --if-exists "$key"
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

for job in 1 2 3 4 5 6 7 8 9 10; do
    rsem run -j 3 "$key" -- sh -c '
        mkdir "$1/alive.$2"
        set -- "$1" "$2" "$1"/alive.*
        [ $# -le 5 ] || echo "too many" >> "$1/wrong"
        sleep 0.02
        rmdir "$1/alive.$2"
        echo "$2" >> "$1/done"' sh "$work" "$job" &
done
# One of them dies over its work.
rsem run -j 3 "$key" -- sh -c 'kill -9 $$' 2> /dev/null || echo "a job died: status $?"
wait
rsem wait "$key" 3
echo "done: $(sort -n "$work/done" | paste -s -d ' ' -)"
[ ! -e "$work/wrong" ]

#!/bin/sh
# Producers and consumers with a bounded buffer: three places, which are files here.
#
# Two semaphores count: the free places, and the filled ones. Who produces takes a free place and gives
# a filled one, who consumes does the opposite. So a producer sleeps while all is full and a consumer
# while all is empty, and nobody looks again and again. These units are taken by one process and given
# by another: that is synchronisation.
#
# A third one lets one process at a time touch the buffer: the same process takes and gives it back,
# which is mutual exclusion. `rsem run` gives it back whatever happens inside.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

# The semaphores of the set.
free=0 filled=1 mutex=2

buffer=$(mktemp -d)
set=
clean() {
    trap '' HUP INT TERM
    rm -rf "$buffer"
    [ -z "$set" ] || rsem remove --if-exists "$set"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

set=$(rsem create --value 3,0,1)

# put ITEM: at the end of the queue that the buffer is.
put() {
    rsem wait "$set:$free"
    rsem run "$set:$mutex" -- sh -c '
        echo "$2" >> "$1/queue"
        [ "$(wc -l < "$1/queue")" -le 3 ] || echo "more than three" >> "$1/wrong"' sh "$buffer" "$1"
    rsem post "$set:$filled"
}

# Prints the first item and takes it away.
take() {
    rsem wait "$set:$filled"
    rsem run "$set:$mutex" -- sh -c '
        head -n 1 "$1/queue"
        tail -n +2 "$1/queue" > "$1/rest"
        mv "$1/rest" "$1/queue"' sh "$buffer"
    rsem post "$set:$free"
}

for producer in a b; do
    for number in 1 2 3 4 5; do
        put "$producer$number"
    done &
done
for consumer in 1 2; do
    for number in 1 2 3 4 5; do
        take
    done > "$buffer/consumed.$consumer" &
done
wait

echo "consumed: $(sort "$buffer"/consumed.* | paste -s -d ' ' -)"
echo "free, filled, mutex: $(rsem get "$set" | paste -s -d ' ' -)"
[ ! -e "$buffer/wrong" ]

#!/bin/sh
# One pipe, several writers and one reader; and one writer and several readers.
#
# Several writers: a write of up to PIPE_BUF bytes (4096) is atomic. Lines of different writers stand in
# any order, but each is whole. Longer writes may be torn.
#
# Several readers: what one has read, no other sees. Whose turn it is nobody promises. But a pipe has no
# records: a reader takes as many bytes as it asks for, also half a line or two of them. In a pipe of
# packets (O_DIRECT) each write is a packet and each read takes one, so records stay whole.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

# Writes 25 lines: a write each, because printf of a shell writes when it is done.
writer='for n in $(seq 25); do printf "writer %d line %d\n" "$1" "$n"; done'

# Takes packets until there are none.
reader='while record=$(dd bs=4096 count=1 2> /dev/null) && [ "$record" ]; do
    printf "reader %d took %s\n" "$1" "$record"
done'

echo "four writers, one reader"
printed=$(rpipe run sh -c 'for w in 1 2 3 4; do sh -c "$0" sh "$w" & done; wait' "$writer" ::: cat)
echo "lines: $(echo "$printed" | wc -l)"
echo "different ones: $(echo "$printed" | sort -u | wc -l)"
echo "whole ones: $(echo "$printed" | grep -c '^writer [1-4] line [0-9]*$')"

echo "one writer, three readers"
# A background command of a shell has no standard input unless it is given one.
printed=$(rpipe run --packet sh -c 'exec sh -c "$0" sh 9' "$writer" ::: \
    sh -c 'exec 3<&0; for r in 1 2 3; do sh -c "$0" sh "$r" <&3 & done; wait' "$reader")
echo "records: $(echo "$printed" | wc -l)"
echo "different ones: $(echo "$printed" | sed 's/.* took //' | sort -u | wc -l)"
echo "whole ones: $(echo "$printed" | grep -c '^reader [1-3] took writer 9 line [0-9]*$')"

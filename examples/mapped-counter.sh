#!/bin/sh
# A mapped file between strangers: one process writes a counter into it, another one reads it.
#
# The two are not related and hand nothing to each other but the name of the file. Both map it with
# MAP_SHARED, so both look at the same pages of the kernel's page cache: what one stores is there for
# the other at once, with no read, no write, and no disk in between. When the last process lets go,
# the file still has the last value.
#
# What would go wrong: a new file is empty, and a page that the file does not reach cannot be touched
# (SIGBUS). So it gets its size first, and `rshm create` lets it appear only when it has it. And two
# numbers are not one: who reads the second may see it changed after the first. One aligned cell is
# read and written in one step; for more than one take a lock (shm-lock.sh).
#
# A reader sees the newest value, not each one: this is memory, not a queue. What it reads never falls.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

folder=$(mktemp -d)
file=$folder/counter
counter=0:u32
last=50

writer=
clean() {
    trap '' HUP INT TERM
    [ -z "$writer" ] || kill "$writer" 2> /dev/null || :
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

write_counter() {
    number=0
    while [ "$number" -lt "$last" ]; do
        number=$(rshm add --wake "file:$file" "$counter")
    done
}

rshm create "file:$file" --size 4 > /dev/null
echo "the file has $(rshm get "file:$file" "$counter") in it"

write_counter &
writer=$!

number=0
while [ "$number" -lt "$last" ]; do
    newer=$(rshm wait "file:$file" "$counter" changed "$number" --timeout 60)
    if [ "$newer" -le "$number" ]; then
        echo "$0: after $number came $newer" >&2
        exit 1
    fi
    number=$newer
done
wait "$writer"
writer=
echo "the reader saw it rise to $number"

# No process has it mapped any more. It is a file, and any program can read it.
echo "od reads it in the file:" $(od -A n -t u4 "$file")

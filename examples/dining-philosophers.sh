#!/bin/sh
# Five philosophers at a round table, five forks, and who eats needs the two beside the plate.
#
# Each fork is a semaphore of one set, with one unit. A philosopher who took one fork and then waited
# for the other would in the end hold one as everybody does, and all would wait for ever. Here both
# are taken by one semop(2): the kernel gives both or none, and nobody holds one while waiting.
#
# The forks are taken with u, undo, by the process that becomes the meal: whoever dies while eating,
# even of SIGKILL, has put both back.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

table=$(mktemp -d)
forks=
clean() {
    trap '' HUP INT TERM
    rm -rf "$table"
    [ -z "$forks" ] || rsem remove --if-exists "$forks"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

forks=$(rsem create --count 5 --value 1)

# Eats three times; a fork that somebody else has in hand could not be made again.
philosopher() {
    left=$1 right=$((($1 + 1) % 5))
    for meal in 1 2 3; do
        rsem op "$forks" "$left-1u" "$right-1u" -- sh -c '
            cd "$1" && mkdir "fork.$2" "fork.$3" || echo "a fork in two hands" >> wrong
            sleep 0.01
            rmdir "fork.$2" "fork.$3"
            echo "$4 $5" >> meals' sh "$table" "$left" "$right" "$1" "$meal"
    done
}

for name in 0 1 2 3 4; do
    philosopher "$name" &
done

# One more sits down, and dies over the meal.
rsem op "$forks" 0-1u 1-1u -- sh -c 'kill -9 $$' 2> /dev/null || :
wait

for name in 0 1 2 3 4; do
    echo "philosopher $name ate $(grep -c "^$name " "$table/meals") times"
done
echo "on the table: $(rsem get "$forks" | grep -c 1) forks"
[ ! -e "$table/wrong" ]

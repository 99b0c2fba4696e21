#!/bin/sh
# Three smokers have one ingredient each: tobacco, paper or matches. An agent puts the two others on
# the table, and the one smoker who lacks just these takes them, and tells the agent.
#
# With semaphores that are taken one after the other this has no simple solution: a smoker takes the
# paper, another one the matches, and both wait. semop(2) takes two of a set in one step, or none, so
# a smoker touches nothing unless both are there.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsem

# The semaphores of the set.
tobacco=0 paper=1 matches=2 smoked=3

set=
clean() {
    trap '' HUP INT TERM
    # Who still waits for more is woken by this, and ends.
    [ -z "$set" ] || rsem remove --if-exists "$set" 2> /dev/null
    wait
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

set=$(rsem create --count 4)

# smoker WHO INGREDIENT INGREDIENT
smoker() {
    while rsem op "$set" "$2-1" "$3-1" 2> /dev/null; do
        echo "the one with $1 smokes"
        rsem post "$set:$smoked" 2> /dev/null
    done
}
smoker tobacco "$paper" "$matches" &
smoker paper "$tobacco" "$matches" &
smoker matches "$tobacco" "$paper" &

# put WHAT INGREDIENT INGREDIENT: and wait until somebody has smoked.
put() {
    echo "on the table: $1"
    rsem op "$set" "$2+1" "$3+1"
    rsem wait "$set:$smoked"
}
put "paper and matches" "$paper" "$matches"
put "tobacco and paper" "$tobacco" "$paper"
put "tobacco and matches" "$tobacco" "$matches"
put "paper and matches" "$paper" "$matches"
echo "left on the table: $(rsem get "$set" | head -n 3 | paste -s -d ' ' -)"

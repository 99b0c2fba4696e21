#!/bin/sh
# A filter that works on many lines at a time, and whose output has the order of its input.
#
#   partitioner -- jobs --> workers -- results --> collector
#        ^                                             |
#        +------------------ tickets ------------------+
#
# The partitioner numbers the lines: the type of a message is the number of its line. Workers take
# whatever comes, at their own speed, and send the result with the type that the job had. The
# collector asks for type 1, then 2, then 3: the kernel finds that message in the queue however many
# others came before it, or lets the collector sleep until it comes. Nothing is sorted.
#
# What would go wrong: with one type for all, results come in the order in which workers finish. And
# without the tickets a slow line 1 hangs the machine. Fast workers fill the queue of results with
# later lines, the worker of line 1 finds no room, and the collector waits for line 1 alone. A ticket
# is an empty message. The partitioner takes one before each line, the collector puts one back after
# each, so never more than that many lines are on their way, and those fit into the queue.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rmsgq

lines=200
workers=4
on_the_way=32

jobs=
results=
tickets=
partitioner=
server=
clean() {
    trap '' HUP INT TERM
    for process in $partitioner $server; do
        kill "$process" 2> /dev/null || :
    done
    # Unquoted: one identifier each. Whoever still sleeps on one is woken and ends.
    rmsgq remove --if-exists $jobs $results $tickets
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

input() {
    awk -v lines="$lines" 'BEGIN { for (i = 1; i <= lines; i++) print "line " i " of the text" }'
}

partition() {
    number=0
    while IFS= read -r line; do
        number=$((number + 1))
        rmsgq recv "$tickets" > /dev/null
        rmsgq send "$jobs" --type "$number" -- "$line"
    done
    # Behind the last line: an end that no worker has seen. Theirs begin with "=".
    rmsgq send "$results" --type $((number + 1)) end
}

# One line in, one result out. Every fifth is fast, the others are slower and slower.
worker='
    line=$(cat)
    pause=$((RMSGQ_TYPE % 5 * 500))
    while [ "$pause" -gt 0 ]; do pause=$((pause - 1)); done
    result=$(printf "%s" "$line" | tr "[:lower:]" "[:upper:]")
    exec rmsgq send "$1" --type "$RMSGQ_TYPE" -- "=$result"
'

collect() {
    number=1
    while result=$(rmsgq recv "$results" --type "$number" --timeout 60); do
        case $result in
            =*) printf '%s\n' "${result#=}" ;;
            *) return 0 ;;
        esac
        rmsgq send "$tickets" ''
        number=$((number + 1))
    done
    return 1
}

jobs=$(rmsgq create)
results=$(rmsgq create)
tickets=$(rmsgq create)

ticket=0
while [ "$ticket" -lt "$on_the_way" ]; do
    rmsgq send "$tickets" ''
    ticket=$((ticket + 1))
done

rmsgq serve "$jobs" -j "$workers" -- sh -c "$worker" worker "$results" &
server=$!
echo "$workers workers are ready to turn lines into capitals, some fast, some slow"

input | partition &
partitioner=$!
echo "the partitioner sends $lines lines, each with its number as type"

output=$(collect)
echo "the collector has received type 1, 2, 3 and so on:"
echo "$output" | sed -n -e 's/^/  /' -e '1,3p'
echo "  ..."
echo "$output" | sed -n -e 's/^/  /' -e '$p'

wait "$partitioner"
partitioner=
# Nothing is left to do: the server ends in order.
kill -TERM "$server"
wait "$server"
server=

if [ "$output" = "$(input | tr '[:lower:]' '[:upper:]')" ]; then
    echo "all $lines lines came back, in the order of the input"
else
    echo "$0: the output is not what one worker would have made" >&2
    exit 1
fi

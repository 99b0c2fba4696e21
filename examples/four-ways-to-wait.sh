#!/bin/sh
# Four ways to wait for a kettle: synchronous or asynchronous, blocking or not.
#
#   recv             stand at the kettle. The kernel puts the process to sleep inside the call and
#                    wakes it with the message. It can do nothing else meanwhile.
#   recv --nowait    look again and again. The call returns at once (EAGAIN); between two looks there
#                    is time for other work. Who looks too often burns the processor, who looks too
#                    seldom finds the water cold.
#   wait             sleep until it whistles, then go and take it. poll(2) takes nothing, so another
#                    process may be faster: the recv after it has to reckon with an empty queue.
#   wait, a signal   do something else and be called. The signal comes between any two steps of that
#                    work; the handler only makes a note, and the work looks at it when it suits. A
#                    handler that received by itself could find the program in the middle of anything.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rmsgq

kettle=/example-kettle-$$
clean() {
    trap '' HUP INT TERM USR1
    # Removing a POSIX queue wakes nobody; a message does.
    if rmsgq send "$kettle" "never mind" 2> /dev/null; then
        wait
    fi
    rmsgq remove --if-exists "$kettle"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Until somebody is at the kettle.
until_waited_for() {
    tries=0
    until rmsgq show "$kettle" 2> /dev/null | grep -q 'open '; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5000 ]; then
            echo "$0: nobody is seen to wait" >&2
            exit 1
        fi
    done
}

boil() {
    echo "   the kettle: boiling"
    rmsgq send "$kettle" "$1"
}

rmsgq create "$kettle" > /dev/null

echo "1. recv: stand there until it boils"
rmsgq recv "$kettle" | sed 's/^/   the waiter: woken, and holds the /' &
waiter=$!
until_waited_for
echo "   the waiter: asleep in recv"
boil "tea water"
wait "$waiter"

echo "2. recv --nowait: look again and again"
looks=0
until water=$(rmsgq recv "$kettle" --nowait --quiet); do
    looks=$((looks + 1))
    echo "   look $looks: not yet, a slice of bread meanwhile"
    [ "$looks" -lt 3 ] || boil "coffee water"
done
echo "   look $((looks + 1)): the $water"

echo "3. wait: sleep until it whistles, then take it"
rmsgq wait "$kettle" &
waiter=$!
until_waited_for
echo "   the waiter: asleep in wait"
boil "noodle water"
wait "$waiter"
echo "   the waiter: woken, and holds nothing yet"
echo "   the waiter: takes the $(rmsgq recv "$kettle" --nowait)"

echo "4. wait and a signal: do something else and be called"
called=
trap 'called=yes' USR1
{ rmsgq wait "$kettle" && kill -USR1 $$; } &
waiter=$!
until_waited_for
echo "   the cook: reading, until a signal comes"
boil "egg water"
pages=0
until [ "$called" ]; do
    pages=$((pages + 1))
done
wait "$waiter"
echo "   the cook: called, and takes the $(rmsgq recv "$kettle" --nowait)"

echo
echo "way               who waits         meanwhile         takes the message"
echo "recv              this process      asleep            yes"
echo "recv --nowait     nobody            other work        yes, when it is there"
echo "wait              this process      asleep            no"
echo "wait and signal   a helper          other work        no"

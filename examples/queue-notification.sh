#!/bin/sh
# A waiter is told when an empty queue gets a message; the event, once.
#
# The classic way is mq_notify(3): a process registers, and the kernel sends it one signal when a
# message comes to the empty queue. A queue has only one slot for that. A second process is refused
# (EBUSY), and a tool that took the slot for a while would take it from the program that it belongs
# to. So `rmsgq wait` asks poll(2) instead, which has room for any number of waiters and takes nothing
# away from anybody.
#
# The kernel wakes the waiters when the message arrives. A waiter that looked again and again would
# burn time, or be late. A waiter that received would have the message, and who wanted it would not.
#
# One thing differs. mq_notify tells of a change: who registers after the message came is not told.
# poll tells of a state: who waits while there is a message is told at once. Empty the queue before you
# wait for the next event.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rmsgq

queue=/example-notification-$$
clean() {
    trap '' HUP INT TERM
    # Removing a POSIX queue wakes nobody; a message does, all who wait.
    if rmsgq send "$queue" "never mind" 2> /dev/null; then
        wait
    fi
    rmsgq remove --if-exists "$queue"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Until that many processes have the queue open.
until_waiting() {
    tries=0
    until [ "$(rmsgq show "$queue" 2> /dev/null | grep -c 'open to receive')" -eq "$1" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5000 ]; then
            echo "$0: nobody is seen to wait" >&2
            exit 1
        fi
    done
}

rmsgq create "$queue" > /dev/null

rmsgq wait "$queue" &
first=$!
rmsgq wait "$queue" &
second=$!
until_waiting 2
echo "two processes wait at the empty queue"

rmsgq send "$queue" "the post is here"
echo "a message is sent"
wait "$first"
echo "the first waiter is told"
wait "$second"
echo "the second waiter is told"

rmsgq send "$queue" "more post"
echo "a second message is sent: nobody waits any more, nobody is told"

echo "who was told took nothing, both messages are there:"
rmsgq recv "$queue" --drain | sed 's/^/  /'

rmsgq wait "$queue" --nowait --quiet || echo "the queue is empty again: no event, status $?"

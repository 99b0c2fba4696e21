#!/bin/sh
# A message queue between processes that never meet, and the order of its messages.
#
# The sender ends before the receiver starts. The kernel copies a message into its own memory when it
# is sent and keeps it there until somebody takes it, so the message is still there. A pipe would be
# gone with its last process, and what was in it too.
#
# A System V message has a type. The receiver says which type it wants; the kernel looks through the
# queue for the oldest of that type. Whoever just takes what comes gets the messages in the order of
# sending. A POSIX message has a priority, and the receiver has no choice: the highest comes first,
# the oldest among equals. Who relies on the order of sending there, with different priorities, is
# wrong, and a stream of urgent messages starves the others.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rmsgq

queues=
clean() {
    trap '' HUP INT TERM
    # Unquoted: one name each.
    rmsgq remove --if-exists $queues
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

waiting() {
    rmsgq show "$1" 2> /dev/null | awk '$1 == "messages" { print $2 }'
}

queues=$(rmsgq create)
typed=$queues

echo "System V: every message has a type"
rmsgq send "$typed" --type 3 "bread, type 3"
rmsgq send "$typed" --type 1 "tea, type 1" "cake, type 1"
rmsgq send "$typed" --type 2 "milk, type 2"
echo "  the senders have ended, $(waiting "$typed") messages wait"
echo "  type 2 alone:      $(rmsgq recv "$typed" --type 2)"
echo "  any but type 1:    $(rmsgq recv "$typed" --not-type 1)"
rmsgq send "$typed" --type 7 "jam, type 7"
rmsgq send "$typed" --type 4 "salt, type 4"
echo "  lowest type first:"
rmsgq recv "$typed" --up-to 9 --drain | sed 's/^/    /'
echo "  $(waiting "$typed") messages are left"

ranked=/example-message-queue-$$
queues="$queues $ranked"
rmsgq create "$ranked" > /dev/null

echo "POSIX: every message has a priority"
rmsgq send "$ranked" --priority 1 "bread, priority 1" "butter, priority 1"
rmsgq send "$ranked" --priority 9 "fire, priority 9"
rmsgq send "$ranked" --priority 5 "tea, priority 5"
echo "  the senders have ended, $(waiting "$ranked") messages wait"
echo "  highest priority first, oldest among equals:"
rmsgq recv "$ranked" --drain | sed 's/^/    /'
echo "  $(waiting "$ranked") messages are left"

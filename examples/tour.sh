#!/bin/sh
# A tour of the tools: create, send, receive, look, remove.
#
# Builds nothing. Every line behind a `$` is a command that runs as it stands there; what follows is
# its output. The tour makes objects of its own, touches no others, and removes them at its end,
# whatever ends it.
set -eu

. "$(dirname "$0")/find-tools.sh"
find_tools rfifo rlock rmsgq rpipe rsem rshm rsignal rsock ripcs
for tool in rfifo rlock rmsgq rpipe rsem rshm rsignal rsock ripcs; do
    echo "# $tool is $(command -v "$tool")"
done

q=
removed=
s=
m=
receiver= # the process in the background, while there is one
folder=

leave() {
    [ -z "$receiver" ] || kill "$receiver" 2>/dev/null || :
    [ -z "$folder" ] || rm -rf "$folder"
    [ -z "$s" ] || rsem remove --if-exists "$s"
    [ -z "$m" ] || rshm remove --if-exists --quiet "$m"
    [ -z "$q" ] || [ -n "$removed" ] || rmsgq remove --if-exists "$q"
}
trap leave EXIT
# A shell that dies of a signal runs no EXIT trap; one that exits does.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

say() {
    printf '\n# %s\n' "$@"
}

# Shows a command and runs it; what it has to say comes with its output, in order.
try() {
    printf '$ %s\n' "$1"
    eval "$1" 2>&1
}

say 'Create a queue that only you may use. Its identifier is all that is printed.'
try 'q=$(rmsgq create)'
try 'echo "$q"'

say 'Send: each argument is a message, and each line of standard input is one.'
try 'rmsgq send "$q" "hello, world"'
try 'seq 3 | rmsgq send "$q"'

say 'Look at the queue, and at every queue that there is.'
try 'rmsgq show "$q"'
try 'ripcs -q'

say 'Receive: the oldest message comes first. JSON tells its type and size as well.'
try 'rmsgq recv "$q"'
try 'rmsgq recv "$q" --json'
try 'rmsgq recv "$q" --count 2'

say 'The queue is empty. Who does not want to wait is told by the exit status.'
try 'rmsgq recv "$q" --nowait || echo "status $?"'

say 'Who wants to, sleeps until a message comes: here in the background.'
try 'rmsgq recv "$q" &'
receiver=$!
# No message is lost when it is sent first, but the receiver is to be seen waiting: wait until it
# sleeps (or has failed).
until grep -q '^State:.[SZ]' "/proc/$receiver/status" 2>/dev/null; do :; done
try 'rmsgq show "$q" | tail -n 2'
try 'rmsgq send "$q" "good morning"'
try 'wait "$!"'
receiver=

say 'Another one waits for nothing. rsignal says what a signal would do to it, and returns when it has ended.'
try 'rmsgq recv "$q" &'
receiver=$!
until grep -q '^State:.[SZ]' "/proc/$receiver/status" 2>/dev/null; do :; done
try 'rsignal show "$!" --signal TERM | tail -n 1'
try 'rsignal send "$!" --signal TERM --wait'
try 'wait "$!" || echo "status $?"'
receiver=

say 'A socket: a command answers whoever connects. The question is sent, ended, and answered.'
folder=$(mktemp -d)
socket=unix:$folder/s
try 'rsock listen "$socket" --exec tr a-z A-Z &'
receiver=$!
try 'rsock ask --wait "$socket" "hello, socket"'
try 'kill "$!"; wait "$!" || echo "status $?"'
receiver=

say 'Remove the queue. Then nothing is called so any more.'
try 'rmsgq remove "$q"'
removed=yes
try 'rmsgq show "$q" || echo "status $?"'

say 'A semaphore with two units. A command holds one while it runs; the kernel gives it back, whatever ends it.'
try 's=$(rsem create --value 2)'
try 'rsem run "$s" -- rsem get "$s"'
try 'rsem run "$s" -- sh -c "kill -9 \$\$" || echo "status $?"'
try 'rsem get "$s"'

say 'Three units are not there. Who waits for them is shown, and what for.'
try 'rsem wait "$s" 3 &'
receiver=$!
until grep -q '^State:.[SZ]' "/proc/$receiver/status" 2>/dev/null; do :; done
try 'rsem show "$s" | tail -n 4'
try 'rsem post "$s"'
try 'wait "$!"'
receiver=
try 'rsem remove "$s"'
s=

say 'Shared memory holds bytes, and numbers that many processes change at once.'
try 'm=$(rshm create --size 4K)'
try 'rshm write "$m" --offset 16 "hello, world"'
try 'seq 10 | xargs -P 2 -I @ rshm add "$m" 0:u32 @ >/dev/null'
try 'rshm read "$m" --length 32 --hex'

say 'Who waits for a number is woken by who writes it.'
try 'rshm wait "$m" 0:u32 gt 99 &'
receiver=$!
try 'rshm put "$m" 0:u32 100 --wake'
try 'wait "$!"'
receiver=
try 'rshm remove "$m"'
m=

say 'Memory for one command and what it starts. Nothing is left of it.'
try 'rshm run --size 4K -- sh -c "rshm add \$RSHM 0:u32; rshm add \$RSHM 0:u32"'

say 'A pipeline without a shell. Each command tells how it ended; the first one had no reader any more.'
try 'rpipe run --status yes ::: head -n 2'

say 'Bytes pass through a meter, and are shared out to two commands.'
try 'seq 100000 | rpipe meter --final | rpipe tee --no-output --to wc -l ::: tail -n 1'

say 'A FIFO for one command and what it starts. Two strangers meet there; nothing is left of it.'
try 'rfifo run -- sh -c "rfifo send {} hello & rfifo recv {}"'

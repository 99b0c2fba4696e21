#!/bin/sh
# The four end cases of a pipe, each looked at while it holds.
#
#   all writers gone       who reads gets what is left, and then 0 bytes: the end of the file
#   writers are silent     who reads an empty pipe sleeps
#   all readers gone       who writes gets SIGPIPE (141 = 128 + 13), or EPIPE if that is ignored
#   readers do not read    who writes into a full pipe sleeps
#
# Counted are open descriptors, in whatever process. A forgotten copy of the writing end, in a parent or
# in a background job, turns the first case into the second: the reader sleeps for ever.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

folder=$(mktemp -d)
running=
clean() {
    [ -z "$running" ] || kill "$running" 2> /dev/null || :
    rm -r "$folder"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a pipeline in the background. Its stages can write their pid into $folder/pid, and wait for a line
# from $folder/go.
begin() {
    rm -f "$folder/pid" "$folder/go"
    mkfifo "$folder/go"
    rpipe run --status="$folder/status" "$@" > "$folder/printed" &
    running=$!
}

# Waits until the pipe at a descriptor of that process looks so: how much is unread, and what the
# processes at its ends do.
until_seen() {
    tries=0
    until [ -s "$folder/pid" ] && seen=$(look "$1") && [ "$seen" = "$2" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5000 ]; then
            echo "$0: the pipe is otherwise: ${seen:-}" >&2
            exit 1
        fi
        sleep 0.01
    done
    printf '%s\n' "$seen" | sed 's/^/   /'
}

look() {
    rpipe show "$(cat "$folder/pid"):$1" 2> /dev/null | awk '
        /STAGE/ { exit }
        /^unread/ { print "unread: " $2 }
        $1 ~ /^[0-9]+$/ { print $3 ": " $5 " " $6 " " $7 }' | sed 's/ *$//'
}

# Lets the stage go on that waits, and waits for the end of all.
finish() {
    [ -z "${1-}" ] || echo > "$folder/go"
    wait "$running" || :
    running=
    [ ! -s "$folder/printed" ] || sed 's/^/   it printed: /' "$folder/printed"
    echo "   statuses: $(cat "$folder/status")"
}

waits='echo $$ > "$0/pid"; read line < "$0/go"; '

echo "all writers gone: what is left is read, and then there is the end"
begin printf 'the rest\n' ::: sh -c "$waits"'cat; echo "the end of the file"' "$folder"
until_seen 0 "unread: 9
sh: open to read"
finish go

echo "a writer is silent: who reads sleeps"
begin sh -c "$waits" "$folder" ::: cat
until_seen 1 "unread: 0
sh: open to write
cat: blocked reading"
finish go

echo "all readers gone: who writes dies of SIGPIPE"
begin sh -c "$waits"'echo "for nobody"; echo "never printed" >&2' "$folder" ::: true
until_seen 1 "unread: 0
sh: open to write"
finish go

echo "a reader does not read: who writes sleeps when the pipe is full"
begin yes ::: sh -c "$waits"'exec head -n 1' "$folder"
until_seen 0 "unread: 65536
yes: blocked writing
sh: open to read"
finish go

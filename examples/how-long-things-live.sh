#!/bin/sh
# How long things live: with the process, with the kernel, or with the file system.
#
# One process puts the same line into five places and ends. A stranger looks before and after.
#
#   pipe, memfd      live as long as a process has them open. They have no name, and nobody can come
#                    back for them. The kernel takes them away with the last descriptor, after a kill -9
#                    as well: nothing has to be cleaned up, and nothing can be handed to a later process.
#   System V, POSIX  live until somebody removes them, or until a reboot (a POSIX object is a file on
#                    /dev/shm, which is in memory). Who forgets them leaves them behind for ever: the
#                    kernel cannot know that nobody will come any more. Removing is part of the work.
#   mapped file      lives in the file system, through a reboot, too. (What was written shortly before
#                    a power cut is only safe after msync(2) or fsync(2).)
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

# The process that ends: this script once more. It has a memfd, $RSHM, and a folder for all else.
owner() {
    rshm create --from "$1/line" > "$1/segment"
    rshm create "$2" --from "$1/line" > /dev/null
    rshm create "file:$1/file" --from "$1/line" > /dev/null
    # Nobody reads this pipe. Its end is held until the folder's FIFO is opened.
    cat "$1/line" | sh -c 'echo "$$ $1" > "$2/started"; : 9< "$2/end"' pipe "${RSHM##*/}" "$1"
}
if [ "${1:-}" = owner ]; then
    owner "$2" "$3"
    exit
fi

folder=$(mktemp -d)
object=/example-lives-$$
owner=
holder=
clean() {
    trap '' HUP INT TERM
    # Unquoted: one process each, or none.
    [ -z "$owner$holder" ] || kill $owner $holder 2> /dev/null || :
    # Who has not told its number yet sleeps here.
    [ ! -p "$folder/started" ] || : <> "$folder/started"
    [ ! -s "$folder/segment" ] || rshm remove --if-exists --quiet "$(cat "$folder/segment")"
    rshm remove --if-exists --quiet "$object"
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Prints what this command finds, or that there is nothing.
look() {
    place=$1
    shift
    if found=$("$@" 2> /dev/null); then
        echo "   $place: $found"
    else
        echo "   $place: gone"
    fi
}

look_everywhere() {
    look "pipe" head -n 1 "/proc/$holder/fd/0"
    look "memfd" rshm read "file:/proc/$owner/fd/$descriptor"
    look "System V segment" rshm read "$(cat "$folder/segment")"
    look "POSIX object" rshm read "$object"
    look "mapped file" rshm read "file:$folder/file"
}

echo "still here" > "$folder/line"
mkfifo "$folder/started" "$folder/end"
rshm run --from "$folder/line" -- sh "$0" owner "$folder" "$object" &
owner=$!
read -r holder descriptor < "$folder/started"

echo "while the process lives:"
look_everywhere

# It ends, and with it the one that holds the pipe.
: > "$folder/end"
wait "$owner"

echo "after it has ended:"
look_everywhere
owner=
holder=

echo "after the kernel's have been removed, or after a reboot:"
rshm remove "$(cat "$folder/segment")" "$object"
look "System V segment" rshm read "$(cat "$folder/segment")"
look "POSIX object" rshm read "$object"
look "mapped file" rshm read "file:$folder/file"

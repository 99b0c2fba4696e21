#!/bin/sh
# How large is a pipe?
#
# Old texts say 4 KiB, or 512 bytes times 8. Linux gives a pipe 16 pages, 64 KiB, since 2.6.11; it can be
# told otherwise, up to /proc/sys/fs/pipe-max-size for everybody (1 MiB) and beyond with a privilege.
# 4096 is another number: PIPE_BUF, up to which a write is atomic, and the smallest pipe, one page.
#
# The size is found by writing into a pipe that nobody reads until no more goes in: without O_NONBLOCK the
# writer would sleep for ever.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

# The reader waits until the writer has had enough: it writes that into a FIFO. Then it counts.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$folder/full"
writer='dd if=/dev/zero bs="$1" oflag=nonblock 2> /dev/null; echo full > "$0/full"'
reader='read word < "$0/full"; wc -c'

# Prints how many bytes went in: with these options, in writes of that many bytes.
measure() {
    size=$1
    shift
    rpipe run "$@" sh -c "$writer" "$folder" "$size" ::: sh -c "$reader" "$folder"
}

echo "a pipe as it is: $(measure 4096)"
echo "byte by byte: $(measure 1)"
echo "the smallest, one page: $(measure 512 --capacity 1)"
echo "asked for 100000, the next power of two: $(measure 4096 --capacity 100000)"
echo "the largest for everybody: $(measure 4096 --capacity "$(cat /proc/sys/fs/pipe-max-size)")"
echo "packets of 1 byte take a page each: $(measure 1 --packet)"
echo "PIPE_BUF: $(getconf PIPE_BUF /)"

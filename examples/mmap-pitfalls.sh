#!/bin/sh
# The classic pitfalls of mmap(2), one after the other, each with what `rshm` says or does.
#
# Most of them end in a signal or in a bare "Invalid argument". Memory ends where its file ends: the
# kernel gives a page that lies behind it no content, and who touches it gets SIGBUS, which by default
# is the end of the process. That the file was long enough when it was mapped is no help: anybody who
# may write to it may cut it short meanwhile. So `rshm` looks at the size first, and lets the kernel
# touch the memory for it where it can still be too late: that call fails (EFAULT), and no signal comes.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

folder=$(mktemp -d)
waiter=
clean() {
    trap '' HUP INT TERM
    [ -z "$waiter" ] || kill "$waiter" 2> /dev/null || :
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"

# Shows a command, what it says, and its status.
show() {
    echo "   \$ $*"
    status=0
    said=$("$@" 2>&1) || status=$?
    [ -z "$said" ] || echo "   $said"
    echo "   status $status"
}

# Starts this `rshm wait`, and goes on when it has this file mapped.
start_waiter() {
    mapped=$1
    shift
    rshm wait "$@" > said 2>&1 9>&- &
    waiter=$!
    tries=0
    until grep -q "/$mapped\$" "/proc/$waiter/maps"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5000 ]; then
            echo "$0: $mapped is not seen to be mapped" >&2
            exit 1
        fi
    done
    echo "   \$ rshm wait $* &"
}

# What the waiter said, and its status.
end_of_waiter() {
    status=0
    wait "$waiter" || status=$?
    waiter=
    echo "   the waiter: $(cat said), status $status"
}

echo "1. A new file has no bytes. To map it fails (EINVAL), or to touch it ends the process (SIGBUS)."
: > empty
show rshm get file:empty 0:i32
echo "   It wants its size first:"
show rshm create file:sized --size 4K

echo "2. A file that may only be read is mapped for writing (EACCES). It can be mapped for reading."
rshm create file:readonly --size 4 --mode 444 > /dev/null
show rshm get file:readonly 0:i32
if [ "$(id -u)" -ne 0 ]; then
    show rshm put file:readonly 0:i32 1
elif command -v setpriv > /dev/null; then
    # Root is let in everywhere; without its capabilities it is not.
    show setpriv --bounding-set -all --inh-caps -all rshm put file:readonly 0:i32 1
else
    echo "   skipped: root may write to it, and there is no setpriv here"
fi

echo "3. The descriptor is closed after mapping. The mapping is a reference of its own, and stays."
exec 9<> sized
start_waiter sized "file:/proc/$$/fd/9" 0:i32 eq 7 --timeout 60
exec 9>&-
echo "   descriptor 9 is closed"
show rshm put --wake file:sized 0:i32 7
end_of_waiter

echo "4. Offset 1000. A mapping begins at a page (else EINVAL); rshm maps from there and skips the rest."
show rshm write file:sized --offset 1000 middle
show rshm read file:sized --offset 1000 --length 6

echo "5. Access past the end (SIGBUS, or within the last page: bytes that are in no file)."
show rshm read file:sized --offset 4090 --length 10
show rshm put file:sized 4096:i32 1
show rshm write file:sized --offset 4096 more

echo "6. Length 0. mmap refuses it (EINVAL): memory of no bytes is not made, of no bytes nothing is read."
show rshm create file:nothing --size 0
show rshm read file:sized --length 0

echo "7. The file is cut short by another process while it is in use (SIGBUS)."
start_waiter sized file:sized 0:i32 eq 8 --timeout 60
: > sized
echo "   another process has cut it to nothing"
end_of_waiter

#!/bin/sh
# A family of three and two signals: the first exercise of every course on signals.
#
# A parent starts two children and waits for Ctrl-C. When it comes, the parent sends signal 16 to the
# first child and 17 to the second; each prints a line and ends, the parent waits for both and prints
# the last one.
#
# What goes wrong otherwise:
# - Ctrl-C goes to every process in the foreground of the terminal, children included. So the whole
#   family ignores SIGINT but for the one that takes it; what is ignored stays so over fork and exec.
# - A signal that comes before its handler is set up does what it does to everybody: 16 (SIGSTKFLT on
#   Linux, a user signal in old texts) ends the process. `recv --ready` blocks the signal first and
#   tells then, so the parent knows when nothing can be too early.
# - 17 is SIGCHLD here: nobody notices it who does not wait for it.
#
# The Ctrl-C is a real one: script(1) gives the family a terminal, and the byte 3 is typed into it. The
# line discipline makes SIGINT of that, as it does under your fingers.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsignal

# Waits for the line "ready PID" in a file.
until_ready() {
    tries=0
    until grep -q '^ready ' "$1" 2> /dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 5000 ]; then
            echo "$0: nobody says in $1 that he is ready" >&2
            exit 1
        fi
    done
}

child() {
    rsignal recv --ready "$2" > "$folder/child$1"
    echo "Child process $1 is killed by parent!"
}

parent() {
    trap '' INT
    child 1 16 &
    first=$!
    child 2 17 &
    second=$!
    until_ready "$folder/child1"
    until_ready "$folder/child2"
    rsignal recv --ready INT > "$folder/parent"
    rsignal send -s 16 "$(sed -n 's/^ready //p' "$folder/child1")"
    rsignal send -s 17 "$(sed -n 's/^ready //p' "$folder/child2")"
    wait "$first"
    wait "$second"
    echo "Parent process is killed!"
}

if [ "${1-}" = parent ]; then
    folder=$2
    parent
    exit
fi

if ! command -v script > /dev/null; then
    echo "script(1) is not installed: there is no terminal to type on"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkfifo "$folder/keys"
# Types once the parent is ready. The keyboard is held until the family is done: the end of a terminal's
# input would be Ctrl-D.
{
    until_ready "$folder/parent"
    printf '\003'
    rsignal recv --timeout 600 --quiet USR1 > /dev/null || :
} > "$folder/keys" &
typist=$!
SHELL=/bin/sh script --quiet --return --command "sh '$0' parent '$folder'" /dev/null < "$folder/keys" |
    tr -d '\r' | sed 's/^^C//'
rsignal send tree:"$typist"
wait "$typist" || :

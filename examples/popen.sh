#!/bin/sh
# popen(3) in both directions, and a coprocess that answers questions.
#
# popen gives a program one pipe: to read what a command says, or to write what it shall read. For both
# at once there have to be two pipes, or one descriptor for both directions (socketpair(2)).
#
# What goes wrong otherwise: the command writes into a pipe, so the C library holds its answers back until
# 4096 bytes have come together. It waits for the next question, we wait for the answer: a deadlock. The
# command has to flush after each answer: bc does, gawk does after fflush(), and mawk even collects its
# questions unless it is called with -W interactive.
# And who asks many questions before reading answers fills both pipes: a deadlock, too. One question, one
# answer is safe.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

echo "reading from a command"
rpipe run printf '%s\n' one two three ::: sh -c 'while read -r line; do echo "it said $line"; done'

echo "writing to a command"
printf '%s\n' c a b | rpipe tee --no-output --to sort

# Asks for squares, one after the other. Standard output leads to who answers.
asks='for n in 7 11 13; do
    echo "$n * $n"
    read -r answer
    echo "$n squared is $answer" >&2
done'
if command -v bc > /dev/null; then
    set -- bc
else
    # Not installed everywhere: a shell calculates, too.
    set -- sh -c 'while read -r question; do echo $((question)); done'
fi

echo "a coprocess on two pipes"
rpipe duplex sh -c "$asks" ::: "$@" 2>&1

echo "a coprocess on one descriptor"
rpipe duplex --socketpair sh -c "$asks" ::: "$@" 2>&1

#!/bin/sh
# A pipe in the family: between parent and child, and between two siblings.
#
# A pipe has no name. Only who inherits its descriptors can use it, so it connects relatives: the one who
# made it and those whom he forked afterwards.
#
# What goes wrong otherwise:
# - The parent of two siblings keeps its own copy of the writing end. Then the reader never sees the end
#   of its input, because there is still somebody who could write.
# - The parent waits for the writer alone. Then the prompt comes back before the reader has printed.
# rpipe closes its copies (each end is close-on-exec) and waits for every stage.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
for name in one two three four five; do : > "$folder/$name"; done

echo "parent and child: rpipe writes what ls says into a pipe that its child wc reads"
ls "$folder" | rpipe tee --no-output --to wc -l

echo "two siblings: ls writes, wc reads, their parent waits for both"
rpipe run ls "$folder" ::: wc -l

echo "a reader that takes its time: the prompt is last all the same"
rpipe run ls "$folder" ::: sh -c 'sleep 0.2; wc -l'
echo "prompt"

echo "a writer that goes on when the reader has what it wanted"
rpipe run --status sh -c 'ls "$1"; exec sleep 0.2' sh "$folder" ::: head -n 1 2>&1
echo "prompt"

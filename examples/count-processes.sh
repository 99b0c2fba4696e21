#!/bin/sh
# How many processes have a pid above a number? Counting by a pipeline.
#
# Every stage does one thing: ps lists, awk chooses, wc counts. The processes of the pipeline are counted,
# too: ps sees all that exist when it looks, and rpipe starts every stage at once, as a shell does. Two
# counts one after the other may differ for that reason alone. So tee keeps the list that was counted, and
# a loop in the shell counts it once more.
#
#   count-processes.sh [NUMBER]
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rpipe

number=${1:-10000}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

counted=$(rpipe run ps -e -o pid= ::: rpipe tee "$folder/list" ::: awk "\$1 > $number" ::: wc -l)
again=0
while read -r pid; do
    [ "$pid" -le "$number" ] || again=$((again + 1))
done < "$folder/list"
echo "processes with a pid above $number: $counted"
echo "counted again: $again"
[ "$counted" -eq "$again" ]

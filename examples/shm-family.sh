#!/bin/sh
# Shared and private memory in a family of processes.
#
# fork(2) gives the child a copy of all that the parent has: its variables, and what it mapped with
# MAP_PRIVATE. The two share the pages only until one writes to them; then the kernel makes a copy for
# that one, and the other never sees the change. A shell that starts ( ... ), a pipeline or a command
# in the background has forked: what is assigned there is gone with it.
#
# What is mapped with MAP_SHARED stays one and the same memory after fork. `rshm run` makes such memory
# and starts a command, which has its name in $RSHM, as have all that it starts. No file system and
# no table of the kernel has the name, so no stranger finds it there, it cannot be in anybody's way,
# and it is gone when the last process of the family has ended, by whatever end. An object with a name
# would be left behind by a script that is killed before it has removed it.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

# The family: this script once more, with memory.
if [ "${1:-}" != family ]; then
    exec rshm run --size 4K -- sh "$0" family
fi

cell=0:i32

variable="of the parent"
rshm put "$RSHM" "$cell" 1
echo "before: the variable is $variable, the cell is $(rshm get "$RSHM" "$cell")"

(
    variable="of the child"
    rshm put "$RSHM" "$cell" 2
    echo "in the child: the variable is $variable, the cell is $(rshm get "$RSHM" "$cell")"
)
echo "after: the variable is $variable, the cell is $(rshm get "$RSHM" "$cell")"

# A grandchild, and siblings at the same time. To add is one step, so none is lost.
(
    (rshm add "$RSHM" "$cell" 10 > /dev/null) &
    (rshm add "$RSHM" "$cell" 10 > /dev/null) &
    wait
)
echo "after two grandchildren: the cell is $(rshm get "$RSHM" "$cell")"

# A private copy: the content is the same, the memory is another.
rshm run --from "${RSHM#file:}" -- sh -c '
    rshm put "$RSHM" "$1" 99
    echo "in a private copy: the cell is $(rshm get "$RSHM" "$1")"
' sh "$cell"
echo "in the family: the cell is still $(rshm get "$RSHM" "$cell")"

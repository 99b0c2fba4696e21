#!/bin/sh
# A server and a client hand the numbers 9 to 0 over one int in shared memory.
#
# The cell belongs to one of the two at a time. -1 says "taken": only then the client puts the next
# number. Any other number says "sent": only then the server takes it and puts -1 back. A new segment
# is all zeros, which is a number too, so the server puts the first -1 before the client may begin.
#
# What would go wrong without the -1: the client overwrites a number that nobody has taken yet, or the
# server takes one twice. And the classic program looks at the cell again and again, with a sleep in
# between: without it both burn the processor, with it every number is late. `rshm wait` sleeps in the
# kernel instead (futex(2)), and `put --wake` wakes it.
#
# The second client is a C program that knows nothing of that: it stores a plain int and polls. `rshm
# wait` looks by itself from time to time, too, so the two still understand each other.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rshm

folder=$(mktemp -d)
segment=
client=
clean() {
    trap '' HUP INT TERM
    [ -z "$client" ] || kill "$client" 2> /dev/null || :
    # By its identifier: another one with key 75 is not ours.
    [ -z "$segment" ] || rshm remove --if-exists --quiet "$segment"
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Each prints before it gives the cell away, so the lines stand in the order of the events.
server() {
    number=
    while [ "$number" != 0 ]; do
        rshm put --wake key:75 0:i32 -1
        number=$(rshm wait key:75 0:i32 ne -1 --timeout 60)
        echo "(server) received $number"
    done
    rshm remove --quiet key:75
}

client() {
    for number in 9 8 7 6 5 4 3 2 1 0; do
        rshm wait key:75 0:i32 eq -1 --quiet --timeout 60
        echo "(client) sent $number"
        rshm put --wake key:75 0:i32 "$number"
    done
}

# A server of ours against the client that is named here.
hand_over() {
    segment=$(rshm create key:75 --size 1K --exclusive)
    "$@" &
    client=$!
    server
    wait "$client"
    client=
    segment=
}

cat > "$folder/client.c" << 'END'
#include <stdio.h>
#include <sys/shm.h>
#include <unistd.h>

int main(void)
{
    int id = shmget(75, 1024, 0);
    volatile int *cell = id == -1 ? (void *)-1 : shmat(id, NULL, 0);
    if (cell == (void *)-1) {
        perror("client");
        return 1;
    }
    for (int number = 9; number >= 0; number--) {
        while (*cell != -1)
            usleep(1000);
        printf("(client) sent %d\n", number);
        fflush(stdout);
        *cell = number;
    }
    return 0;
}
END

echo "two shells:"
hand_over client

if command -v cc > /dev/null; then
    cc -o "$folder/client" "$folder/client.c"
    echo "a shell and a C program:"
    hand_over "$folder/client"
else
    echo "a shell and a C program: skipped, there is no cc here"
fi

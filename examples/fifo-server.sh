#!/bin/sh
# Many clients and one server, over FIFOs: requests through one that all know, replies through one that
# each client has made for itself.
#
# Two rules keep that sound. A request is written at once and has at most PIPE_BUF bytes (4096), so that
# requests of several clients never mix. And the server opens the request FIFO anew, or keeps a writing
# end of its own, or it would see the end of the file whenever the last client of the moment goes.
#
# A request names the client's FIFO first, then a TAB, then the question.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rfifo

folder=$(mktemp -d)
server=
clean() {
    [ -z "$server" ] || kill "$server" 2> /dev/null || :
    rm -r "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

rfifo create "$folder/requests" > "$folder/name"
rfifo serve "$folder/requests" --jobs 2 -- sh -c 'read -r number; echo "$number squared is $((number * number))"' &
server=$!

# A client: rfifo run makes the FIFO for its reply, and removes it however the client ends.
client() {
    TMPDIR=$folder rfifo run -- sh -c '
        printf "%s\t%s\n" "$RFIFO" "$1" | rfifo send --atomic --timeout 20 "$2"
        rfifo recv --timeout 20 "$RFIFO"' client "$1" "$folder/requests"
}

for number in 1 2 3 4 5 6 7 8; do
    client "$number" > "$folder/reply-$number" &
    clients="${clients:-} $!"
done
for pid in $clients; do
    wait "$pid"
done
cat "$folder"/reply-*

kill "$server"
wait "$server"
echo "the server ended with status $?"
server=
rfifo remove "$folder/requests"
rm "$folder"/reply-* "$folder/name"
echo "left over: $(ls "$folder" | wc -l)"

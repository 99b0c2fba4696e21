#!/bin/sh
# What travels through a socket: bytes, packets through a connection, or packets from anybody.
#
# A stream is bytes. Three writes may come as one read, so records want an end of their own, a line, a
# NUL byte or a length before them. A seqpacket socket keeps what was sent together together, empty
# packets too. A dgram socket has no connection: whoever may write to its file sends to it, and between
# processes of one machine none is lost.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsock

folder=$(mktemp -d)
listener=
clean() {
    trap '' HUP INT TERM
    [ -z "$listener" ] || kill "$listener" 2> /dev/null || :
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

show() {
    sed 's/^/  [/; s/$/]/' "$folder/out"
}

echo "stream: the bounds are lost:"
rsock listen --once --raw "unix:$folder/stream" > "$folder/out" &
listener=$!
{ printf one; printf two; printf three; } | rsock send --wait --whole "unix:$folder/stream"
wait "$listener"
echo "  $(cat "$folder/out")"

echo "seqpacket: the bounds are kept:"
rsock listen --once --type seqpacket "unix:$folder/packets" > "$folder/out" &
listener=$!
rsock send --wait --type seqpacket "unix:$folder/packets" one two '' three
wait "$listener"
show

echo "dgram: without a connection:"
rsock recv --type dgram --count 2 "unix:$folder/datagrams" > "$folder/out" &
listener=$!
for sender in a b; do
    rsock send --wait --type dgram "unix:$folder/datagrams" "from $sender"
done
wait "$listener"
listener=
show

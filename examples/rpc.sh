#!/bin/sh
# Remote procedure calls: functions that another process runs, and its answers.
#
# A server offers methods; a shell command does each. A client sends a method's name and its parameters
# as JSON and gets a result or an error back. The same client and server talk through a socket file,
# through TCP, and with programs in any language that has JSON-RPC 2.0.
#
# What goes wrong otherwise:
# - A client that comes before the server listens is refused. `serve --ready` tells when it can come.
# - An error in the server is no result: it comes back as one, with a code and words, and the client's
#   status is 1.
# - Calls wait for each other where the server does one after the other. Here they run at the same time,
#   and an answer is known by its id, not by its place.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsock

folder=$(mktemp -d)
server=
trap 'kill $server 2> /dev/null || true; rm -r "$folder"' EXIT
trap 'exit 1' HUP INT TERM

# Starts a server with its methods, and waits until it tells its address.
start() {
    mkfifo "$folder/ready"
    rsock serve "$@" --ready > "$folder/ready" &
    server=$!
    read -r _ address < "$folder/ready"
    rm "$folder/ready"
}

# [1,2,3] as 1+2+3 for the shell.
sum='read -r numbers
    numbers=${numbers#[} numbers=${numbers%]}
    case $numbers in
        *[!0-9,-]* | "") echo "numbers, please" >&2; exit 1 ;;
    esac
    echo "$(($(echo "$numbers" | tr , +)))"'

for place in "unix:$folder/socket" tcp:127.0.0.1:0; do
    start "$place" --method sum="$sum" --method shout='tr a-z A-Z' --method nap='sleep 0.3'
    echo "over ${place%%:*}"
    echo "  sum of 1 2 3: $(rsock call "$address" sum '[1,2,3]')"
    echo "  shouted: $(rsock call "$address" shout '["hello"]')"
    rsock call "$address" sum '["x"]' 2> "$folder/error" || echo "  status $?: $(cat "$folder/error")"
    rsock call "$address" product '[2,3]' 2> "$folder/error" || echo "  status $?: $(cat "$folder/error")"
    # Many calls through one connection: the parameters of each on a line.
    printf '[%d,1]\n' 1 2 3 4 5 | rsock call "$address" sum - | paste -sd' ' | sed 's/^/  one more each: /'
    # A batch is answered together. None of the naps waits for another.
    batch='[{"jsonrpc":"2.0","method":"nap","id":1},{"jsonrpc":"2.0","method":"nap","id":2},{"jsonrpc":"2.0","method":"nap","id":3}]'
    rsock ask "$address" --lines "$batch" | grep -o '"id":[0-9]' | paste -sd' ' | sed 's/^/  answered together: /'
    kill "$server"
    wait "$server" || true
done

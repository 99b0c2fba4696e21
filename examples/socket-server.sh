#!/bin/sh
# A server and its clients, over a unix socket and over TCP: the same script, another address.
#
# The server runs a command for each connection. What the client sends is the command's standard input,
# and what the command prints goes back. Neither has to know that there is a socket. The client ends
# its sending when all of the question is sent, so that the server sees the end of it, and then reads
# the answer up to its end: this half-close is what a plain `echo | nc` often gets wrong.
#
# A client waits for its server (--wait), and no longer than its timeout. Many at a time get their own
# answers, each from a command of its own.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsock

folder=$(mktemp -d)
server=
clean() {
    trap '' HUP INT TERM
    [ -z "$server" ] || kill "$server" 2> /dev/null || :
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# One question per connection: two numbers.
cat > "$folder/add" << 'end'
read -r a b
case $a$b in
    *[!0-9]* | '') echo "not a sum" ;;
    *) echo "$a + $b is $((a + b))" ;;
esac
end

serve() {
    rsock listen --ready "$1" --exec sh "$folder/add" > "$folder/ready" &
    server=$!
    until [ -s "$folder/ready" ]; do :; done
    read -r _ address < "$folder/ready"
}

stop() {
    kill "$server"
    wait "$server" 2> /dev/null || :
    server=
    : > "$folder/ready"
}

for place in "unix:$folder/socket" tcp:127.0.0.1:0; do
    serve "$place"
    for question in '1 2' '20 22' 'x y'; do
        echo "${place%%:*}: $(rsock ask --timeout 20 "$address" "$question")"
    done
    stop
done

serve "unix:$folder/socket"
client() {
    for number in 1 2 3 4 5 6 7 8 9 10; do
        answer=$(rsock ask --timeout 20 "$address" "$1 $number")
        [ "$answer" = "$1 + $number is $(($1 + number))" ] && echo right || echo "wrong: $answer"
    done
}
clients=
for client in 1 2 3 4 5 6 7 8; do
    client "$client" > "$folder/answers.$client" &
    clients="$clients $!"
done
wait $clients
right=$(cat "$folder"/answers.* | grep -c '^right$' || :)
wrong=$(cat "$folder"/answers.* | grep -vc '^right$' || :)
echo "8 clients asked 10 times each: $((right + wrong)) answers, $wrong wrong"
stop

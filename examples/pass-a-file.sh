#!/bin/sh
# An open file travels from one process to others that could not open it.
#
# Who has a descriptor may use it, whatever the permissions of the file say now: opening is where the
# kernel asks. A descriptor that is sent through a unix socket (SCM_RIGHTS) is the same open file in
# another process, with the same position. So a keeper opens the log once, for appending, and removes
# its name; clients that connect get it, and write to it by themselves.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rsock

folder=$(mktemp -d)
clean() {
    trap '' HUP INT TERM
    rm -rf "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The keeper has the log at 5 for writing and at 6 for reading, and nobody else finds it any more.
exec 5>> "$folder/log" 6< "$folder/log"
rm "$folder/log"

for client in alpha beta; do
    rsock recv-fd "unix:$folder/$client" -- sh -c 'echo "$0 was here" >&3' "$client" 5>&- 6<&- &
    rsock send-fd --wait --timeout 20 "unix:$folder/$client" 5
    wait "$!"
done

echo "the file has lines of both:"
sed 's/^/  /' <&6
[ -e "$folder/log" ] || echo "neither could have opened it"

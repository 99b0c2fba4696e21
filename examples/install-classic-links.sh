#!/bin/sh
# Puts links with the names of the old tools into a folder, which has to stand ahead of the old tools'
# own on PATH. Called through such a link, ripc's binaries are the old tools.
#
#   ./examples/install-classic-links.sh DIR           make the links
#   ./examples/install-classic-links.sh --undo DIR    take them away again
#
# What is no link of ours is never replaced nor removed. Without DIR the script shows what it does in a
# folder of its own, and removes that.
set -eu

. "$(dirname "$0")/find-tools.sh"

# Each tool and the old names it answers to.
faces='
ripcs ipcs ipcmk ipcrm lsipc
rsignal kill waitpid
rfifo mkfifo
rlock flock lslocks
'

fail() {
    echo "$0: $*" >&2
    exit 1
}

# Whether this is a link to one of our tools.
is_ours() {
    [ -L "$1" ] && [ "$(basename "$(readlink "$1")")" = "$2" ]
}

# Whether a tool called through this link answers by the link's name.
answers() {
    version=$("$1" --version </dev/null 2>/dev/null) && [ "${version%% *}" = "${1##*/}" ]
}

install_links() {
    mkdir -p "$1"
    echo "$faces" | while read -r tool names; do
        [ -n "$tool" ] || continue
        path=$(command -v "$tool") || path=
        for name in $names; do
            link=$1/$name
            if [ -z "$path" ]; then
                echo "$name: there is no $tool" >&2
            elif [ -e "$link" ] && ! is_ours "$link" "$tool"; then
                fail "$link is there already, and is none of ours"
            else
                ln -sfn "$path" "$link"
                if answers "$link"; then
                    echo "$link -> $path"
                else
                    rm "$link"
                    echo "$name: $path does not know that name" >&2
                fi
            fi
        done
    done
}

remove_links() {
    echo "$faces" | while read -r tool names; do
        for name in $names; do
            if is_ours "$1/$name" "$tool"; then
                rm "$1/$name"
                echo "removed $1/$name"
            fi
        done
    done
}

case ${1:-} in
    --undo)
        [ $# = 2 ] || fail "--undo wants the folder of the links"
        remove_links "$2"
        ;;
    -*)
        fail "there is no option $1; see the first lines of this script"
        ;;
    '')
        find_tools ripcs
        folder=$(mktemp -d)
        trap 'rm -r "$folder"' EXIT
        trap 'exit 1' HUP INT TERM
        install_links "$folder" 2>/dev/null | sed "s|.*/\(.*\) -> .*|\1|"
        id=$(PATH=$folder:$PATH ipcmk -Q | awk '{ print $NF }')
        PATH=$folder:$PATH ipcrm -v -q "$id"
        remove_links "$folder" >/dev/null
        ;;
    *)
        [ $# = 1 ] || fail "one folder, please"
        find_tools ripcs
        install_links "$1"
        ;;
esac

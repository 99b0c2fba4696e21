# Puts ripc's tools on PATH. To be sourced by a script in this folder:
#
#   . "$(dirname "$0")/find-tools.sh"
#   find_tools rmsgq ripcs
#
# What is on PATH already is used. Else the newest release build of this tree is; it lies under
# target/<triple>/release, or under target/release where no target was named.

find_tools() {
    found=yes
    for tool in "$@"; do
        command -v "$tool" >/dev/null 2>&1 || found=
    done
    if [ -z "$found" ]; then
        PATH=$(newest_build "$@"):$PATH
        export PATH
    fi
}

# Prints the folder of the newest release build that has all of these tools.
newest_build() {
    target=${CARGO_TARGET_DIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/target}
    newest=
    for folder in "$target/release" "$target"/*/release; do
        for tool in "$@"; do
            [ -x "$folder/$tool" ] || continue 2
        done
        if [ -z "$newest" ] || [ "$folder/$1" -nt "$newest/$1" ]; then
            newest=$folder
        fi
    done
    if [ -z "$newest" ]; then
        echo "$0: $* are neither on PATH nor under $target; to build them: cargo build --release --locked" >&2
        exit 1
    fi
    echo "$newest"
}

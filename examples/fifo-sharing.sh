#!/bin/sh
# Several writers and one reader at a FIFO; and one writer and several readers.
#
# Writers: each write(2) of up to PIPE_BUF bytes (4096) stands in the pipe as a whole. Which writer comes
# first, nobody promises. Larger ones are mixed with those of others, anywhere.
#
# Readers: read(2) gives as much as there is, and knows nothing of records. Two programs that read lines
# from one FIFO tear them: one gets the beginning, the other the end. Several rfifo recv take turns by a
# lock, and each takes whole records.
set -eu
. "$(dirname "$0")/find-tools.sh"
find_tools rfifo

folder=$(mktemp -d)
path=$folder/shared
clean() {
    trap '' HUP INT TERM
    for pid in ${running:-}; do
        kill "$pid" 2> /dev/null || :
    done
    rm -r "$folder"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
rfifo create "$path" > "$folder/name"

echo "four writers, one reader:"
for writer in 1 2 3 4; do
    seq -f "writer $writer says %03g" 250 | rfifo send --atomic "$path" &
    running="${running:-} $!"
done
# Without --follow the end would come whenever the last writer that is there goes, though others are to come.
rfifo recv "$path" --count 1000 --follow > "$folder/got"
wait
running=
echo "   records: $(wc -l < "$folder/got"), each once: $(sort -u "$folder/got" | wc -l)"
echo "   torn: $(grep -cvE '^writer [1-4] says [0-9]{3}$' "$folder/got" || :)"
for writer in 1 2 3 4; do
    grep "^writer $writer" "$folder/got" | sort -c && echo "   those of writer $writer in order"
done

echo "one writer, three readers:"
for reader in 1 2 3; do
    rfifo recv "$path" --lines > "$folder/got-$reader" &
    running="${running:-} $!"
done
until [ "$(rfifo list "$folder" --no-header -o readers)" -eq 3 ]; do :; done
seq -f 'record %04g of one thousand and more' 1200 | rfifo send "$path"
wait
running=
echo "   records: $(cat "$folder"/got-* | wc -l), each once: $(sort -u "$folder"/got-* | wc -l)"
echo "   torn: $(cat "$folder"/got-* | grep -cvE '^record [0-9]{4} of one thousand and more$' || :)"

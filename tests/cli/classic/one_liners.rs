//! What scripts do with the output: the same from the originals and from us.

use super::both::{compare, ours, theirs};
use super::furnished::Furnished;
use crate::support::{World, has, is_root};

/// From mailing lists, wikis and the start-up scripts of databases.
const LINES: &str = r#"
ipcs -m | awk '$2 == 3 { print $1 }'
ipcs -q | awk '$2 == 1 { print $1 }'
ipcs -s | awk -v id=2 '$2 == id { print $1, $5 }'
ipcs -m | awk '$3 == ENVIRON["LOGNAME"] || $3 == "root" { print $2 }'
ipcs -s | awk '/^0x/ && $3 == "nobody" { print $2 }'
ipcs -m | awk '$6 == 0 { print $2 }' | sort -n
ipcs -m | awk '/^0x/ && $6 == 0 && $7 != "locked"' | wc -l
ipcs -m | grep dest | awk '{ print $2, $NF }'
ipcs -m | tail -n +4 | cut -d' ' -f2
ipcs -m | tail -n +4 | cut -c1-10
ipcs -q | tail -n +4 | tr -s ' ' | cut -d' ' -f5,6
ipcs -m | awk 'NR > 3 { bytes += $5 } END { printf "%.0f\n", bytes }'
ipcs | awk '/^-/ { kind = $2 } /^0x/ { count[kind]++ } END { for (kind in count) print kind, count[kind] }' | sort
ipcs | grep -c '^0x00000000'
ipcs -a | sed -n 's/^\(0x[0-9a-f]*\) *\([0-9]*\).*/\1=\2/p'
ipcs -l | awk '/max seg size/ { print $6 }'
ipcs -l | awk '/max total shared/ { print $7 }'
ipcs -l | awk -F= '/max number of arrays/ { gsub(/ /, ""); print $2 }'
ipcs -l | grep 'max queues system wide' | cut -d= -f2
ipcs -lm | grep -o '[0-9]*$' | tr '\n' ' '
ipcs -u | awk '/segments allocated/ { print $3 } /pages allocated/ { print $3 } /used arrays/ { print $4 }'
ipcs -u | grep 'used space' | awk '{ print $4 }'
ipcs -mp | awk 'NR > 3 && $3 ~ /^[0-9]+$/ { print $3 }' | sort -u | wc -l
ipcs -mt | awk '/Not set/ { print $1 }'
ipcs -c -s | awk '$3 != $5 || $4 != $6'
ipcs -m -i 0 | awk -F'\t' '/bytes=/ { print $1 } /nattch/ { print $4 }'
ipcs -q -i 0 | sed -n 's/.*qbytes=\([0-9]*\).*/\1/p'
ipcs -s -i 2 | awk '/^semnum/ { on = 1; next } on && NF { print $1 ":" $2 }'
for id in $(ipcs -s | awk '/^0x/ { print $2 }'); do ipcs -s -i $id | grep nsems; done
for id in $(ipcs -q | awk '/^0x/ && $6 > 0 { print $2 }'); do ipcs -q -i $id | grep -c qnum; done
test $(ipcs -m | grep -c '^0x') -gt 5 && echo many
ipcs -m -i 123456 && echo fine
lsipc -m -o KEY,ID --noheadings | awk '{ print $2 " " $1 }'
lsipc -m -r --noheadings -o ID,NATTCH | awk '$2 > 0 { print $1 }'
lsipc -q -e -o ID,MSGS | while read line; do eval $line; echo $ID has $MSGS; done
lsipc -m -J -o id,owner,perms | python3 -c 'import json, sys; print([row["owner"] for row in json.load(sys.stdin)["sharedmemory"]])'
lsipc -g -o RESOURCE,LIMIT --noheadings | awk '$1 == "SEMOPM" { print $2 }'
lsipc -g -e -y | grep '^RESOURCE=.SHMMNI' | sed 's/.*USE_PCT=//'
lsipc -m -b -r | awk 'NR > 1 { print $5 }'
"#;

#[test]
fn scripts_read_the_same_from_both() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    let lines: Vec<String> = LINES.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let theirs = theirs(&world, &lines);
    for (line, told) in lines.iter().zip(&theirs) {
        let may_be_empty = line.contains("!=") || line.contains("nobody") && !is_root();
        assert!(!told.stdout.is_empty() || may_be_empty, "$ {line}\n{told:?} tests nothing");
    }
    compare(&lines, &theirs, &ours(&world, &lines), &[]);
}

#[test]
fn scripts_make_and_remove_with_both() {
    let (Some(world), Some(other)) = (World::new(), World::new()) else { return };
    if !["ipcs", "ipcmk", "ipcrm", "awk"].into_iter().all(has) {
        return;
    }
    let lines: Vec<String> = r"
ipcmk -Q | awk '{ print $NF }'
ipcmk -M 4096 -p 600 | sed 's/.*: //'
id=$(ipcmk -S 3 | awk '{ print $NF }'); ipcs -s -i $id | grep nsems; ipcrm -s $id; echo $?
id=$(ipcmk -Q | cut -d: -f2); ipcrm -q $id && echo gone
key=$(ipcs -m | awk '$2 == 0 { print $1 }'); ipcrm -M $key; ipcs -m | grep -c ^0x
ipcs -q | awk '/^0x/ { print $2 }' | xargs -n 1 ipcrm -q; ipcs -q | grep -c ^0x
ipcmk -Q >/dev/null; ipcmk -Q >/dev/null; ipcs -q | grep $(id -un) | awk '{ print $2 }' | xargs ipcrm msg
for kind in Q S=2 M=10; do ipcmk -$(echo $kind | tr -d =) >/dev/null; done; ipcs | grep -c ^0x; ipcrm -a; ipcs | grep -c ^0x
"
    .lines()
    .filter(|line| !line.is_empty())
    .map(str::to_owned)
    .collect();
    compare(&lines, &theirs(&world, &lines), &ours(&other, &lines), &[]);
}

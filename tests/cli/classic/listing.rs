//! `ipcs` and `lsipc` against the originals, on the same objects.

use super::both::{Differences, compare, ours, product, theirs};
use super::furnished::Furnished;
use crate::support::{Faces, World, is_root, skip};

/// Lines one by one: wrong ones, odd ones, and those about one object.
const IPCS: &str = "
ipcs -hz
ipcs --help
ipcs -z
ipcs -Z -m
ipcs --zz
ipcs --zz=1
ipcs --s
ipcs --shm
ipcs --sem --lim
ipcs --queue=1
ipcs --id
ipcs -i
ipcs -m -i
ipcs -i 0
ipcs -a -i 0
ipcs -m -q -i 0
ipcs -q -i 99999
ipcs -m -i 99999
ipcs -s -i 99999
ipcs -q -i x
ipcs -q -i ''
ipcs -q -i ' 1'
ipcs -q -i +1
ipcs -q -i '1 '
ipcs -q -i 0x0
ipcs -q -i 010
ipcs -q -i 4294967296
ipcs -q -i -4294967296
ipcs -q -i 99999999999999999999999
ipcs -q --id=0
ipcs -qi0
ipcs --queues --id 0 --time
ipcs x y
ipcs -- -m
ipcs -m -- -q
POSIXLY_CORRECT=1 ipcs x -z
ipcs -m x -q y -s
ipcs -u -l
ipcs -l -u
ipcs -tpclu
ipcs -c --human
ipcs --human --bytes -l
ipcs --bytes --human -l
ipcs -l >/dev/full
ipcs --help >/dev/full
ipcs | head -n 1
(trap '' PIPE; while echo x 2>/dev/null; do :; done; ipcs -l; echo $? >&2) | true
TZ=America/New_York ipcs -t
TZ=Asia/Kolkata ipcs -t
TZ=XYZ3:30 ipcs -t
TZ=Nowhere/Bad ipcs -t
TZ= ipcs -t
";

const LSIPC: &str = "
lsipc -z
lsipc -x -m
lsipc -p
lsipc --zz
lsipc --t
lsipc --s
lsipc --no
lsipc --sh
lsipc --o
lsipc --c
lsipc --json=1
lsipc -o
lsipc -mi
lsipc -mq
lsipc -m -s
lsipc --queues --semaphores
lsipc -J -r
lsipc -e -J
lsipc -r -n
lsipc -n -l
lsipc -m -e -r -z
lsipc -z -e -r
lsipc -mq -h
lsipc -J -J -m
lsipc -g -i 0
lsipc -i 0
lsipc -c
lsipc -t
lsipc -g -c
lsipc -m -i 99999
lsipc -q -i 99999
lsipc -s -i 99999
lsipc -m -i x
lsipc -m -i ''
lsipc -m -i 4294967296
lsipc -m -i 99999999999999999999999
lsipc -m -o FOO
lsipc -m -o NATTCH,FOO
lsipc -m -o NSEMS
lsipc -m -o use%
lsipc -q -o SIZE
lsipc -g -o SIZE
lsipc -o FOO
lsipc -o KEY
lsipc -g -o KEY,RESOURCE
lsipc -g -o RESOURCE,LIMIT
lsipc -g -o RESOURCE,LIMIT -b
lsipc -g -o resource,description -J
lsipc -m -o key,id,Size
lsipc -m -o +KEY
lsipc -m -o KEY,KEY
lsipc -m -o KEY -o ID
lsipc -m -c -o KEY
lsipc -m --output=KEY,STATUS -r
lsipc -m -t --time-format foo
lsipc -m -o FOO --time-format bogus
lsipc -m x y
lsipc -m -- -q
POSIXLY_CORRECT=1 lsipc -m x -z
lsipc >/dev/full
(trap '' PIPE; while echo x 2>/dev/null; do :; done; lsipc; echo $? >&2) | true
lsipc -g | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -b | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -r -y | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -e | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -e -y | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -n | head -n 20
lsipc -g --noheadings | grep -v 'SHMALL\\|SEMMNS'
lsipc -g -J | head -n 25
lsipc -m -o ATTACH,DETACH,CTIME,CUID,CUSER,CGID,CGROUP,UID,USER,GID,GROUP,COMMAND
lsipc -q -o SEND,RECV
lsipc -q -o MSGS,KEY
lsipc -s -o OTIME
lsipc -s -o OTIME,ID
lsipc -m -o COMMAND
lsipc -m -o COMMAND -r
lsipc -m -o COMMAND -e
lsipc -m -o COMMAND -J
LC_ALL=C.UTF-8 lsipc -m -o COMMAND,KEY
LC_ALL=C.UTF-8 lsipc -m -o COMMAND -r
TZ=America/New_York lsipc -m -t --time-format full
TZ=Asia/Kolkata lsipc -m -t --time-format iso
TZ=:America/St_Johns lsipc -m -t --time-format iso
TZ=XYZ3:30 lsipc -m -t --time-format iso
";

/// What differs, and why. The pages say it to users.
const DIFFERENCES: Differences = &[
    ("ipcs -V", "it is another program"),
    ("lsipc(.* )?-V", "it is another program"),
    ("lsipc --help", "it has POSIX modes"),
    ("ipcs -q -i -1", "a negative identifier is nobody's: the original shows the first object under it"),
    ("lsipc -m -i -1", "a negative identifier is nobody's: the original shows all objects"),
    (
        "lsipc -g -o RESOURCE,USED",
        "SHMALL counts pages as the kernel does, SEMMNS all semaphores: the original counts wrong",
    ),
    (
        "lsipc -[mqs] -g|lsipc -g -m -t",
        "the limits alone: the original puts the empty columns of another list before them",
    ),
    (
        "lsipc -m -o (''|KEY,|KEY,,ID|\\+)",
        "an empty name of a column is told: the original fails in silence, or names another",
    ),
    ("lsipc -q.* -P.*", "permissions of queues are shown as numbers, too: the original leaves the column empty"),
    (
        "ipcs -s -i .* >/dev/full",
        "why a write failed is told: the original has forgotten it when there was more than one",
    ),
    ("lsipc --(n|p)", "POSIX options have names, too"),
    ("lsipc -s -i [0-9]+ -J", "the semaphores are there: the original loses them"),
    ("ipcs >&-|lsipc -m >&-", "output that is lost is told: the original ends well"),
];

/// Lines that differ.
const DIFFERING: &str = "
ipcs -V
lsipc -V
lsipc -m -V
lsipc --help
ipcs -q -i -1
lsipc -m -i -1
lsipc -g -o RESOURCE,USED
lsipc -m -g
lsipc -q -g
lsipc -s -g
lsipc -g -m -t
lsipc -m -o ''
lsipc -m -o KEY,,ID
lsipc -m -o KEY,
lsipc -m -o +
lsipc --n
lsipc --p
lsipc -s -i 0 -J
ipcs -s -i $(awk '$4 == 250 { print $2 }' /proc/sysvipc/sem) >/dev/full
ipcs >&-
lsipc -m >&-
";

fn one_by_one(lines: &str) -> impl Iterator<Item = String> {
    lines.lines().filter(|line| !line.is_empty()).map(str::to_owned)
}

/// Every object of a kind, one by one.
fn each(world: &World, table: &str, tools: &[&str]) -> Vec<String> {
    let ids = world.ok("awk", &["NR > 1 { print $2 }", &format!("/proc/sysvipc/{table}")]);
    let ids: Vec<&str> = ids.lines().collect();
    assert!(ids.len() > 10, "{ids:?}");
    product(&[tools, &ids])
}

fn lines(world: &World) -> Vec<String> {
    let kinds = &["", "-m", "-q", "-s", "-a", "-mq", "--shmems --semaphores"];
    let formats = &["", "-t", "-p", "-c", "-l", "-u", "--summary --pid"];
    let mut all = product(&[&["ipcs"], kinds, formats, &["", "-b", "--human"]]);
    let forms = &["", "-r", "-e", "-n", "-J", "-l", "--noheadings"];
    let columns = &["", "-c", "-t", "-c -t", "-b", "-P", "-y --notruncate", "-t --time-format=full"];
    all.extend(product(&[&["lsipc"], &["-m", "-q", "-s"], forms, columns]));
    all.extend(one_by_one(IPCS).chain(one_by_one(LSIPC)).chain(one_by_one(DIFFERING)));
    all.extend(each(
        world,
        "shm",
        &["ipcs -m -i", "ipcs --human -mi", "lsipc -m -i", "lsipc -m --time-format short -i"],
    ));
    all.extend(each(world, "msg", &["ipcs -q -i", "ipcs --human -q --id", "lsipc -q -i", "lsipc -q -b -P -i"]));
    all.extend(each(world, "sem", &["ipcs -s -i", "lsipc -s -i", "lsipc -s -c -l -i", "lsipc -se -i"]));
    all
}

#[test]
fn lists_are_those_of_the_originals() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    let lines = lines(&world);
    assert!(lines.len() > 500, "{}", lines.len());
    compare(&lines, &theirs(&world, &lines), &ours(&world, &lines), DIFFERENCES);
}

#[test]
fn lists_of_nothing_are_those_of_the_originals() {
    let Some(world) = World::new() else { return };
    if !["ipcs", "lsipc"].into_iter().all(crate::support::has) {
        return;
    }
    let mut lines = product(&[&["ipcs"], &["", "-m", "-q", "-s"], &["", "-t", "-p", "-c", "-u"]]);
    lines.extend(product(&[&["lsipc"], &["-m", "-q", "-s"], &["", "-r", "-e", "-n", "-J", "-l", "--noheadings"]]));
    lines.push("lsipc".into());
    let differences: Differences = &[("lsipc -[mq] -J", "the array has its name, also when it is empty")];
    compare(&lines, &theirs(&world, &lines), &ours(&world, &lines), differences);
}

/// What whoever has no rights sees, where we can become somebody else.
#[test]
fn lists_without_rights_are_those_of_the_originals() {
    let Some(world) = World::new() else { return };
    if !is_root() {
        skip("only root becomes another user");
        return;
    }
    let Some(_furnished) = Furnished::new(&world) else { return };
    let nobody = &["setpriv --reuid=65534 --regid=65534 --clear-groups"];
    let mut lines = product(&[nobody, &["ipcs"], &["", "-t", "-p", "-c", "-l", "-u"]]);
    lines.extend(product(&[nobody, &["lsipc"], &["-m", "-q", "-s"], &["", "-c -t"]]));
    let own = world.ok("awk", &["$5 == 65534 || $8 == 65534 { print $2 }", "/proc/sysvipc/sem"]);
    lines.extend(product(&[nobody, &["ipcs -s -i", "lsipc -s -i"], &[&own, "0"]]));
    lines.extend(product(&[nobody, &["ipcs -m -i", "lsipc -m -i", "lsipc -q -i", "ipcs -q -i"], &["0"]]));
    let differences: Differences = &[
        (".* (ipcs|lsipc) -s -i 0", "what may be seen of a set is shown before the error"),
        (".* ipcs -q -i 0", "how much a queue may hold is known, the original says 0"),
    ];
    compare(&lines, &theirs(&world, &lines), &ours(&world, &lines), differences);
}

/// Runs a line on a terminal of so many columns, and prints what it wrote there.
const TERMINAL: &str = "import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    sys.stdin.readline()
    os.execvp('sh', ['sh', '-c', sys.argv[2]])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, int(sys.argv[1]), 0, 0))
settings = termios.tcgetattr(terminal)
settings[3] &= ~termios.ECHO
termios.tcsetattr(terminal, termios.TCSANOW, settings)
os.write(terminal, b'go\\n')
while True:
    try: text = os.read(terminal, 65536)
    except OSError: break
    if not text: break
    sys.stdout.buffer.write(text)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[test]
fn lists_on_a_terminal_are_those_of_the_originals() {
    let Some(world) = World::new() else { return };
    let Some(_furnished) = Furnished::new(&world) else { return };
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(script.path(), TERMINAL).expect("room");
    let columns: Vec<String> = ["200", "100", "80", "60", "40"]
        .iter()
        .map(|columns| format!("python3 {} {columns}", script.path().display()))
        .collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let lists = &[
        "ipcs",
        "'lsipc -s'",
        "'lsipc -q'",
        "'lsipc -m -o KEY,SIZE,COMMAND'",
        "'lsipc -m -o COMMAND,KEY --notruncate'",
        "'lsipc -m -t'",
        "'lsipc -m -i 0'",
    ];
    let lines = product(&[&columns, lists]);
    let differences: Differences = &[
        (".* 'lsipc -m -t'", "a column is as wide as its widest cell: the original lets a rare long STATUS stick out"),
        (".* 'lsipc -m -i 0'", "a terminal does not obey what a command has among its arguments"),
    ];
    compare(&lines, &theirs(&world, &lines), &ours(&world, &lines), differences);
}

/// The originals read `/proc/sysvipc`, and never come back from a table that is empty or lacks a field.
#[test]
fn no_table_of_proc_is_a_trap() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    world.script("rmsgq create; rshm create -s 10; rsem create", &[]).success();
    let lists = "for list in ipcs 'ipcs -u' 'ipcs -c' 'lsipc -m' 'lsipc -q' 'lsipc -s' lsipc; do timeout 300 $list || exit; done";
    let before = faces.script(&world, lists, &[]).success();
    assert_eq!(before.matches("0x00000000").count(), 6, "{before}");
    let hidden = "echo 'key semid' >/dev/shm/table; echo x y >>/dev/shm/table
        mount --bind /dev/shm/table /proc/sysvipc/sem && : >/dev/shm/empty || exit
        for kind in msg shm; do mount --bind /dev/shm/empty /proc/sysvipc/$kind || exit; done";
    if world.script(hidden, &[]).status() != 0 {
        skip("the tables of /proc cannot be hidden here");
        return;
    }
    assert_eq!(faces.script(&world, lists, &[]).success(), before);
}

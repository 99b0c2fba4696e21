//! `ipcrm` against the original, in two worlds that begin alike.

use super::both::{Told, compare, ours, theirs};
use crate::support::{Faces, World, has, is_root, skip};

/// What both worlds begin with: of each kind eight objects of known keys.
const BEGIN: &str = "for n in 1 2 3 4 5 6 7 8; do
    rmsgq create 0x4$n && rshm create -s 10 0x5$n && rsem create 0x6$n || exit
done >/dev/null";

/// Each line is followed by what is left.
const LINES: &str = "
ipcrm
ipcrm -v
ipcrm --help | head -n 3
ipcrm x
ipcrm foo 3
ipcrm -q 0 x y
ipcrm shm
ipcrm shm 0 99 1
ipcrm msg 2 x 99999999999999999999999 3
ipcrm sem -1
ipcrm sem '1 ' ' 1'
ipcrm shm -v 2
ipcrm sem shm 2
ipcrm -m 99
ipcrm -m x
ipcrm -m 0x3
ipcrm -m ''
ipcrm -m -1
ipcrm -m 99999999999
ipcrm -z
ipcrm -m
ipcrm -m 3 -z -m 4
ipcrm --sh 1
ipcrm --shmem-i 4
ipcrm -v -q 4 -s3 --semaphore-id=4
ipcrm -q 5 -q 5 -s 99
ipcrm -M 0
ipcrm -M 0x0
ipcrm -M 0x56
ipcrm -Q 070 -v
ipcrm -S 103
ipcrm -S 0xfffffff0
ipcrm -S -5
ipcrm -M x
ipcrm -M 99999999999999999999999
ipcrm -Q 0x47 x
ipcrm --all=foo
ipcrm -av
ipcrm --al=shm --verb
ipcrm -ashm -amsg -v
ipcrm -a -v
ipcrm -a
";

fn lines() -> Vec<String> {
    LINES.lines().filter(|line| !line.is_empty()).flat_map(|line| [line.to_owned(), "ipcs".to_owned()]).collect()
}

#[test]
fn removes_and_says_what_the_original_does() {
    let (Some(world), Some(other)) = (World::new(), World::new()) else { return };
    if !has("ipcrm") {
        return;
    }
    for world in [&world, &other] {
        world.script(BEGIN, &[]).success();
    }
    let lines = lines();
    compare(&lines, &theirs(&world, &lines), &ours(&other, &lines), &[]);
}

/// A line that only ours may run: the original removes what was not named.
fn alone(world: &World, line: &str) -> Told {
    ours(world, &[line.to_owned()]).remove(0)
}

#[test]
fn what_does_not_fit_into_32_bits_is_nobodys() {
    let Some(world) = World::new() else { return };
    world.script(BEGIN, &[]).success();
    let before = world.ok("ripcs", &["--json"]);
    let lines = [
        ("ipcrm shm 4294967296", "ipcrm: invalid id: 4294967296\n"),
        ("ipcrm sem 4294967297", "ipcrm: invalid id: 4294967297\n"),
        ("ipcrm msg ''", "ipcrm: invalid id: \n"),
        ("ipcrm -Q 0x100000041", "ipcrm: failed to parse argument: '0x100000041': Numerical result out of range\n"),
        (
            "ipcrm -M 0x10000000000000051",
            "ipcrm: failed to parse argument: '0x10000000000000051': Numerical result out of range\n",
        ),
        ("ipcrm -S -4294967201", "ipcrm: failed to parse argument: '-4294967201': Numerical result out of range\n"),
        ("ipcrm -Q ''", "ipcrm: failed to parse argument: ''\n"),
        ("ipcrm -a shm", "ipcrm: unknown argument: shm\nTry 'ipcrm --help' for more information.\n"),
    ];
    for (line, words) in lines {
        let told = alone(&world, line);
        assert_eq!((told.stderr.as_str(), told.status.as_str(), told.stdout.as_str()), (words, "1\n", ""), "{line}");
        assert_eq!(world.ok("ripcs", &["--json"]), before, "{line}");
    }
    // Keys that ipcs shows as large are negative to the kernel: both are the same.
    world.ok("rmsgq", &["create", "0xfffffffb"]);
    assert_eq!(alone(&world, "ipcrm -Q -5").status, "0\n");
    world.ok("rmsgq", &["create", "0xfffffffb"]);
    assert_eq!(alone(&world, "ipcrm -Q 0xfffffffb").status, "0\n");
    assert_eq!(world.ok("ripcs", &["--json"]), before);
}

#[test]
fn posix_objects_go_by_name() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    world.script("for n in a b; do rmsgq create /$n; rshm create -s 10 /$n; rsem create /$n; done", &[]).success();
    world.script(": >/dev/shm/sem.empty; mkdir /dev/shm/folder; mkfifo /dev/shm/fifo", &[]).success();
    let told = faces.script(&world, "ipcrm -v --posix-shmem /a --posix-mqueue=a --posix-sem /a", &[]).success();
    assert_eq!(
        told,
        "removing POSIX shared memory `/a'\nremoving POSIX message queue `a'\nremoving POSIX semaphore `/a'"
    );
    for option in ["--posix-shmem", "--posix-mqueue", "--posix-semaphore"] {
        faces.script(&world, &format!("ipcrm {option} /a"), &[]).fails(1, "ipcrm: name `/a' not found\n");
        faces.script(&world, &format!("ipcrm {option} /a/b"), &[]).fails(1, "ipcrm: name `/a/b' not found\n");
    }
    // A plain --all is about System V, as it always was: names in /dev/shm belong to others, too.
    assert_eq!(faces.script(&world, "ipcrm -a", &[]).success(), "");
    assert_eq!(world.ok("ripcs", &["-o", "name", "--json"]).matches("\"/b\"").count(), 3);
    assert_eq!(faces.script(&world, "ipcrm -apshm -v", &[]).success(), "removing POSIX shared memory `/b'");
    assert_eq!(faces.script(&world, "ipcrm -v --all=pmsg", &[]).success(), "removing POSIX message queue `/b'");
    // An empty file is none, and nobody dies of it.
    let told = faces.script(&world, "ipcrm -v --all=psem", &[]).success();
    assert_eq!(told, "removing POSIX semaphore `/b'\nremoving POSIX semaphore `/empty'");
    assert_eq!(world.ok("ls", &["/dev/shm"]), "fifo\nfolder");
}

#[test]
fn others_objects_stay_and_are_told() {
    let Some(world) = World::new() else { return };
    if !is_root() {
        skip("only root becomes another user");
        return;
    }
    world.script(BEGIN, &[]).success();
    let before = world.ok("ripcs", &["--json"]);
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let kept: Vec<String> = ["ipcrm -q 0", "ipcrm msg 0 1", "ipcrm -M 0x51", "ipcrm -v -S 0x61", "ipcrm -v -m 3"]
        .iter()
        .map(|line| format!("{nobody} {line}"))
        .collect();
    compare(&kept, &theirs(&world, &kept), &ours(&world, &kept), &[]);
    // The original says nothing of what it may not read.
    let told = alone(&world, &format!("{nobody} ipcrm -amsg"));
    assert_eq!(told.stderr.matches("permission denied for id").count(), 8, "{told:?}");
    assert_eq!((told.status.as_str(), world.ok("ripcs", &["--json"])), ("1\n", before));
}

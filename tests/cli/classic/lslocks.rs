//! `lslocks`: the same lines as the original prints, and the right ones where it errs.

use crate::support::{Call, Faces, Outcome, Running, World, has};

/// What was printed to both, and the status.
fn all(outcome: &Outcome) -> (String, String, i32) {
    (String::from_utf8_lossy(outcome.stdout()).into_owned(), outcome.stderr(), outcome.status())
}

/// A process that holds locks of several sorts on files of several sizes.
fn holder(world: &World) -> Running {
    let script = "import fcntl, os, time
os.chdir('/dev/shm')
def file(name, size):
    fd = os.open(name, os.O_RDWR | os.O_CREAT)
    os.write(fd, b'x' * size)
    return fd
a, b, c, d = file('a', 0), file('b', 100), file('c', 5000), file('d with blank', 70000)
fcntl.lockf(a, fcntl.LOCK_EX, 1, 0)
fcntl.lockf(b, fcntl.LOCK_SH, 5, 100000000)
fcntl.lockf(b, fcntl.LOCK_EX, 0, 200000000)
fcntl.flock(c, fcntl.LOCK_EX)
fcntl.flock(d, fcntl.LOCK_SH)
fcntl.fcntl(a, 1024, fcntl.F_WRLCK)
print('up', flush=True)
time.sleep(1000)";
    let mut holder = Running::start(world.command("python3").args(["-c", script]));
    assert_eq!(holder.line(), "up");
    holder
}

/// Options of which every line is tried on a process that holds locks, and on one that waits.
const LINES: &[&str] = &[
    "",
    "-n",
    "-r",
    "-rn",
    "-b",
    "-u",
    "-i",
    "-J",
    "-Jb",
    "--json --noinaccessible",
    "-o PID",
    "-o pid,type,PATH",
    "-o +BLOCKER",
    "-o +INODE,MAJ:MIN",
    "-o MAJ:MIN,PID",
    "-r -o MAJ:MIN,PID",
    "-J -o MAJ:MIN,INODE,BLOCKER",
    "-o SIZE,START,END,PID",
    "-b -o SIZE",
    "-Jb -o SIZE,M",
    "-n -o START",
    "-o COMMAND,COMMAND,M",
    "--bytes --raw --noheadings --output=PATH,SIZE",
    "--output-all -o PID",
    "-Jr",
    "--raw --json",
    "-o FOO",
    "-o ''",
    "-o +",
    "-o pid,,type",
    "-o pid,+type",
    "-o",
    "--output",
    "-p x",
    "-p ''",
    "-p 99999999999",
    "-p 0x1",
    "--zz",
    "-O",
    "--noh",
    "--no",
    "more words",
    "-V x >/dev/full",
    "-r >/dev/full",
];

#[test]
fn prints_what_the_original_prints() {
    let Some(world) = World::new() else { return };
    if !has("lslocks") || !has("python3") {
        return;
    }
    let faces = Faces::new();
    let holder = holder(&world);
    let waiter = world.start("rlock", &["run", "/dev/shm/c", "--", "true"]);
    waiter.wait_until_in(Call::Flock);
    for pid in [holder.id(), waiter.id()] {
        for line in LINES {
            let script = format!("lslocks -p {pid} {line}");
            assert_eq!(all(&faces.script(&world, &script, &[])), all(&world.script(&script, &[])), "{script}");
        }
    }
    for script in ["lslocks -p 999999999", "lslocks -Jp 999999999", "lslocks -p"] {
        assert_eq!(all(&faces.script(&world, script, &[])), all(&world.script(script, &[])), "{script}");
    }
}

#[test]
fn the_same_locks_are_listed_for_all() {
    let Some(world) = World::new() else { return };
    if !has("lslocks") || !has("python3") {
        return;
    }
    let faces = Faces::new();
    let holder = holder(&world);
    let script = &format!("lslocks -rn -o PID,TYPE,MODE,START,END,PATH | grep '^{} ' | sort", holder.id());
    let ours = faces.script(&world, script, &[]).success();
    assert_eq!(ours.lines().count(), 6, "{ours}");
    assert_eq!(ours, world.script(script, &[]).success());
}

#[test]
fn the_holder_of_a_descriptor_is_who_has_it() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    // The original has a process that has ended, or whoever has its pid now, and no path.
    let script =
        "exec 9>'/dev/shm/held'; printf 12345 >&9; flock 9; echo $$; lslocks -rn -o COMMAND,PID,SIZE,PATH -p $$
        lslocks -rn -o HOLDERS -p $$";
    let printed = Faces::new().script(&world, script, &[]).success();
    let mut lines = printed.lines();
    let pid = lines.next().unwrap_or_default();
    assert_eq!(lines.next(), Some(format!("sh {pid} 5B /dev/shm/held").as_str()), "{printed}");
    let holders = lines.next().unwrap_or_default();
    assert!(holders.starts_with(&format!("{pid},sh,9")), "{printed}");
}

#[test]
fn the_path_is_right_where_two_file_systems_share_an_inode_number() {
    let Some(world) = World::new() else { return };
    let script = "cd /dev/shm && mkdir a b && mount -t tmpfs one a && mount -t tmpfs two b && : >a/f && : >b/f &&
        exec 7<a/f 8>b/f && flock 8 && lslocks -rn -o TYPE,PATH -p $$";
    assert_eq!(Faces::new().script(&world, script, &[]).success(), "FLOCK /dev/shm/b/f");
}

#[test]
fn the_columns_are_listed() {
    let Some(world) = World::new() else { return };
    let faces = Faces::new();
    let listed = faces.script(&world, "lslocks -H", &[]).success();
    assert!(listed.starts_with("COMMAND  command of the process"), "{listed}");
    let help = faces.script(&world, "lslocks --help", &[]).success();
    assert!(listed.lines().all(|line| help.contains(line.trim_start())), "{help}");
    let json = faces.script(&world, "flock /dev/shm/all-columns lslocks --output-all -J", &[]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let row = json["locks"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["path"] == "/dev/shm/all-columns"))
        .expect("ours");
    assert!(row["pid"].is_u64() && row["m"] == false && row["inode"].is_u64() && row["blocker"].is_null(), "{row}");
}

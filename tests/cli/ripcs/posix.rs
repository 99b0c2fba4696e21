//! POSIX objects: files in `/dev/shm` and on the queue file system.

use serde_json::Value;

use crate::support::{Outcome, World, has};

/// Makes the named semaphore `/lock` with value 7 and mode 0640.
const SEM_OPEN: &str = "import ctypes, os
os.umask(0)
library = ctypes.CDLL(None, use_errno=True)
library.sem_open.restype = ctypes.c_void_p
if not library.sem_open(b'/lock', os.O_CREAT | os.O_EXCL, 0o640, 7):
    raise OSError(ctypes.get_errno(), 'sem_open')";

fn rows(world: &World, option: &str, columns: &str) -> Vec<Vec<String>> {
    let table = world.ok("ripcs", &[option, "--no-header", "-o", columns]);
    table.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn a_posix_queue_is_listed_with_what_it_holds() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/jobs", "--mode", "640"]);
    world.ok("rmsgq", &["send", "/jobs", "four", "and", "more", "--priority", "3"]);
    assert_eq!(rows(&world, "-q", "name,key,owner,mode,bytes,messages"), [["/jobs", "-", "root", "0640", "11", "3"]]);
    let all = world.ok("ripcs", &["-q", "--json"]);
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!((&all[0]["name"], &all[0]["messages"], &all[0]["key"]), (&"/jobs".into(), &3.into(), &Value::Null));
    world.ok("rmsgq", &["remove", "/jobs"]);
    assert_eq!(rows(&world, "-q", "name"), [[""; 0]; 0]);
}

#[test]
fn a_file_in_dev_shm_is_shared_memory() {
    let Some(world) = World::new() else { return };
    world.script("umask 027; truncate -s 5000000000 /dev/shm/big; printf x >/dev/shm/a", &[]).success();
    assert_eq!(
        rows(&world, "-m", "name,key,owner,mode,bytes,attaches,status"),
        [["/a", "-", "root", "0640", "1", "-", "-"], ["/big", "-", "root", "0640", "5000000000", "-", "-"]]
    );
}

#[test]
fn a_named_semaphore_is_listed_with_its_value() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    Outcome::of(world.command("python3").args(["-c", SEM_OPEN])).success();
    assert_eq!(rows(&world, "-s", "name,key,owner,mode,count,value"), [["/lock", "-", "root", "0640", "1", "7"]]);
    assert_eq!(rows(&world, "-m", "name"), [[""; 0]; 0], "it is no shared memory");
}

#[test]
fn only_a_semaphores_own_size_is_read_as_one() {
    let Some(world) = World::new() else { return };
    let script = "cd /dev/shm; : >sem.empty; printf '\\5\\0\\0\\0' >sem.short; cp sem.short sem.whole
        truncate -s 32 sem.whole; truncate -s 33 sem.long; cp sem.whole sem.secret; chmod 0 sem.secret; : >sem.";
    world.script(script, &[]).success();
    let expected = [["/empty", "?"], ["/long", "?"], ["/secret", "5"], ["/short", "?"], ["/whole", "5"]]
        .map(|row| row.map(str::to_owned));
    let shown = rows(&world, "-s", "name,value");
    assert_eq!(shown.iter().filter(|row| row[0] != "/").cloned().collect::<Vec<_>>(), expected);
    let Some(nobody) = world.user(65_534) else { return };
    let theirs = nobody.ok("ripcs", &["-s", "--no-header", "-o", "name,value"]);
    assert!(theirs.lines().any(|line| line.split_whitespace().eq(["/secret", "?"])), "{theirs}");
}

#[test]
fn what_is_no_regular_file_is_no_object() {
    let Some(world) = World::new() else { return };
    let script = "cd /dev/shm; echo text >real; ln -s real link; ln -s /etc/passwd outside; ln -s none dangling
        mkfifo fifo sem.fifo; mkdir folder sem.folder; ln -s real sem.link";
    world.script(script, &[]).success();
    assert_eq!(rows(&world, "-m", "name"), [["/real"]]);
    assert_eq!(rows(&world, "-s", "name"), [[""; 0]; 0]);
}

#[test]
fn hostile_names_are_escaped_in_tables_and_exact_in_json() {
    let Some(world) = World::new() else { return };
    let names: [(&str, &str, Value); 4] = [
        ("e\\033[31m", "/e\\x1b[31m", "/e\u{1b}[31m".into()),
        ("n\\nl", "/n\\nl", "/n\nl".into()),
        ("r\\342\\200\\256l", "/r\\u{202e}l", "/r\u{202e}l".into()),
        ("u\\377", "/u\\xff", serde_json::json!({"base64": "L3X/"})),
    ];
    for (octal, _, _) in &names {
        // A command substitution would take a newline at the end away; there is none.
        world.script("name=$(printf \"$1\"); : >\"/dev/shm/$name\"; : >\"/dev/shm/sem.$name\"", &[octal]).success();
    }
    for option in ["-m", "-s"] {
        let shown: Vec<String> = rows(&world, option, "name").concat();
        assert_eq!(shown, names.each_ref().map(|(_, shown, _)| (*shown).to_owned()));
        let all: Vec<Value> = serde_json::from_str(&world.ok("ripcs", &[option, "--json"])).expect("JSON");
        let exact: Vec<Value> = all.iter().map(|object| object["name"].clone()).collect();
        assert_eq!(exact, names.each_ref().map(|(_, _, exact)| exact.clone()));
    }
}

#[test]
fn without_privilege_and_mount_a_note_says_why_queues_are_missing() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    world.ok("rmsgq", &["create", "/jobs"]);
    let queue = world.ok("rmsgq", &["create"]);
    let script = "umount /dev/mqueue 2>/dev/null; exec setpriv --inh-caps=-sys_admin --bounding-set=-sys_admin \"$@\"";
    let outcome = world.script(script, &["ripcs", "-q", "--no-header", "-o", "name"]);
    assert_eq!((outcome.status(), outcome.stdout()), (0, format!("{queue}\n").as_bytes()), "{}", outcome.stderr());
    let note = "ripcs: POSIX queues are not listed: /dev/mqueue is not mounted, and mounting it privately failed: \
                Operation not permitted\n";
    assert_eq!(outcome.stderr(), note);
    // Nobody asked for queues: nothing is said about them.
    assert_eq!(world.script(script, &["ripcs", "-ms"]).stderr(), "");
    let Some(nobody) = world.user(65_534) else { return };
    let theirs = nobody.run("ripcs", &["-q", "--no-header", "-o", "name"]);
    assert_eq!((theirs.status(), theirs.stdout(), theirs.stderr()), (0, outcome.stdout(), note.to_owned()));
}

#[test]
fn without_privilege_a_mount_shows_the_queues() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    if !std::path::Path::new("/dev/mqueue").is_dir() {
        crate::support::skip("there is no directory /dev/mqueue to mount on");
        return;
    }
    world.ok("rmsgq", &["create", "/jobs", "--mode", "604"]);
    let script = "mount -t mqueue none /dev/mqueue && exec setpriv --bounding-set=-sys_admin ripcs -q --no-header";
    assert_eq!(world.script(script, &[]).success(), "/jobs  -  root  0604  0  0");
    let Some(nobody) = world.user(65_534) else { return };
    assert_eq!(nobody.ok("ripcs", &["-q", "--no-header"]), "/jobs  -  root  0604  0  0");
}

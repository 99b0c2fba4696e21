//! The stage: programs that are not ours, at objects of every kind; and what `who` says of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Call, Outcome, PACKAGE, Running, World, has};

/// A world with the player, a C program that is not ours.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) folder: TempDir,
    player: PathBuf,
}

impl Stage {
    pub(super) fn new() -> Option<Self> {
        let world = World::new()?;
        if !has("gcc") {
            return None;
        }
        let folder = TempDir::new().expect("a directory");
        let player = folder.path().join("player");
        let source = format!("{PACKAGE}/tests/cli/ripcs/player.c");
        Outcome::of(Command::new("gcc").arg("-o").arg(&player).arg(source).args(["-pthread", "-lrt"])).success();
        Some(Self { world, folder, player })
    }

    fn command(&self, role: &[&str]) -> Command {
        let mut command = self.world.command(&self.player);
        command.args(role);
        command
    }

    /// A player who stays: it has done what its role says when this returns.
    pub(super) fn stays(&self, role: &[&str]) -> Running {
        let mut player = Running::start(&mut self.command(role));
        assert_eq!(player.line(), "ready", "{role:?}");
        player
    }

    /// A player who sleeps in a call.
    pub(super) fn sleeps(&self, role: &[&str], call: Call) -> Running {
        let player = Running::start(&mut self.command(role));
        player.wait_until_in(call);
        player
    }

    fn perl(&self, script: &str, arguments: &[&str], call: Call) -> Running {
        let mut command = self.world.command("perl");
        let perl = Running::start(command.args(["-e", script]).args(arguments));
        perl.wait_until_in(call);
        perl
    }
}

/// The rows of a `--json` report.
pub(super) fn rows(outcome: &Outcome) -> Vec<Value> {
    serde_json::from_slice(outcome.stdout()).unwrap_or_else(|error| panic!("{error}: {}", outcome.stderr()))
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What `who` says: object, pid and how.
pub(super) fn who(world: &World, objects: &[&str]) -> Vec<(String, u64, String)> {
    let outcome = world.run("ripcs", &[&["who", "--json"], objects].concat());
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    let row = |row: &Value| (text(&row["object"]), row["pid"].as_u64().expect("a pid"), text(&row["how"]));
    rows(&outcome).iter().map(row).collect()
}

/// The table, sorted, with the players' pids.
pub(super) fn sorted(mut rows: Vec<(String, u64, String)>) -> Vec<(String, u64, String)> {
    rows.sort();
    rows
}

#[test]
fn who_prints_exactly_the_true_table() {
    let Some(stage) = Stage::new() else { return };
    if !has("perl") || !has("python3") {
        return;
    }
    let world = &stage.world;
    let path = |name: &str| stage.folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (fifo, file) = (path("fifo"), path("file"));
    // Ten objects, the System V ones all with identifier 0 or 1.
    world.script("ipcmk -Q; ipcmk -Q; ipcmk -M 4096; ipcmk -S 2; mkfifo \"$1\"; : >\"$2\"", &[&fifo, &file]).success();
    world.ok("rmsgq", &["set", "1", "--max-bytes", "4"]);
    world.ok("rmsgq", &["send", "1", "full"]);
    world.ok("rsem", &["op", "0", "1+1"]);
    world.ok("rmsgq", &["create", "/jobs"]);
    world.ok("rmsgq", &["create", "/full", "--max-messages", "1", "--max-size", "8"]);
    world.ok("rsem", &["create", "/s"]);
    world.ok("rshm", &["create", "/data", "-s", "4096"]);

    let flock = "use Fcntl q(:flock); open F, '+<', $ARGV[0]; flock F, LOCK_EX; $|=1; print qq(ready\\n); sleep 1000";
    let mut holder = Running::start(world.command("perl").args(["-e", flock, &file]));
    assert_eq!(holder.line(), "ready");
    let python = "import mmap,os,time\nf=os.open('/dev/shm/data',os.O_RDWR)\nm=mmap.mmap(f,4096)\ntime.sleep(1000)";
    let python = Running::start(world.command("python3").args(["-c", python]));
    python.wait_until_in(Call::Nanosleep);
    let opener = Running::start(world.command("sh").args(["-c", "exec cat <\"$0\"", &fifo]));
    opener.wait_until_in(Call::Openat);
    let players: Vec<(Running, &str, &[&str])> = vec![
        (
            stage.perl("msgrcv($ARGV[0], $_, 100, 5, 0)", &["0"], Call::Msgrcv),
            "queue:0",
            &["blocked in msgrcv for type 5"],
        ),
        (
            stage.perl("msgrcv($ARGV[0], $_, 100, -7, 0)", &["0"], Call::Msgrcv),
            "queue:0",
            &["blocked in msgrcv for a type up to 7"],
        ),
        (
            stage.perl("msgsnd($ARGV[0], pack('l! a*', 1, 'more'), 0)", &["1"], Call::Msgsnd),
            "queue:1",
            &["blocked in msgsnd"],
        ),
        (stage.sleeps(&["semop", "0", "0", "-1"], Call::Semtimedop), "set:0", &["blocked in semop waiting for 0-1"]),
        (stage.sleeps(&["semop", "0", "1", "0"], Call::Semtimedop), "set:0", &["blocked in semop waiting for 1=0"]),
        (stage.stays(&["attach-rw", "0"]), "segment:0", &["attached rw"]),
        (stage.stays(&["attach-r", "0"]), "segment:0", &["attached r"]),
        (stage.stays(&["map", "/data"]), "segment:/data", &["mapped rw"]),
        (stage.stays(&["open", "/data"]), "segment:/data", &["open r"]),
        (python, "segment:/data", &["open rw", "mapped rw"]),
        (stage.sleeps(&["mq_receive", "/jobs"], Call::MqReceive), "queue:/jobs", &["open r", "blocked in mq_receive"]),
        (stage.stays(&["mq_notify", "/jobs"]), "queue:/jobs", &["open r", "registered for notify"]),
        (stage.sleeps(&["mq_send", "/full"], Call::MqSend), "queue:/full", &["open w", "blocked in mq_send"]),
        (stage.sleeps(&["sem_wait", "/s"], Call::Futex), "semaphore:/s", &["mapped rw", "blocked in sem_wait"]),
    ];
    let (fifo, file) = (format!("fifo:{fifo}"), format!("lock:{file}"));
    let mut truth: Vec<_> = players
        .iter()
        .flat_map(|(player, object, hows)| {
            hows.iter().map(|how| ((*object).to_owned(), u64::from(player.id()), (*how).to_owned()))
        })
        .collect();
    truth.push((fifo.clone(), opener.id().into(), "blocked in open for reading".into()));
    truth.push((file.clone(), holder.id().into(), "holds exclusive flock lock whole".into()));
    let told = who(world, &["queue", "segment", "semaphore", &fifo, &file]);
    assert_eq!(sorted(told), sorted(truth.clone()));

    // Object by object it is the same, and with --blocked those who sleep.
    let of_set = who(world, &["set:0"]);
    assert_eq!(sorted(of_set), sorted(truth.iter().filter(|row| row.0 == "set:0").cloned().collect()));
    let blocked = who(world, &["--blocked", "queue", "segment", "semaphore", &fifo]);
    assert_eq!(sorted(blocked), sorted(truth.iter().filter(|row| row.2.starts_with("blocked")).cloned().collect()));
    others_know_a_part(world, &truth);
}

#[test]
fn who_has_mapped_an_object_for_itself_alone_is_told_and_has_it_in_use() {
    let Some(stage) = Stage::new() else { return };
    if !has("python3") {
        return;
    }
    let world = &stage.world;
    world.ok("rshm", &["create", "/data", "-s", "4096"]);
    world.script("ipcmk -M 4096", &[]).success();
    let attached = stage.stays(&["attach-r", "0"]);
    // The descriptor is closed: the mapping is all that it has of it.
    let python = "import mmap,os,time
f=os.open('/dev/shm/data',os.O_RDONLY)
libc=__import__('ctypes').CDLL(None)
libc.mmap.restype=__import__('ctypes').c_void_p
assert libc.mmap(None,4096,mmap.PROT_READ,mmap.MAP_PRIVATE,f,0) != 2**64-1
os.close(f)
time.sleep(1000)";
    let python = Running::start(world.command("python3").args(["-c", python]));
    python.wait_until_in(Call::Nanosleep);
    let row = |object: &str, player: &Running, how: &str| (object.to_owned(), u64::from(player.id()), how.to_owned());
    let truth = vec![row("segment:/data", &python, "mapped privately r"), row("segment:0", &attached, "attached r")];
    assert_eq!(sorted(who(world, &["segment"])), sorted(truth.clone()));
    assert_eq!(who(world, &["segment:/data"]), truth[..1]);
    let orphans = world.run("ripcs", &["orphans", "--json"]);
    assert!(!rows(&orphans).iter().any(|row| row["object"] == "segment:/data"), "{}", orphans.stderr());
}

/// What lsof, fuser and lsipc tell is part of the table, and none of them has all of it.
fn others_know_a_part(world: &World, truth: &[(String, u64, String)]) {
    if has("lsof") {
        let told = world.script("lsof -w -n -F pn 2>/dev/null", &[]);
        let (mut pid, mut known) = (0, Vec::new());
        for line in String::from_utf8_lossy(told.stdout()).lines() {
            match line.split_at(1) {
                ("p", number) => pid = number.parse().expect("a pid"),
                ("n", "/dev/shm/data") => known.push(("segment:/data".to_owned(), pid)),
                ("n", name) if name.starts_with("/SYSV") => known.push(("segment:0".to_owned(), pid)),
                _ => {}
            }
        }
        let is_true = |(object, pid): &(String, u64)| truth.iter().any(|row| row.0 == *object && row.1 == *pid);
        // Other worlds have objects of these names, too.
        known.retain(|(_, pid)| truth.iter().any(|row| row.1 == *pid));
        assert!(known.iter().all(is_true) && known.len() >= 3 && known.len() < truth.len(), "lsof: {known:?}");
    }
    if has("fuser") {
        let told = world.script("fuser /dev/shm/data 2>/dev/null", &[]);
        let mut pids: Vec<u64> = String::from_utf8_lossy(told.stdout())
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|pid| pid.parse().ok())
            .collect();
        pids.sort_unstable();
        let mut ours: Vec<u64> = truth.iter().filter(|row| row.0 == "segment:/data").map(|row| row.1).collect();
        ours.sort_unstable();
        ours.dedup();
        assert_eq!(pids, ours, "fuser names the same processes, and not what they do");
    }
    if has("lsipc") {
        let told = world.script("lsipc -m --noheadings -o nattch", &[]).success();
        let attached = truth.iter().filter(|row| row.0 == "segment:0").count();
        assert_eq!(told.trim(), attached.to_string(), "lsipc counts, and names nobody");
    }
}

#[test]
fn show_has_the_object_its_semaphores_and_its_users() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    world.script("ipcmk -S 2; ipcmk -M 4096; ipcmk -Q", &[]).success();
    let waiter = stage.sleeps(&["semop", "0", "1", "-1"], Call::Semtimedop);
    let outcome = world.run("ripcs", &["show", "set:0", "--json"]);
    let shown: Value = serde_json::from_slice(outcome.stdout()).expect("JSON");
    assert_eq!((text(&shown["object"]), shown["users"].as_u64()), ("set:0".into(), Some(1)));
    assert_eq!(shown["semaphores"][1]["increase"], 1);
    assert_eq!(shown["processes"][0]["pid"], waiter.id());
    assert_eq!(text(&shown["processes"][0]["how"]), "blocked in semop waiting for 1-1");
    let table = String::from_utf8_lossy(world.run("ripcs", &["show", "set:0"]).stdout()).into_owned();
    assert!(table.contains("blocked in semop waiting for 1-1") && table.contains("INCREASE"), "{table}");
    // One number is three objects here.
    let ambiguous = world.run("ripcs", &["show", "0"]);
    ambiguous.fails(2, "ripcs: 0 may be any of queue:0, segment:0, set:0: say which\n");
    world.run("ripcs", &["show", "queue:7"]).fails(3, "ripcs: cannot find queue:7: nothing is called so\n");
}

#[test]
fn hostile_names_are_escaped_in_tables_and_exact_in_json() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    let names: [&[u8]; 3] = [b"x\x1b[31m", b"two\nlines\xe2\x80\xaeback", b"\xff\xfe"];
    world.script("ipcmk -M 4096", &[]).success();
    for name in names {
        let mut command = world.command("sh");
        command.args(["-c", ": >/dev/shm/\"$1\"", "sh"]).arg(OsStr::from_bytes(name));
        Outcome::of(&mut command).success();
    }
    let mut player = stage.world.command(&stage.player);
    player.args(["called", "0"]).arg("e\x1b[2J\nvil");
    let mut player = Running::start(&mut player);
    assert_eq!(player.line(), "ready");
    for arguments in [&["list"][..], &["who"], &["list", "--raw"], &["list", "--shell"], &["show", "segment:0"]] {
        let outcome = world.run("ripcs", arguments);
        let harmful = |&byte: &u8| byte != b'\n' && byte.is_ascii_control();
        assert_eq!(outcome.status(), 0, "{arguments:?}: {}", outcome.stderr());
        assert!(!outcome.stdout().iter().any(harmful), "{arguments:?}: {:?}", outcome.stdout());
    }
    let listed = rows(&world.run("ripcs", &["list", "segment", "--json"]));
    let has_name = |name: Value| listed.iter().any(|row| row["name"] == name);
    assert!(has_name("/x\u{1b}[31m".into()) && has_name("/two\nlines\u{202e}back".into()), "{listed:?}");
    assert!(has_name(serde_json::json!({"base64": "L//+"})), "{listed:?}");
    let told = rows(&world.run("ripcs", &["who", "segment:0", "--json"]));
    assert_eq!(text(&told[0]["command"]), "e\u{1b}[2J\nvil");
    // What the shell reads back is the name itself.
    let script = "ripcs list segment --shell -o name | while IFS= read -r line; do eval \"$line\"; \
                  test -e \"/dev/shm$ipc_name\" && echo found; done";
    if has("bash") {
        let read_back = Outcome::of(world.command("bash").args(["-c", script]));
        let found = String::from_utf8_lossy(read_back.stdout()).lines().count();
        assert_eq!(found, names.len(), "{}", read_back.stderr());
    }
}

#[test]
fn nobody_sees_all_of_their_own_and_what_is_hidden_is_said_once() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    let Some(nobody) = world.user(4242) else { return };
    std::fs::set_permissions(stage.folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
    let player = stage.player.to_str().expect("UTF-8");
    world.script("ipcmk -M 4096 -p 600; ipcmk -S 1 -p 600", &[]).success();
    nobody.ok("rshm", &["create", "-s", "4096"]);
    let _roots = stage.stays(&["attach-rw", "0"]);
    let mut theirs = Running::start(nobody.command(player).args(["attach-rw", "1"]));
    assert_eq!(theirs.line(), "ready");
    let outcome = nobody.run("ripcs", &["who", "--json"]);
    assert_eq!(outcome.status(), 0);
    let told: Vec<_> = rows(&outcome).iter().map(|row| (text(&row["object"]), row["pid"].as_u64())).collect();
    assert_eq!(told, [("segment:1".to_owned(), Some(theirs.id().into()))]);
    let notes = outcome.stderr();
    let count = |words: &str| notes.lines().filter(|line| line.contains(words)).count();
    let hidden = count("could not be looked at: they may be there, too");
    assert_eq!(hidden, 1, "{notes}");
    let (queues, calls) = (count("POSIX queues are not listed: "), count("it could not be seen what they wait for"));
    assert!(queues <= 1 && calls <= 1, "{notes}");
    assert_eq!(notes.lines().count(), hidden + queues + calls, "and nothing else: {notes}");
    let listed = rows(&nobody.run("ripcs", &["list", "--json"]));
    assert_eq!(listed.len(), 3, "{listed:?}");
    let outcome = nobody.run("ripcs", &["list", "semaphore", "-o", "object,value"]);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()), "OBJECT  VALUE\nset:0       ?\n");
    nobody.run("ripcs", &["remove", "segment:0"]).fails(5, "ripcs: cannot remove segment:0: Operation not permitted\n");
}

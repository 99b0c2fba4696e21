//! What happens when something fails in the middle: a full disk, a folder that is gone, objects of others, signals.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use super::stage::{rows, text};
use crate::support::{Call, Outcome, Running, World, has, skip, wait_until};

/// A folder on a file system of 64 KiB, which only the world sees.
struct SmallDisk {
    world: World,
    folder: TempDir,
}

impl SmallDisk {
    fn new() -> Option<Self> {
        let world = World::new()?;
        let folder = TempDir::new().expect("a folder");
        fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("it is ours");
        let disk = Self { world, folder };
        if disk.shell("mount -t tmpfs -o size=64k full \"$1\"").status() != 0 {
            skip("no file system can be mounted here");
            return None;
        }
        Some(disk)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Runs a script inside; `$1` is the folder.
    fn shell(&self, script: &str) -> Outcome {
        self.world.script(script, &[self.folder.path().to_str().expect("UTF-8")])
    }

    fn fill(&self) {
        self.shell("cat /dev/zero >\"$1/filler\" 2>/dev/null; test -s \"$1/filler\"").success();
    }
}

fn objects(world: &World) -> Vec<String> {
    rows(&world.run("ripcs", &["list", "--json"])).iter().map(|row| text(&row["object"])).collect()
}

#[test]
fn a_full_disk_leaves_the_old_metrics_whole() {
    let Some(disk) = SmallDisk::new() else { return };
    let path = disk.path("ripc.prom");
    let metrics = || disk.world.run("ripcs", &["metrics", "--output", &path]);
    metrics().success();
    let before = disk.shell("cat \"$1/ripc.prom\"").success();
    disk.fill();
    disk.world.ok("rmsgq", &["create"]);
    metrics().fails(1, &format!("ripcs: cannot write '{path}': No space left on device\n"));
    assert_eq!(disk.shell("cat \"$1/ripc.prom\"").success(), before);
    assert_eq!(disk.shell("ls -A \"$1\"").success(), "filler\nripc.prom", "the draft is gone");
    disk.shell("rm \"$1/filler\"").success();
    metrics().success();
    assert_ne!(disk.shell("cat \"$1/ripc.prom\"").success(), before);
    disk.shell("mount -t tmpfs -o ro frozen \"$1\"").success();
    metrics().fails(1, &format!("ripcs: cannot write '{path}': Read-only file system\n"));
}

#[test]
fn metrics_replace_files_alone() {
    let Some(world) = World::new() else { return };
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let metrics = |output: &str| world.run("ripcs", &["metrics", "--output", output]);
    // A link leads where it led.
    fs::write(path("real"), "old").expect("a file");
    std::os::unix::fs::symlink("real", path("link")).expect("a link");
    metrics(&path("link")).success();
    assert_eq!(fs::read_link(path("link")).expect("a link"), PathBuf::from("real"));
    assert!(fs::read_to_string(path("real")).expect("a file").ends_with("# EOF\n"));
    world.script("mkfifo \"$1\"", &[&path("fifo")]).success();
    metrics(&path("fifo")).fails(1, &format!("ripcs: cannot write '{}': not a regular file\n", path("fifo")));
    metrics("/dev/stdout").fails(1, "ripcs: cannot write '/dev/stdout': not a regular file\n");
    let slash = format!("{}/", folder.path().display());
    metrics(&slash).fails(1, &format!("ripcs: cannot write '{slash}': Is a directory\n"));
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "nothing is left beside them");
    let Some(nobody) = world.user(65_534) else { return };
    let refused = nobody.run("ripcs", &["metrics", "--output", &path("theirs")]);
    refused.fails(5, &format!("ripcs: cannot write '{}': Permission denied\n", path("theirs")));
}

#[test]
fn whoever_interrupts_metrics_leaves_a_whole_file_and_no_draft() {
    let Some(world) = World::new() else { return };
    if !has("strace") {
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("ripc.prom");
    // It is held between the draft and the file.
    let held = ["-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:delay_enter=1000000", "ripcs"];
    let output = ["metrics", "--output", path.to_str().expect("UTF-8")];
    let tracer = world.start("strace", &[&held[..], &output].concat());
    let entries = || fs::read_dir(folder.path()).expect("a folder").count();
    wait_until("the draft is there", || entries() == 1);
    assert!(!path.exists());
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", tracer.id())).expect("/proc");
    let pid = children.trim().parse().expect("one child");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM).expect("it lives");
    assert_eq!(tracer.outcome().status(), 143);
    assert!(fs::read_to_string(&path).expect("it is there").ends_with("# EOF\n"));
    assert_eq!(entries(), 1);
}

#[test]
fn nothing_is_reaped_that_cannot_be_reported() {
    let Some(disk) = SmallDisk::new() else { return };
    let world = &disk.world;
    for _ in 0..2 {
        world.ok("rshm", &["create", "-s", "4096"]);
    }
    world.script("ripcs reap --yes >/dev/full", &[]).fails(1, "cannot write to standard output: No space left");
    world.script("ripcs reap --yes >&-", &[]).fails(1, "cannot write to standard output: Bad file descriptor");
    assert_eq!(objects(world), ["segment:0", "segment:1"]);
    // A full disk is found out too late: then standard error says what is gone.
    disk.fill();
    let lost = disk.shell("ripcs reap --yes >\"$1/report\"");
    assert_eq!(lost.status(), 1);
    let told = "ripcs: removed segment:0\nripcs: removed segment:1\n\
                ripcs: cannot write to standard output: No space left on device\n";
    assert_eq!(lost.stderr(), told);
    assert_eq!(objects(world), Vec::<String>::new());
}

#[test]
fn watch_ends_when_its_output_is_full() {
    let Some(disk) = SmallDisk::new() else { return };
    disk.world.script("exec ripcs watch >/dev/full", &[]).fails(1, "cannot write to standard output: No space left");
    disk.fill();
    let script = "exec ripcs watch queue --interval 0.05 >\"$1/events\"";
    let watcher = Running::start(&mut disk.world.sh(script, &[disk.folder.path().to_str().expect("UTF-8")]));
    watcher.wait_until_in(Call::Poll);
    disk.world.ok("rmsgq", &["create"]);
    watcher.outcome().fails(1, "ripcs: cannot write to standard output: No space left on device\n");
}

#[test]
fn what_may_not_be_removed_is_named_and_the_rest_is_removed() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    world.script("ipcmk -M 100; ipcmk -Q -p 644", &[]).success();
    nobody.ok("rshm", &["create", "-s", "4096"]);
    nobody.ok("rmsgq", &["create"]);
    nobody.ok("rsem", &["create"]);
    let reaped = nobody.run("ripcs", &["reap", "--yes", "--json", "segment"]);
    assert_eq!(reaped.status(), 5, "{}", reaped.stderr());
    let done = |name: &str| {
        let rows = rows(&reaped);
        let row = rows.iter().find(|row| row["object"] == name).expect("it was an orphan");
        (text(&row["done"]), text(&row["why"]))
    };
    assert_eq!(done("segment:0"), ("failed".into(), "Operation not permitted".into()));
    assert_eq!(done("segment:1").0, "removed");
    let removed = nobody.run("ripcs", &["remove", "queue:0", "queue:1", "set:7", "set:0"]);
    let words = "ripcs: cannot find set:7: nothing is called so\n\
                 ripcs: cannot remove queue:0: Operation not permitted\n";
    let told: String = removed.stderr().split_inclusive('\n').filter(|line| !line.contains("POSIX queues")).collect();
    assert_eq!((removed.status(), told.as_str()), (5, words));
    nobody.ok("rsem", &["create"]);
    let all = nobody.run("ripcs", &["remove", "--all", "segment", "set", "-v"]);
    let words = "ripcs: cannot remove segment:0: Operation not permitted\nripcs: removed set:1\n";
    assert_eq!((all.status(), all.stderr().as_str()), (5, words));
    assert_eq!(objects(&world), ["queue:0", "segment:0"]);
}

#[test]
fn what_could_not_be_listed_is_said_where_it_is_not_found() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    nobody.ok("rmsgq", &["create", "/jobs"]);
    let words = "ripcs: POSIX queues are not listed: ";
    for verb in ["remove", "show", "who"] {
        let outcome = nobody.run("ripcs", &[verb, "/jobs"]);
        if outcome.status() == 0 {
            return skip("the queue file system is mounted for everybody here");
        }
        assert_eq!(outcome.status(), 3, "{verb}: {}", outcome.stderr());
        assert!(outcome.stderr().contains(words), "{verb}: {}", outcome.stderr());
    }
}

/// Runs `ripcs reap` on a terminal, presses Ctrl-C when it asks, and prints how it ended.
const INTERRUPTED: &str = "import os, pty
pid, terminal = pty.fork()
if pid == 0: os.execvp('ripcs', ['ripcs', 'reap'])
text = b''
while b'[y/N] ' not in text: text += os.read(terminal, 1000)
os.write(terminal, b'\\x03')
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[test]
fn who_is_interrupted_while_asked_removes_nothing() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    world.ok("rshm", &["create", "-s", "4096"]);
    assert_eq!(world.ok("python3", &["-c", INTERRUPTED]), "-2");
    assert_eq!(objects(&world), ["segment:0"]);
}

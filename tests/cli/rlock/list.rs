//! `rlock list` and `show`: who holds what, and who waits.

use serde_json::Value;

use super::{FILE, holder, listed, python};
use crate::support::{Call, Outcome, Running, World, has, skip, wait_until};

fn json(world: &World, words: &[&str]) -> Value {
    let outcome = world.run("rlock", words);
    serde_json::from_slice(outcome.stdout()).unwrap_or_else(|_| panic!("{words:?}: {}", outcome.stderr()))
}

#[test]
fn the_kernels_range_is_told_as_it_is() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let _python = python(
        &world,
        &format!(
            "fd = os.open('{FILE}', os.O_RDWR | os.O_CREAT); other = os.open('{FILE}', os.O_RDWR)
fcntl.lockf(fd, fcntl.LOCK_EX, 1, 0); fcntl.lockf(fd, fcntl.LOCK_SH, 0, 100)
record(other, READ, 50, 10, OFD_SETLK)"
        ),
    );
    let lines = listed(&world, FILE, "kind,claim,range,start,length");
    let lines: Vec<_> = lines.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(lines, ["posix exclusive 0:1 0 1", "ofd shared 50:10 50 10", "posix shared 100: 100 -"]);
    let list = json(&world, &["list", FILE, "--json"]);
    assert_eq!((&list[0]["length"], &list[2]["length"], &list[1]["taker"]), (&1.into(), &Value::Null, &Value::Null));
}

#[test]
fn the_holder_of_a_descriptor_is_who_has_it() {
    let Some(world) = World::new() else { return };
    if !has("flock") || !has("python3") {
        return;
    }
    // Who took it has ended; a child has inherited it.
    let script = "exec 9>\"$1\"; flock 9; sleep 1000 & echo up; exec sleep 1001";
    let mut shell = Running::start(&mut world.sh(script, &[FILE]));
    assert_eq!(shell.line(), "up");
    let list = json(&world, &["list", FILE, "--json"]);
    let row = &list[0];
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    assert!(row["taker"].as_u64().is_none_or(|taker| taker != u64::from(shell.id())), "{row}");
    let holders = row["holders"].as_array().expect("an array");
    assert!(holders.len() == 2 && holders.contains(&format!("{}:9", shell.id()).into()), "{row}");
    let show = json(&world, &["show", FILE, "--json"]);
    assert_eq!(show["locks"].as_array().map(Vec::len), Some(2));
    assert!(show["locks"].as_array().expect("an array").iter().all(|at| at["fd"] == 9 && at["standing"] == "held"));
    drop(shell);
    wait_until("its child is gone, too", || listed(&world, FILE, "pid").is_empty());
    // A lock of an open file description: the table says -1.
    let python = python(&world, &format!("record(os.open('{FILE}', os.O_RDWR), WRITE, 0, 0, OFD_SETLK)"));
    assert_eq!(listed(&world, FILE, "pid,kind,taker"), format!("{}  ofd  -", python.id()));
}

#[test]
fn several_descriptions_with_the_same_lock_are_told_apart() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let open = format!("os.open('{FILE}', os.O_RDWR | os.O_CREAT)");
    let script = format!("for fd in ({open}, {open}, {open}): record(fd, READ, 0, 0, OFD_SETLK)\nos.dup(3)");
    let python = python(&world, &script);
    let list = json(&world, &["list", FILE, "--json"]);
    let holders: Vec<String> = list
        .as_array()
        .expect("an array")
        .iter()
        .map(|row| row["holders"].as_array().expect("an array").len().to_string())
        .collect();
    assert_eq!(holders.join(" "), "2 1 1", "{list} of {}", python.id());
}

#[test]
fn who_waits_stands_behind_what_it_waits_for() {
    let Some(world) = World::new() else { return };
    for (kind, call) in [("flock", Call::Flock), ("ofd", Call::Fcntl), ("posix", Call::Fcntl)] {
        let holder = holder(&world, &["--kind", kind]);
        let waiters = [(); 2].map(|()| world.start("rlock", &["run", FILE, "--kind", kind, "--", "true"]));
        for waiter in &waiters {
            waiter.wait_until_in(call);
        }
        let list = json(&world, &["list", FILE, "--json"]);
        let pids: Vec<_> = list.as_array().expect("an array").iter().map(|row| row["pid"].as_u64()).collect();
        let own = |running: &Running| Some(u64::from(running.id()));
        assert_eq!((pids.len(), pids[0]), (3, own(&holder)), "{list}");
        assert!(waiters.iter().all(|waiter| pids[1..].contains(&own(waiter))), "{list}");
        for row in &list.as_array().expect("an array")[1..] {
            assert_eq!((row["standing"].as_str(), row["path"].as_str()), (Some("waits"), Some(FILE)));
            let blocker = row["blocked_by"][0].as_u64();
            assert!(blocker == own(&holder) || pids[1..].contains(&blocker) && blocker != row["pid"].as_u64(), "{row}");
        }
        let of_waiter = json(&world, &["list", "--json", "--pid", &waiters[0].id().to_string()]);
        assert_eq!(of_waiter.as_array().map(Vec::len), Some(1));
        let shown = world.ok("rlock", &["show", "--pid", &waiters[0].id().to_string()]);
        assert!(shown.contains("command  rlock\nlocks    1\n") && shown.contains(" waits "), "{shown}");
    }
}

#[test]
fn files_with_the_same_inode_number_are_told_apart() {
    let Some(world) = World::new() else { return };
    let made = world.script(
        "cd /dev/shm && mkdir a b && mount -t tmpfs one a && mount -t tmpfs two b && : >a/f && : >b/f && stat -c %i a/f b/f",
        &[],
    );
    let inodes = made.success();
    let (one, two) = inodes.split_once('\n').expect("two lines");
    if one != two {
        skip("new file systems do not begin with the same inode number");
        return;
    }
    let mut holder = world.start("rlock", &["run", "/dev/shm/b/f", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    assert_eq!(holder.line(), "up");
    assert_eq!(listed(&world, "/dev/shm/a/f", "path"), "");
    assert_eq!(listed(&world, "/dev/shm/b/f", "path"), "/dev/shm/b/f");
    let of_holder = world.ok("rlock", &["list", "--pid", &holder.id().to_string(), "--no-header", "-o", "path,inode"]);
    assert_eq!(of_holder, format!("/dev/shm/b/f  {one}"));
}

#[test]
fn inside_a_pid_namespace_descriptors_tell_what_the_table_leaves_out() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let script = "exec 9>\"$1\"; flock 9; (exec 9>&-; exec rlock run \"$1\" -- sleep 1000) & waiter=$!
        until [ \"$(cut -d' ' -f1 /proc/$waiter/syscall)\" = \"$2\" ]; do :; done
        rlock list \"$1\" --no-header -o pid,command,standing,path 9>&-; echo $$ $waiter; kill -9 $waiter";
    let inside =
        format!("unshare --pid --fork --kill-child --mount-proc sh -c '{}' sh \"$@\"", script.replace('\'', "'\\''"));
    let outcome = world.script(&inside, &[FILE, if cfg!(target_arch = "x86_64") { "73" } else { "32" }]);
    if outcome.stdout().is_empty() {
        skip("no pid namespace of our own can be made here");
        return;
    }
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let words: Vec<&str> = printed.split_whitespace().collect();
    let [.., shell, waiter] = words[..] else { panic!("{printed}") };
    assert_eq!(words[..8], [shell, "sh", "held", FILE, waiter, "rlock", "waits", FILE], "{printed}");
}

#[test]
fn a_file_that_is_gone_keeps_its_name() {
    let Some(world) = World::new() else { return };
    let holder = holder(&world, &[]);
    world.script("rm \"$1\"", &[FILE]).success();
    let of_holder = world.ok("rlock", &["list", "--pid", &holder.id().to_string(), "--no-header", "-o", "path"]);
    assert_eq!(of_holder, format!("{FILE} (deleted)"));
    assert_eq!(world.run("rlock", &["list", FILE]).status(), 3);
    world.run("rlock", &["show", FILE]).fails(3, "cannot look at '/dev/shm/lock': No such file or directory\n");
    world.run("rlock", &["show"]).fails(2, "FILE");
}

#[test]
fn leases_are_listed() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    let script = format!("fd = os.open('{FILE}', os.O_RDWR | os.O_CREAT)\nfcntl.fcntl(fd, 1024, WRITE)");
    let python = python(&world, &script);
    assert_eq!(listed(&world, FILE, "pid,kind,claim"), format!("{}  lease  exclusive", python.id()));
}

#[test]
fn others_locks_are_listed_without_privilege() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    let holder = holder(&world, &["--mode", "644"]);
    let pid = holder.id().to_string();
    let mut command = nobody.command("rlock");
    let outcome = Outcome::of(command.args(["list", FILE, "--no-header", "-o", "pid,command,standing,path"]));
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    assert_eq!(printed.trim_end(), format!("{pid}  sleep  held  {FILE}"), "{}", outcome.stderr());
    assert_eq!(outcome.stderr(), "");
    let all = nobody.run("rlock", &["list", "--pid", &pid, "--no-header", "-o", "path"]);
    assert_eq!((all.stdout(), all.stderr().as_str()), (&b"?\n"[..], ""));
    let shown = nobody.run("rlock", &["show", FILE]);
    assert!(shown.stderr().contains("could not be looked at"), "{}", shown.stderr());
    nobody.run("rlock", &["run", FILE, "-n", "--", "true"]).fails(124, &format!("locked by process {pid} (sleep)"));
}

#[test]
fn a_hostile_name_is_harmless() {
    let Some(world) = World::new() else { return };
    let name = "/dev/shm/a\x1b[31m\nb";
    let mut holder = world.start("rlock", &["run", name, "--", "sh", "-c", "echo up; exec sleep 1000"]);
    assert_eq!(holder.line(), "up");
    wait_until("it is listed", || listed(&world, name, "path") == "/dev/shm/a\\x1b[31m\\nb");
    let list = json(&world, &["list", name, "--json"]);
    assert_eq!(list[0]["path"], name);
    world.run("rlock", &["run", name, "-n", "--", "true"]).fails(124, "'/dev/shm/a\\x1b[31m\\nb' is locked by");
}

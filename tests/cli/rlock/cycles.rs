//! Who waits for whom, in circles.

use serde_json::Value;

use crate::support::{Call, Running, World, has};

/// Two processes that each hold a file and wait for the other's.
fn deadlock(world: &World, kind: &str, call: Call) -> [Running; 2] {
    let files = ["/dev/shm/a", "/dev/shm/b"];
    let both = [(files[0], files[1]), (files[1], files[0])].map(|(own, other)| {
        let script = format!("echo up; read line; exec rlock run {other} --kind {kind} -- true");
        let mut running = world.start("rlock", &["run", own, "--kind", kind, "--", "sh", "-c", &script]);
        assert_eq!(running.line(), "up");
        running
    });
    both.map(|mut running| {
        let (mut stdin, _stdout) = running.pipes();
        std::io::Write::write_all(&mut stdin, b"go\n").expect("it reads");
        running.wait_until_in(call);
        running
    })
}

#[test]
fn two_who_wait_for_each_other_are_a_cycle() {
    let Some(world) = World::new() else { return };
    // The kernel refuses that to POSIX locks.
    for (kind, call) in [("flock", Call::Flock), ("ofd", Call::Fcntl)] {
        let both = deadlock(&world, kind, call);
        let [one, other] = [both[0].id(), both[1].id()];
        let (low, high) = (one.min(other), one.max(other));
        let list = world.run("rlock", &["list", "/dev/shm/a", "/dev/shm/b", "--json"]);
        let list: Value = serde_json::from_slice(list.stdout()).expect("JSON");
        let waiting: Vec<&Value> =
            list.as_array().expect("an array").iter().filter(|row| row["standing"] != "held").collect();
        assert_eq!(waiting.len(), 2, "{list}");
        for row in waiting {
            assert_eq!(row["standing"], "deadlock");
            assert_eq!(row["cycle"], serde_json::json!([low, high]));
        }
        let shown = world.ok("rlock", &["show", "/dev/shm/b"]);
        let sentence = format!("cycle   {low} (rlock) waits for {high} (rlock), which waits for {low}\n");
        assert!(shown.contains(&sentence), "{shown}");
        let shown = world.run("rlock", &["show", "--pid", &one.to_string(), "--json"]);
        let shown: Value = serde_json::from_slice(shown.stdout()).expect("JSON");
        assert_eq!(shown["cycles"], serde_json::json!([{ "processes": [low, high] }]));
    }
}

#[test]
fn a_chain_is_no_cycle() {
    let Some(world) = World::new() else { return };
    let hold = |words: &[&str]| world.start("rlock", words);
    let mut first = hold(&["run", "/dev/shm/a", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    assert_eq!(first.line(), "up");
    let second = hold(&["run", "/dev/shm/b", "--", "rlock", "run", "/dev/shm/a", "--", "true"]);
    second.wait_until_in(Call::Flock);
    let third = hold(&["run", "/dev/shm/b", "--", "true"]);
    third.wait_until_in(Call::Flock);
    let list = world.ok("rlock", &["list", "/dev/shm/a", "/dev/shm/b", "--no-header", "-o", "standing"]);
    let mut standing: Vec<_> = list.lines().collect();
    standing.sort_unstable();
    assert_eq!(standing, ["held", "held", "waits", "waits"]);
    assert!(!world.ok("rlock", &["show", "/dev/shm/a", "/dev/shm/b"]).contains("cycle"));
}

#[test]
fn who_waits_for_its_own_descriptor_waits_for_itself() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    // The classic: a script locks a file, and calls another one that does.
    let mut shell =
        Running::start(&mut world.sh("exec 9>/dev/shm/a; flock 9; flock /dev/shm/a true & echo $!; wait", &[]));
    let waiter = shell.line();
    crate::support::wait_until_in(waiter.parse().expect("a pid"), Call::Flock);
    let shown = world.ok("rlock", &["show", "/dev/shm/a"]);
    assert!(shown.contains(&format!("cycle   {waiter} (flock) waits for {waiter}\n")), "{shown}");
}

#[test]
fn the_kernel_refuses_a_cycle_of_posix_locks() {
    let Some(world) = World::new() else { return };
    let script = "echo up; read line; exec rlock run /dev/shm/b --kind posix -- true";
    let mut one = world.start("rlock", &["run", "/dev/shm/a", "--kind", "posix", "--", "sh", "-c", script]);
    assert_eq!(one.line(), "up");
    let two = ["run", "/dev/shm/b", "-k", "posix", "--", "rlock", "run", "/dev/shm/a", "-k", "posix", "--", "true"];
    let two = world.start("rlock", &two);
    two.wait_until_in(Call::Fcntl);
    let (stdin, _stdout) = one.pipes();
    drop(stdin);
    one.outcome().fails(125, "cannot lock '/dev/shm/b': Resource deadlock avoided\n");
    two.outcome().success();
}

//! `wait`, `post` and `op`.

use std::time::{Duration, Instant};

use crate::support::{Call, World, wait_until};

/// A semaphore of each kind with this value, by its name.
fn semaphores(world: &World, value: &str) -> [&'static str; 2] {
    for name in ["0x4b", "/s"] {
        world.ok("rsem", &["create", name, "--value", value]);
    }
    ["0x4b", "/s"]
}

#[test]
fn units_are_taken_and_given() {
    let Some(world) = World::new() else { return };
    for name in semaphores(&world, "3") {
        let after = |arguments: &[&str], value| {
            world.ok("rsem", arguments);
            assert_eq!(world.ok("rsem", &["get", name]), value, "{arguments:?}");
        };
        after(&["wait", name], "2");
        after(&["p", name, "2"], "0");
        after(&["wait", name, "--zero"], "0");
        after(&["v", name], "1");
        after(&["post", name, "4"], "5");
        world.run("rsem", &["wait", name, "--zero", "--nowait"]).fails(124, "is not 0\n");
        world.run("rsem", &["wait", name, "6", "--nowait"]).fails(124, "has not 6 units\n");
        assert_eq!(world.ok("rsem", &["get", name]), "5", "all or none");
        world.ok("rsem", &["wait", name, "5"]);
        world.run("rsem", &["wait", name, "--nowait"]).fails(124, "has no unit\n");
        assert_eq!(world.run("rsem", &["wait", name, "-nq"]).stderr(), "");
        world.run("rsem", &["wait", name, "2", "--zero"]).fails(2, "--zero");
        world.run("rsem", &["wait", name, "0"]).fails(2, "0");
    }
}

#[test]
fn a_timeout_is_kept() {
    let Some(world) = World::new() else { return };
    for name in semaphores(&world, "1") {
        for arguments in [&["wait", name, "2"][..], &["wait", name, "--zero"]] {
            let started = Instant::now();
            let waited = world.run("rsem", &[arguments, &["--timeout", "0.2"]].concat());
            waited.fails(124, "until the timeout\n");
            assert!(started.elapsed() >= Duration::from_millis(200), "{arguments:?}");
        }
        assert_eq!(world.ok("rsem", &["get", name]), "1");
    }
}

#[test]
fn a_sleeper_wakes_when_enough_units_come() {
    let Some(world) = World::new() else { return };
    for (name, call) in semaphores(&world, "0").into_iter().zip([Call::Semtimedop, Call::Futex]) {
        let sleeper = world.start("rsem", &["wait", name, "2", "--timeout", "100"]);
        sleeper.wait_until_in(call);
        world.ok("rsem", &["post", name]);
        world.ok("rsem", &["post", name]);
        sleeper.outcome().success();
        assert_eq!(world.ok("rsem", &["get", name]), "0");
    }
}

#[test]
fn whom_one_unit_is_not_enough_takes_none_and_passes_the_wake_up_on() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "/s", "--value", "0"]);
    // Who came first is woken first.
    let wants_two = world.start("rsem", &["wait", "/s", "2"]);
    wants_two.wait_until_in(Call::Futex);
    let wants_one = world.start("rsem", &["wait", "/s"]);
    wants_one.wait_until_in(Call::Futex);
    world.ok("rsem", &["post", "/s"]);
    wait_until("it has gone to who wants one", || world.ok("rsem", &["get", "/s"]) == "0");
    wants_one.outcome().success();

    wants_two.wait_until_in(Call::Futex);
    world.ok("rsem", &["post", "/s"]);
    wants_two.wait_until_in(Call::Nanosleep);
    for _ in 0..50 {
        assert_eq!(world.ok("rsem", &["get", "/s"]), "1", "nobody takes it for a moment");
    }
    world.ok("rsem", &["post", "/s"]);
    wants_two.outcome().success();
    assert_eq!(world.ok("rsem", &["get", "/s"]), "0");
}

#[test]
fn a_value_that_is_set_wakes_as_many_as_it_is_enough_for() {
    let Some(world) = World::new() else { return };
    for (name, call) in semaphores(&world, "0").into_iter().zip([Call::Semtimedop, Call::Futex]) {
        let sleepers: Vec<_> = (0..3).map(|_| world.start("rsem", &["wait", name])).collect();
        for sleeper in &sleepers {
            sleeper.wait_until_in(call);
        }
        world.ok("rsem", &["set", name, "--value", "4"]);
        for sleeper in sleepers {
            sleeper.outcome().success();
        }
        assert_eq!(world.ok("rsem", &["get", name]), "1");
    }
}

#[test]
fn a_sleeper_for_zero_wakes_and_takes_nothing() {
    let Some(world) = World::new() else { return };
    for (name, call) in semaphores(&world, "1").into_iter().zip([Call::Semtimedop, Call::Nanosleep]) {
        let sleeper = world.start("rsem", &["wait", name, "--zero"]);
        sleeper.wait_until_in(call);
        world.ok("rsem", &["wait", name]);
        sleeper.outcome().success();
    }
}

#[test]
fn a_stopped_sleeper_goes_on() {
    let Some(world) = World::new() else { return };
    for (name, call) in semaphores(&world, "0").into_iter().zip([Call::Semtimedop, Call::Futex]) {
        let sleeper = world.start("rsem", &["wait", name]);
        sleeper.wait_until_in(call);
        sleeper.signal("STOP");
        sleeper.signal("CONT");
        sleeper.wait_until_in(call);
        world.ok("rsem", &["post", name]);
        sleeper.outcome().success();
    }
}

#[test]
fn a_signal_leaves_no_waiting_process_behind_in_the_count() {
    let Some(world) = World::new() else { return };
    for (name, call) in semaphores(&world, "0").into_iter().zip([Call::Semtimedop, Call::Futex]) {
        let waiting = || world.ok("rsem", &["list", "-o", "name,waiting", "--no-header"]);
        let sleeper = world.start("rsem", &["wait", name]);
        sleeper.wait_until_in(call);
        assert!(waiting().lines().any(|line| line.ends_with('1')), "{}", waiting());
        sleeper.signal("TERM");
        assert_eq!(sleeper.outcome().status(), 143);
        assert!(waiting().lines().all(|line| line.ends_with('0')), "{}", waiting());
    }
}

#[test]
fn no_value_exceeds_its_highest() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "32766"]);
    world.ok("rsem", &["create", "/s", "--value", "2147483646"]);
    for (name, words) in [("0x4b", "SEMVMX, 32767"), ("/s", "SEM_VALUE_MAX, 2147483647")] {
        let before = world.ok("rsem", &["get", name]);
        world.run("rsem", &["post", name, "2"]).fails(1, words);
        assert_eq!(world.ok("rsem", &["get", name]), before, "all or none");
        world.ok("rsem", &["post", name]);
        world.run("rsem", &["post", name]).fails(1, words);
    }
    world.run("rsem", &["wait", "0x4b", "32768"]).fails(2, "more than a semaphore of this kind can have, 32767");
    world.run("rsem", &["op", "0x4b", "0+1"]).fails(1, "a value would go above SEMVMX, 32767");
}

#[test]
fn an_index_chooses_the_semaphore() {
    let Some(world) = World::new() else { return };
    let set = world.ok("rsem", &["create", "0x4b", "--value", "5,5,5"]);
    for name in [format!("{set}:1"), format!("id:{set}:1"), "0x4b:1".into(), "key:75:1".into(), "key:0x4b:1".into()] {
        world.ok("rsem", &["wait", &name]);
    }
    assert_eq!(world.ok("rsem", &["get", &set]), "5\n0\n5");
    world.run("rsem", &["wait", "0x4b:3"]).fails(1, "there is no semaphore 3 of set 0x0000004b: it has 3, from 0 to 2");
    world.ok("rsem", &["create", "ftok:/etc/passwd:7", "--value", "1,2"]);
    assert_eq!(world.ok("rsem", &["get", "ftok:/etc/passwd:7:1"]), "2");
    assert_eq!(world.ok("rsem", &["get", "ftok:/etc/passwd:7"]), "1\n2");
    world.run("rsem", &["get", "ftok:/etc/passwd"]).fails(3, "cannot open");
    world.ok("rsem", &["create", "/a:1", "--value", "9"]);
    assert_eq!(world.ok("rsem", &["get", "/a:1"]), "9");
}

#[test]
fn operations_happen_all_or_not_at_all() {
    let Some(world) = World::new() else { return };
    let set = world.ok("rsem", &["create", "0x4b", "--value", "1,0,3"]);
    let values = || world.ok("rsem", &["get", "0x4b"]);
    world.ok("rsem", &["op", &set, "0-1", "1=0", "2+3"]);
    assert_eq!(values(), "0\n0\n6");
    world.run("rsem", &["op", "0x4b", "2-1", "0-1", "--nowait"]).fails(124, "does not allow all of it\n");
    world.run("rsem", &["op", "0x4b", "2-1", "0-1n"]).fails(124, "does not allow all of it\n");
    world.run("rsem", &["op", "0x4b", "2-1", "2=0", "-t", "0.1"]).fails(124, "until the timeout\n");
    assert_eq!(values(), "0\n0\n6");
    // On one semaphore they count one after the other.
    world.ok("rsem", &["op", "0x4b", "2-6", "2=0", "2+1"]);
    assert_eq!(values(), "0\n0\n1");
    let sleeper = world.start("rsem", &["op", "0x4b", "0-1", "1-1"]);
    sleeper.wait_until_in(Call::Semtimedop);
    world.ok("rsem", &["post", "0x4b:0"]);
    sleeper.wait_until_in(Call::Semtimedop);
    assert_eq!(values(), "1\n0\n1", "nothing is held while one is missing");
    world.ok("rsem", &["post", "0x4b:1"]);
    sleeper.outcome().success();
    assert_eq!(values(), "0\n0\n1");
}

#[test]
fn what_is_no_operation_changes_nothing() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--value", "1,1"]);
    world.ok("rsem", &["create", "/s", "--value", "1"]);
    let no_such = "there is no semaphore of such an index, it has 2, from 0 to 1";
    world.run("rsem", &["op", "0x4b", "0-1", "5-1"]).fails(1, no_such);
    world.run("rsem", &["op", "0x4b", "0-1", "x"]).fails(2, "an operation is INDEX-N");
    world.run("rsem", &["op", "0x4b", "0-1u"]).fails(2, "u undoes when the process ends");
    world.run("rsem", &["op", "/s", "0-1"]).fails(2, "a POSIX semaphore is alone");
    let limits = world.script("cat /proc/sys/kernel/sem", &[]).success();
    if limits.split_whitespace().nth(2) == Some("500") {
        let words = "501 operations are more than SEMOPM of kernel.sem, 500";
        world.run("rsem", &[&["op", "0x4b"], &["0+1"; 501][..]].concat()).fails(1, words);
    }
    assert_eq!(world.ok("rsem", &["get", "0x4b"]), "1\n1");
}

#[test]
fn op_with_a_command_holds_what_is_to_be_undone() {
    let Some(world) = World::new() else { return };
    let set = world.ok("rsem", &["create", "0x4b", "--value", "2,2,0"]);
    assert_eq!(world.ok("rsem", &["op", &set, "0-1u", "1-2u", "2+1", "--", "rsem", "get", &set]), "1\n0\n1");
    assert_eq!(world.ok("rsem", &["get", &set]), "2\n2\n1", "u is undone, the rest stays");
    assert_eq!(world.run("rsem", &["op", &set, "0-1u", "--", "sh", "-c", "exit 9"]).status(), 9);
    world.run("rsem", &["op", "99", "0-1u", "--", "true"]).fails(125, "cannot open");
    world.run("rsem", &["op", &set, "0-9n", "--", "true"]).fails(124, "does not allow");
    world.run("rsem", &["op", &set, "0-1u", "--", "/no/such"]).fails(127, "cannot run '/no/such'");
    assert_eq!(world.ok("rsem", &["get", &set]), "2\n2\n1");
}

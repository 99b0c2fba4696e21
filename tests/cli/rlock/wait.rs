//! `rlock wait`: until a lock could be had, without taking it.

use super::{FILE, holder, listed};
use crate::support::{Call, World, can_trace, has};

#[test]
fn it_waits_for_the_end_of_the_lock_and_takes_nothing() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd", "posix"] {
        let holder = holder(&world, &["--kind", kind]);
        let waiter = world.start("rlock", &["wait", FILE, "--kind", kind]);
        waiter.wait_until_in(Call::Nanosleep);
        assert_eq!(listed(&world, FILE, "standing"), "held");
        world.run("rlock", &["wait", FILE, "-k", kind, "--timeout", "0.05"]).fails(124, "(sleep), which started 2");
        assert_eq!(world.run("rlock", &["wait", FILE, "-k", kind, "-nq"]).stderr(), "");
        drop(holder);
        waiter.outcome().success();
        world.ok("rlock", &["wait", FILE, "-n", "-k", kind]);
    }
}

#[test]
fn the_table_of_locks_is_read_at_once() {
    let Some(world) = World::new() else { return };
    if !can_trace() {
        return;
    }
    let script =
        ": >\"$1\"; strace -o /dev/fd/3 -P /proc/locks -e trace=read rlock wait \"$1\" -n 3>&1 >/dev/null 2>&1";
    let log = world.script(script, &[FILE]);
    let log = String::from_utf8_lossy(log.stdout()).into_owned();
    // read(3, "...", 8192)     = 63
    let asked = log.lines().filter_map(|line| line.rsplit_once(')')?.0.rsplit_once(", "));
    let asked: Vec<u32> = asked.map(|(_, room)| room.parse().expect("a number")).collect();
    assert!(!asked.is_empty() && asked.iter().all(|&room| room >= 4096), "{log}");
}

#[test]
fn readers_do_not_wait_for_readers() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd", "posix"] {
        let _reader = holder(&world, &["--shared", "--kind", kind]);
        world.ok("rlock", &["wait", FILE, "-n", "--shared", "-k", kind]);
        assert_eq!(world.run("rlock", &["wait", FILE, "-nq", "-k", kind]).status(), 124);
    }
}

#[test]
fn a_lock_whose_taker_has_ended_counts() {
    let Some(world) = World::new() else { return };
    if !has("flock") {
        return;
    }
    let script = "exec 9>\"$1\"; flock 9; rlock wait \"$1\" -nq; echo $?; exec 9>&-; rlock wait \"$1\" -n; echo $?";
    assert_eq!(world.script(script, &[FILE]).success(), "124\n0");
    // Inside a pid namespace the kernel's table does not have it.
    let inside = format!("unshare --pid --fork --mount-proc sh -c '{script}' sh \"$1\"");
    let outcome = world.script(&inside, &[FILE]);
    if outcome.status() == 0 {
        assert_eq!(outcome.success(), "124\n0");
    }
}

#[test]
fn what_is_not_there_cannot_be_waited_for() {
    let Some(world) = World::new() else { return };
    for kind in ["flock", "ofd"] {
        world.run("rlock", &["wait", FILE, "-k", kind]).fails(3, "cannot open '/dev/shm/lock': No such file or dir");
    }
}

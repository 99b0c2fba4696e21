//! How long the verbs wait, and for whom.

use std::time::{Duration, Instant};

use super::{FIFO, world_with_fifo};
use crate::support::{Call, Outcome, PATIENCE};

/// Runs it with a timeout of 0.3 seconds and expects it to give up then; a machine that is busy may be late.
fn gives_up(words: &str, run: impl Fn() -> Outcome) {
    let started = Instant::now();
    run().fails(124, words);
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(300), "too early: {took:?}");
    assert!(took < PATIENCE, "too late: {took:?}");
}

#[test]
fn a_reader_without_a_writer_gives_up_in_time() {
    let Some(world) = world_with_fifo() else { return };
    let recv = |more: &[&str]| world.run("rfifo", &[&["recv", FIFO, "--timeout", "0.3"], more].concat());
    for more in [&[][..], &["--count", "1"], &["--follow"], &["--json"], &["--exec", "cat"]] {
        gives_up("nothing came through '/dev/shm/f' until the timeout", || recv(more));
    }
}

#[test]
fn a_writer_without_a_reader_gives_up_in_time() {
    let Some(world) = world_with_fifo() else { return };
    for more in [&["x"][..], &["x", "--follow"], &[], &["--whole"]] {
        let send = || world.run("rfifo", &[&["send", FIFO, "--timeout", "0.3"], more].concat());
        gives_up("nobody opened '/dev/shm/f' to read until the timeout", send);
    }
}

#[test]
fn a_peer_that_does_nothing_does_not_hold_anybody_up() {
    let Some(world) = world_with_fifo() else { return };
    // Opened for both, so that it does not sleep there.
    let mut silent = world.start("sh", &["-c", "exec 3<> /dev/shm/f; echo there; exec cat"]);
    assert_eq!(silent.line(), "there");
    gives_up("nothing came", || world.run("rfifo", &["recv", FIFO, "-t", "0.3"]));
    world.run("rfifo", &["recv", FIFO, "-n"]).fails(124, "nothing to read from '/dev/shm/f' now");
    // More than there is room for.
    let many = vec![b'x'; 3 << 20];
    for (option, words) in
        [("-t0.3", "stayed full until the timeout, a part was sent before"), ("-n", "'/dev/shm/f' is full")]
    {
        world.feed("rfifo", &["send", FIFO, "--whole", option], &many).fails(124, words);
    }
}

#[test]
fn nowait_fails_at_once_without_a_peer_and_works_with_one() {
    let Some(world) = world_with_fifo() else { return };
    world.run("rfifo", &["send", FIFO, "--nowait", "x"]).fails(124, "nobody has '/dev/shm/f' open to read");
    world.run("rfifo", &["recv", FIFO, "--nowait"]).fails(124, "nothing to read from '/dev/shm/f' now");
    world.run("rfifo", &["recv", FIFO, "--nowait", "--quiet"]).fails(124, "");
    assert_eq!(world.run("rfifo", &["send", FIFO, "-nq", "x"]).stderr(), "");
    let reader = world.start("rfifo", &["recv", FIFO]);
    reader.wait_until_in(Call::Poll);
    world.ok("rfifo", &["send", FIFO, "--nowait", "x"]);
    assert_eq!(reader.outcome().success(), "x");
}

#[test]
fn wait_sees_peers_and_does_not_become_one() {
    let Some(world) = world_with_fifo() else { return };
    let wait = |state: &str| world.run("rfifo", &["wait", FIFO, "--nowait", "--for", state]).status();
    let states = || ["peer", "reader", "writer", "both", "gone"].map(wait);
    assert_eq!(states(), [124, 124, 124, 124, 0]);
    // It sleeps in open(2), and goes on sleeping there.
    let writer = world.start("sh", &["-c", "exec 3> /dev/shm/f; echo open"]);
    writer.wait_until_in(Call::Openat);
    assert_eq!(states(), [0, 124, 0, 124, 124]);
    writer.wait_until_in(Call::Openat);
    let reader = world.start("sh", &["-c", "exec 3< /dev/shm/f; exec cat"]);
    assert_eq!(world.ok("rfifo", &["wait", FIFO, "--for", "reader"]), "");
    assert_eq!(writer.outcome().success(), "open");
    let gone = world.start("rfifo", &["wait", FIFO, "--for", "gone"]);
    gone.wait_until_in(Call::Nanosleep);
    drop(reader);
    gone.outcome().success();
    world.run("rfifo", &["wait", FIFO, "-t", "0.1"]).fails(124, "'/dev/shm/f' has neither reader nor writer");
}

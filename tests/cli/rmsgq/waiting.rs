//! Waiting: timeouts, full queues, removal, signals.

use std::time::{Duration, Instant};

use crate::support::{Call, Outcome, PATIENCE, World, can_trace};

/// Sees that this takes 0.2 s: never less; a machine that is busy may be late with anything.
pub(super) fn takes_a_fifth_of_a_second(act: impl Fn()) {
    let started = Instant::now();
    act();
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(200) && took < PATIENCE, "{took:?}");
}

#[test]
fn a_timeout_is_kept() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    takes_a_fifth_of_a_second(|| {
        let waited = world.run("rmsgq", &["recv", &queue, "--timeout", "0.2"]);
        waited.fails(124, "rmsgq: no message came to queue 0 until the timeout\n");
    });
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(124, "rmsgq: no message in queue 0\n");
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--timeout", "0", "--quiet"]).stderr(), "");
    world.run("rmsgq", &["recv", &queue, "--timeout", "1", "--nowait"]).fails(2, "cannot be used with");
}

#[test]
fn a_message_in_time_ends_the_wait() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let reader = world.start("rmsgq", &["recv", &queue, "--timeout", "100s"]);
    reader.wait_until_in(Call::Msgrcv);
    world.ok("rmsgq", &["send", &queue, "here"]);
    assert_eq!(reader.outcome().success(), "here");
}

#[test]
fn removal_wakes_a_receiver_with_status_3() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for timeout in [&[][..], &["--timeout", "100"]] {
        let queue = if timeout.is_empty() { queue.clone() } else { world.ok("rmsgq", &["create"]) };
        let reader = world.start("rmsgq", &[&["recv", &queue], timeout].concat());
        reader.wait_until_in(Call::Msgrcv);
        world.ok("rmsgq", &["remove", &queue]);
        let words = format!("rmsgq: cannot receive from queue {queue}: Identifier removed\n");
        reader.outcome().fails(3, &words);
    }
}

#[test]
fn a_full_queue_makes_the_sender_wait() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["set", &queue, "--max-bytes", "10"]);
    let full = world.run("rmsgq", &["send", &queue, "12345", "67890", "x", "--nowait"]);
    full.fails(124, "rmsgq: queue 0 is full (msg_qbytes is 10, it holds 10 bytes), 2 messages sent before\n");
    let started = Instant::now();
    world.run("rmsgq", &["send", &queue, "x", "--timeout", "0.2"]).fails(124, "stayed full until the timeout");
    assert!(started.elapsed() >= Duration::from_millis(200));
    let sender = world.start("rmsgq", &["send", &queue, "last"]);
    sender.wait_until_in(Call::Msgsnd);
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "12345");
    sender.outcome().success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--count", "2"]), "67890\nlast");
}

#[test]
fn a_signal_ends_a_receiver_that_sleeps() {
    let Some(world) = World::new() else { return };
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let queue = world.ok("rmsgq", &["create"]);
        for more in [&["--follow"][..], &["--timeout", "100"]] {
            let reader = world.start("rmsgq", &[&["recv", &queue], more].concat());
            reader.wait_until_in(Call::Msgrcv);
            reader.signal(signal);
            let outcome = reader.outcome();
            assert_eq!((outcome.status(), outcome.stderr().as_str()), (status, ""));
        }
    }
}

#[test]
fn a_stopped_receiver_goes_on() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let reader = world.start("rmsgq", &["recv", &queue]);
    reader.wait_until_in(Call::Msgrcv);
    reader.signal("STOP");
    reader.signal("CONT");
    reader.wait_until_in(Call::Msgrcv);
    world.ok("rmsgq", &["send", &queue, "after"]);
    assert_eq!(reader.outcome().success(), "after");
}

#[test]
fn waiting_makes_no_needless_calls() {
    let Some(world) = World::new() else { return };
    if !can_trace() {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    let count = |args: &str| -> usize {
        let script = format!("strace -f -o /dev/fd/3 {args} 3>&1 >/dev/null 2>&1");
        Outcome::of(&mut world.sh(&script, &[&queue])).stdout().split(|&byte| byte == b'\n').count()
    };
    let tools = count("rmsgq create");
    assert!((5..=28).contains(&tools), "{tools} lines of strace for one create");
}

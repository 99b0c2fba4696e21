//! POSIX queues through the same verbs.

use super::waiting::takes_a_fifth_of_a_second;
use crate::support::{Call, World};

#[test]
fn the_highest_priority_comes_first_and_the_oldest_among_equals() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rmsgq", &["create", "/jobs"]), "/jobs");
    for (priority, text) in [("3", "three"), ("9", "nine"), ("3", "three too"), ("0", "zero"), ("32767", "top")] {
        world.ok("rmsgq", &["send", "/jobs", "--priority", priority, text]);
    }
    assert_eq!(world.ok("rmsgq", &["recv", "/jobs", "-c", "5"]), "top\nnine\nthree\nthree too\nzero");
    world.run("rmsgq", &["send", "/jobs", "--priority", "32768", "x"]).fails(2, "32768 is not in 0..=32767");
    world.run("rmsgq", &["send", "/jobs", "--type", "1", "x"]).fails(2, "--type is for System V");
    world.run("rmsgq", &["recv", "/jobs", "--type", "1"]).fails(2, "for System V");
}

#[test]
fn timeouts_and_full_queues_are_as_with_system_v() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q", "--max-messages", "2", "--max-size", "4"]);
    world.run("rmsgq", &["recv", "/q", "--nowait"]).fails(124, "rmsgq: no message in queue '/q'\n");
    takes_a_fifth_of_a_second(|| {
        let waited = world.run("rmsgq", &["recv", "/q", "--timeout", "0.2"]);
        waited.fails(124, "no message came to queue '/q' until the timeout");
    });
    world
        .run("rmsgq", &["send", "/q", "12345"])
        .fails(1, "a message of 5 bytes is too long: the queue's message size is 4");
    let full = world.run("rmsgq", &["send", "/q", "1", "2", "3", "--nowait"]);
    full.fails(124, "rmsgq: queue '/q' is full (it holds 2 messages), 2 messages sent before\n");
    let sender = world.start("rmsgq", &["send", "/q", "3"]);
    sender.wait_until_in(Call::MqSend);
    assert_eq!(world.ok("rmsgq", &["recv", "/q"]), "1");
    sender.outcome().success();
    assert_eq!(world.ok("rmsgq", &["recv", "/q", "--drain"]), "2\n3");
}

#[test]
fn a_signal_ends_a_receiver_that_sleeps() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q"]);
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let reader = world.start("rmsgq", &["recv", "/q", "--follow"]);
        reader.wait_until_in(Call::MqReceive);
        reader.signal(signal);
        let outcome = reader.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (status, ""));
    }
}

#[test]
fn what_cannot_be_written_goes_back_with_its_priority() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q"]);
    world.ok("rmsgq", &["send", "/q", "--priority", "7", "a", "b"]);
    world.script("rmsgq recv /q --count 2 >/dev/full", &[]).fails(1, "No space left on device");
    let expected = "{\"priority\":7,\"size\":1,\"text\":\"a\"}\n{\"priority\":7,\"size\":1,\"text\":\"b\"}";
    assert_eq!(world.ok("rmsgq", &["recv", "/q", "--drain", "--json"]), expected);
}

#[test]
fn the_mode_is_what_was_asked_for() {
    let Some(world) = World::new() else { return };
    world.script("umask 077; rmsgq create /open --mode 666; rmsgq create /closed", &[]).success();
    let list = world.ok("rmsgq", &["list", "-o", "name,mode", "--no-header"]);
    assert_eq!(list, "/closed  0600\n/open    0666");
    world.ok("rmsgq", &["set", "/open", "--mode", "go-w"]);
    world.run("rmsgq", &["set", "/open", "--max-bytes", "1"]).fails(2, "for System V queues");
    assert!(world.ok("rmsgq", &["list", "-o", "name,mode", "--no-header"]).ends_with("0644"));
    world.run("rmsgq", &["create", "/open", "--exclusive"]).fails(4, "cannot create queue '/open': File exists");
    assert_eq!(world.ok("rmsgq", &["create", "/open"]), "/open");
    world.ok("rmsgq", &["remove", "/open", "/closed"]);
    world.run("rmsgq", &["remove", "/open"]).fails(3, "cannot remove queue '/open': No such file or directory");
}

#[test]
fn messages_move_between_the_kinds_where_they_fit() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["create", "/q"]);
    world.ok("rmsgq", &["send", &queue, "--type", "5", "five"]);
    world.ok("rmsgq", &["send", &queue, "--type", "40000", "too high"]);
    world.ok("rmsgq", &["send", &queue, "--type", "6", "six"]);
    let moved = world.script("rmsgq recv \"$1\" --drain --json | rmsgq send /q --json", &[&queue]);
    moved.fails(1, "rmsgq: record 2 is not sent: priority 40000 is not between 0 and 32767\n");
    let moved = world.script("rmsgq recv /q --drain --json | rmsgq send \"$1\" --json", &[&queue]);
    moved.success();
    let expected = "{\"type\":6,\"size\":3,\"text\":\"six\"}\n{\"type\":5,\"size\":4,\"text\":\"five\"}";
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain", "--json"]), expected);
}

#[test]
fn nobody_can_peek_into_it() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q"]);
    world.ok("rmsgq", &["send", "/q", "x"]);
    world.run("rmsgq", &["peek", "/q"]).fails(1, "the kernel shows a POSIX message only to who takes it");
    assert_eq!(world.ok("rmsgq", &["clear", "/q"]), "1");
}

//! Limits: each refusal names the limit and its value.

use crate::support::{Outcome, World, has, skip};

#[test]
fn a_message_above_the_limit_is_refused_before_anything_is_sent() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let long = "x".repeat(8193);
    let refused = world.run("rmsgq", &["send", &queue, "first", &long]);
    refused.fails(1, "rmsgq: a message of 8193 bytes is too long: kernel.msgmax is 8192\n");
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(124, "no message");

    // Of a stream only that record is refused.
    let sent = world.feed("rmsgq", &["send", &queue], format!("a\n{long}\nb\n").as_bytes());
    sent.fails(1, "rmsgq: record 2 is not sent: a message of 8193 bytes is too long");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--count", "2"]), "a\nb");

    // A message that the queue could never hold would wait for ever.
    world.ok("rmsgq", &["set", &queue, "--max-bytes", "100"]);
    let never = world.run("rmsgq", &["send", &queue, &"x".repeat(101)]);
    never.fails(1, "a message of 101 bytes is too long: the queue's limit of bytes is 100");
    // The longest possible passes through.
    world.ok("rmsgq", &["set", &queue, "--max-bytes", "16384"]);
    world.ok("rmsgq", &["send", &queue, &"x".repeat(8192)]);
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "x".repeat(8192));
}

#[test]
fn a_receiver_needs_no_msgmax() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    // A message longer than msgmax is possible when that was lowered later.
    if world.script("echo 65536 > /proc/sys/kernel/msgmax && echo 1000000 > /proc/sys/kernel/msgmnb", &[]).status() != 0
    {
        skip("kernel.msgmax cannot be set here");
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, &"y".repeat(60_000)]);
    world.script("echo 100 > /proc/sys/kernel/msgmax", &[]).success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "y".repeat(60_000));
}

#[test]
fn the_number_of_queues_is_told() {
    let Some(world) = World::new() else { return };
    if world.script("echo 3 > /proc/sys/kernel/msgmni", &[]).status() != 0 {
        skip("kernel.msgmni cannot be set here");
        return;
    }
    for _ in 0..3 {
        world.ok("rmsgq", &["create"]);
    }
    let full = world.run("rmsgq", &["create"]);
    full.fails(
        1,
        "rmsgq: cannot create queue private: kernel.msgmni allows 3 queues, and that many exist: No space left",
    );
}

/// Runs rmsgq without `CAP_SYS_RESOURCE`, so that the limits hold for root, too; a user may still be
/// the owner. `wrapper` comes before it.
fn limited(world: &World, wrapper: &[&str], args: &[&str]) -> Outcome {
    let without = ["setpriv", "--bounding-set", "-sys_resource", "--inh-caps", "-sys_resource", "rmsgq"];
    let all: Vec<&str> = wrapper.iter().chain(&without).chain(args).copied().collect();
    world.run(all[0], &all[1..])
}

#[test]
fn more_bytes_than_msgmnb_take_a_privilege() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") {
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    let refused = limited(&world, &[], &["set", &queue, "--max-bytes", "16385"]);
    refused.fails(1, "16385 bytes are more than kernel.msgmnb, 16384; only CAP_SYS_RESOURCE");
    let refused = limited(&world, &[], &["create", "--max-bytes", "16385"]);
    refused.fails(1, "cannot create queue private: 16385 bytes are more than kernel.msgmnb, 16384");
    assert_eq!(world.ok("rmsgq", &["list", "--no-header", "-o", "name,max_bytes"]), "0  16384");
}

#[test]
fn a_full_queue_says_how_much_it_holds() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let full = "x\n".repeat(2) + &"y".repeat(8192) + "\n" + &"z".repeat(8190);
    world.feed("rmsgq", &["send", &queue], full.as_bytes()).success();
    let refused = world.run("rmsgq", &["send", &queue, "more", "--nowait"]);
    refused.fails(124, "rmsgq: queue 0 is full (msg_qbytes is 16384, it holds 16384 bytes)\n");
}

#[test]
fn posix_limits_are_named() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") || !has("prlimit") {
        return;
    }
    let refused = limited(&world, &[], &["create", "/q", "--max-messages", "11"]);
    refused.fails(1, "cannot create queue '/q': 11 messages are more than fs.mqueue.msg_max, 10: Invalid argument\n");
    let refused = limited(&world, &[], &["create", "/q", "--max-size", "8193"]);
    refused.fails(1, "messages of 8193 bytes are longer than fs.mqueue.msgsize_max, 8192");
    let refused = limited(&world, &["prlimit", "--msgqueue=10000"], &["create", "/q", "--max-size", "8192"]);
    let words = "cannot create queue '/q': RLIMIT_MSGQUEUE (ulimit -q) allows 10000 bytes for all queues of a user; \
                 this one takes 10 messages x (8192 + 96) = 82880 bytes, and those there are take 0: Too many open files";
    refused.fails(1, words);
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
}

#[test]
fn limits_of_the_other_kind_are_bad_usage() {
    let Some(world) = World::new() else { return };
    world.run("rmsgq", &["create", "/q", "--max-messages", "0"]).fails(2, "0 is not in 1..");
    world.run("rmsgq", &["create", "/q", "--max-size", "0"]).fails(2, "0 is not between 1 and 4294967295");
    world.run("rmsgq", &["create", "/q", "--max-bytes", "5"]).fails(2, "--max-bytes is for System V");
    world.run("rmsgq", &["create", "--max-size", "5"]).fails(2, "for POSIX queues");
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
}

#[test]
fn the_number_of_posix_queues_is_told() {
    let Some(world) = World::new() else { return };
    if !has("setpriv") || world.script("echo 2 > /proc/sys/fs/mqueue/queues_max", &[]).status() != 0 {
        skip("fs.mqueue.queues_max cannot be set here");
        return;
    }
    world.ok("rmsgq", &["create", "/a"]);
    world.ok("rmsgq", &["create", "/b"]);
    let refused = limited(&world, &[], &["create", "/c"]);
    refused
        .fails(1, "cannot create queue '/c': fs.mqueue.queues_max allows 2 queues, and that many exist: No space left");
}

#[test]
fn a_huge_record_hides_none_behind_it() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let input = format!("a\n{}\nb\nc\n", "x".repeat(3_000_000));
    let sent = world.feed("rmsgq", &["send", &queue], input.as_bytes());
    sent.fails(1, "rmsgq: record 2 is not sent: a message of 3000000 bytes is too long: kernel.msgmax is 8192\n");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "a\nb\nc");
}

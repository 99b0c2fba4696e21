//! Nothing is lost: full disks, readers that go, signals.

use crate::support::{Call, Running, World, wait_until};

#[test]
fn what_a_full_disk_refuses_stays_in_the_queue() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines: Vec<String> = (0..100).map(|number| format!("m{number}")).collect();
    world.feed("rmsgq", &["send", &queue, "--type", "4"], lines.join("\n").as_bytes()).success();
    let failed = world.script("rmsgq recv \"$1\" --count 100 >/dev/full", &[&queue]);
    failed.fails(1, "rmsgq: cannot write to standard output: No space left on device\n");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--type", "4", "--count", "100"]), lines.join("\n"));
}

#[test]
fn a_reader_that_goes_takes_only_what_it_read() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let mut sender = world.sh("seq -w 20000 | rmsgq send \"$1\"", &[&queue]);
    let sender = Running::start(&mut sender);
    // 100 records of 6 bytes, and half of the next one: that was not delivered.
    let script =
        "{ rmsgq recv \"$1\" --count 20000; echo status $? >&2; } | dd bs=603 count=1 iflag=fullblock 2>/dev/null";
    let taken = world.script(script, &[&queue]);
    let mut all: Vec<String> = lines(&taken.stdout()[..600]).collect();
    assert_eq!(all.len(), 100);
    // Where the sender was faster than the way back, the queue was full: those are told.
    let stderr = taken.stderr();
    let told = stderr.lines().filter_map(|line| line.strip_prefix("rmsgq: lost: "));
    all.extend(told.map(|line| {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON")["text"].as_str().expect("text").to_owned()
    }));
    let status = if all.len() > 100 { "status 1" } else { "status 141" };
    assert_eq!(stderr.lines().last(), Some(status));
    let rest = world.run("rmsgq", &["recv", &queue, "--count", &(20000 - all.len()).to_string()]);
    sender.outcome().success();
    all.extend(lines(rest.stdout()));
    all.sort_unstable();
    assert!(
        all.iter().eq((1..=20000).map(|number| format!("{number:05}")).collect::<Vec<_>>().iter()),
        "{} records",
        all.len()
    );
}

/// The lines of this output.
fn lines(output: &[u8]) -> impl Iterator<Item = String> {
    output
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| String::from_utf8_lossy(line).into_owned())
}

#[test]
fn a_reader_that_goes_leaves_the_rest_in_the_queue() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let sent: Vec<String> = (0..3000).map(|number| format!("{number:04}")).collect();
    world.feed("rmsgq", &["send", &queue], sent.join("\n").as_bytes()).success();
    // The second batch finds the reader gone; nobody else is at the queue.
    let script =
        "{ rmsgq recv \"$1\" --follow; echo status $? >&2; } | { dd bs=50 count=1 2>/dev/null; exec <&-; echo gone; }";
    let mut reader = Running::start(&mut world.sh(script, &[&queue]));
    let mut got: Vec<String> = (0..10).map(|_| reader.line()).collect();
    assert_eq!(reader.line(), "gone");
    wait_until("all is taken", || world.ok("rmsgq", &["list", "-o", "messages", "--no-header"]) == "0");
    world.ok("rmsgq", &["send", &queue, "9999"]);
    assert_eq!(reader.outcome().stderr(), "status 141\n", "silent, killed by SIGPIPE");
    let rest = world.run("rmsgq", &["recv", &queue, "--count", "2991"]);
    got.extend(lines(rest.stdout()));
    assert!(got.iter().eq(sent.iter().chain([&"9999".to_owned()])), "in order, {} records", got.len());
}

#[test]
fn what_cannot_go_back_is_told_with_its_bytes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let sender = Running::start(&mut world.sh("seq 100000 | rmsgq send \"$1\"", &[&queue]));
    let mut reader = world.start("rmsgq", &["recv", &queue, "--follow"]);
    // Nobody reads: the pipe fills, and messages that were taken wait to be written.
    reader.wait_until_in(Call::Write);
    world.ok("rmsgq", &["remove", &queue]);
    reader.close_stdout();
    sender.outcome();
    let outcome = reader.outcome();
    let stderr = outcome.stderr();
    assert_eq!(outcome.status(), 1);
    let told = stderr.lines().filter(|line| line.starts_with("rmsgq: lost: {\"type\":1,\"size\":")).count();
    let last = format!("rmsgq: {told} messages, told above, could not go back to queue 0: no such identifier\n");
    assert!(told > 1000 && stderr.ends_with(&last), "{told} told, {}", stderr.lines().last().unwrap_or_default());
}

#[test]
fn a_taken_message_is_never_held_back() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let mut reader = world.start("rmsgq", &["recv", &queue, "--follow"]);
    for number in 0..20 {
        world.ok("rmsgq", &["send", &queue, &format!("line {number}")]);
        assert_eq!(reader.line(), format!("line {number}"));
    }
}

#[test]
fn a_killed_follower_loses_nothing() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let sender = Running::start(&mut world.sh("seq 30000 | rmsgq send \"$1\"", &[&queue]));
    let mut all = Vec::new();
    for _ in 0..20 {
        let reader = world.start("rmsgq", &["recv", &queue, "--follow"]);
        wait_until("the reader works", || has_read_something(&reader));
        reader.signal("TERM");
        let outcome = reader.outcome();
        assert_eq!(outcome.status(), 143);
        all.extend(lines(outcome.stdout()));
    }
    let left = 30_000 - all.len();
    let rest = world.run("rmsgq", &["recv", &queue, "--count", &left.to_string()]);
    sender.outcome().success();
    all.extend(lines(rest.stdout()));
    let mut numbers: Vec<u32> = all.iter().map(|line| line.parse().expect("a whole line")).collect();
    numbers.sort_unstable();
    assert!(numbers.iter().copied().eq(1..=30_000), "{} lines", numbers.len());
}

/// Whether it has left its start-up behind: its handler for SIGTERM stands in `/proc`.
fn has_read_something(reader: &Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", reader.id())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    u64::from_str_radix(caught.trim(), 16).is_ok_and(|mask| mask & (1 << 14) != 0)
}

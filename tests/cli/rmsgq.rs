//! `rmsgq`, System V queues.

use std::time::Duration;
use std::time::Instant;

use crate::support::{Call, Outcome, Running, World, has, wait_until};

#[test]
fn a_thousand_lines_come_back_in_order() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines: String = (1..=1000).map(|number| format!("m{number}\n")).collect();
    world.feed("rmsgq", &["send", &queue], lines.as_bytes()).success();
    let got = world.run("rmsgq", &["recv", &queue, "--count", "1000"]);
    assert_eq!(got.stdout(), lines.as_bytes());
}

#[test]
fn four_writers_lose_and_double_nothing() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let reader = world.start("rmsgq", &["recv", &queue, "--count", "10000"]);
    let writers: Vec<Running> = (0..4)
        .map(|writer| {
            let script = "seq -f \"$2-%g\" 2500 | rmsgq send \"$1\"";
            Running::start(&mut world.sh(script, &[&queue, &writer.to_string()]))
        })
        .collect();
    for writer in writers {
        writer.outcome().success();
    }
    let got = reader.outcome().success();
    let mut lines: Vec<&str> = got.lines().collect();
    // Each writer's own messages stay in order.
    for writer in 0..4 {
        let own = lines.iter().filter(|line| line.starts_with(&format!("{writer}-")));
        assert!(own.eq((1..=2500).map(|number| format!("{writer}-{number}")).collect::<Vec<_>>().iter()));
    }
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 10_000);
}

#[test]
fn messages_are_bytes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let bytes: Vec<u8> = (0..=255).chain(*b"\n\0\n").collect();
    world.feed("rmsgq", &["send", &queue, "--whole"], &bytes).success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--raw"]).stdout(), bytes);

    world.feed("rmsgq", &["send", &queue, "--null"], b"a\nb\0\0c").success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "-0", "--count", "3"]).stdout(), b"a\nb\0\0c\0");

    let prefixed = b"\0\0\0\x03a\0b\0\0\0\0\0\0\0\x01\n";
    world.feed("rmsgq", &["send", &queue, "--length-prefixed"], prefixed).success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--length-prefixed", "--count", "3"]).stdout(), prefixed);
}

#[test]
fn json_keeps_type_and_bytes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines =
        "{\"type\":7,\"text\":\"a\\nb\"}\n{\"base64\":\"/wD+\"}\n{\"type\":9223372036854775807,\"text\":\"\"}\n";
    world.feed("rmsgq", &["send", &queue, "--json", "--type", "3"], lines.as_bytes()).success();
    let got = world.ok("rmsgq", &["recv", &queue, "--json", "--count", "3"]);
    assert_eq!(
        got,
        "{\"type\":7,\"size\":3,\"text\":\"a\\nb\"}\n{\"type\":3,\"size\":3,\"base64\":\"/wD+\"}\n\
         {\"type\":9223372036854775807,\"size\":0,\"text\":\"\"}"
    );
}

#[test]
fn a_record_that_is_no_message_is_told_and_the_others_go() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines = "{\"text\":\"one\"}\nnonsense\n{\"type\":0,\"text\":\"two\"}\n{\"text\":\"three\"}\n";
    let sent = world.feed("rmsgq", &["send", &queue, "--json"], lines.as_bytes());
    sent.fails(1, "rmsgq: record 2 is not sent: expected ident");
    sent.fails(1, "rmsgq: record 3 is not sent: type 0 is not between 1 and 9223372036854775807");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--count", "2"]), "one\nthree");
}

#[test]
fn types_select() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for kind in ["5", "3", "9", "3"] {
        world.ok("rmsgq", &["send", &queue, "--type", kind, &format!("t{kind}")]);
    }
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--type", "9"]), "t9");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--up-to", "5"]), "t3");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--not-type", "5"]), "t3");
    world.run("rmsgq", &["recv", &queue, "--not-type", "5", "--nowait"]).fails(124, "no message");
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "t5");
}

#[test]
fn a_timeout_is_kept() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let started = Instant::now();
    let waited = world.run("rmsgq", &["recv", &queue, "--timeout", "0.2"]);
    let took = started.elapsed();
    waited.fails(124, "rmsgq: no message came to queue 0 until the timeout\n");
    assert!((Duration::from_millis(200)..Duration::from_millis(500)).contains(&took), "{took:?}");
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(124, "rmsgq: no message in queue 0\n");
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--timeout", "0", "--quiet"]).stderr(), "");
    world.run("rmsgq", &["recv", &queue, "--timeout", "1", "--nowait"]).fails(2, "cannot be used with");
}

#[test]
fn a_message_in_time_ends_the_wait() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let reader = world.start("rmsgq", &["recv", &queue, "--timeout", "25s"]);
    reader.wait_until_in(Call::Msgrcv);
    world.ok("rmsgq", &["send", &queue, "here"]);
    assert_eq!(reader.outcome().success(), "here");
}

#[test]
fn removal_wakes_a_receiver_with_status_3() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for timeout in [&[][..], &["--timeout", "25"]] {
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
    full.fails(124, "rmsgq: queue 0 is full, 2 messages were sent before\n");
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
fn empty_messages_are_messages() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, ""]);
    world.feed("rmsgq", &["send", &queue], b"\n").success();
    world.feed("rmsgq", &["send", &queue], b"").success();
    world.feed("rmsgq", &["send", &queue, "--whole"], b"").success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--count", "3"]).stdout(), b"\n\n\n");
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(124, "no message");
}

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
    let script = "{ rmsgq recv \"$1\" --follow; echo status $? >&2; } | { dd bs=50 count=1 2>/dev/null; }";
    let mut reader = Running::start(&mut world.sh(script, &[&queue]));
    let mut got: Vec<String> = (0..10).map(|_| reader.line()).collect();
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
fn a_signal_ends_a_receiver_that_sleeps() {
    let Some(world) = World::new() else { return };
    for (signal, status) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let queue = world.ok("rmsgq", &["create"]);
        for more in [&["--follow"][..], &["--timeout", "25"]] {
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

#[test]
fn create_prints_what_every_verb_accepts() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rmsgq", &["create"]), "0");
    assert_eq!(world.ok("rmsgq", &["create", "private"]), "1");
    assert_eq!(world.ok("rmsgq", &["create", "key:75"]), "2");
    assert_eq!(world.ok("rmsgq", &["create", "0x4b"]), "2");
    assert_eq!(world.ok("rmsgq", &["create", "ftok:/etc/passwd"]), "3");
    world.ok("rmsgq", &["send", "key:75", "by key"]);
    assert_eq!(world.ok("rmsgq", &["recv", "id:2"]), "by key");
    world.run("rmsgq", &["create", "0x4b", "--exclusive"]).fails(4, "cannot create queue 0x0000004b: File exists");
    world.run("rmsgq", &["create", "42"]).fails(2, "the kernel chooses identifiers");
    world.run("rmsgq", &["create", "ftok:/no/such"]).fails(3, "cannot create queue 'ftok:/no/such:1': No such file");
    assert_eq!(world.ok("rmsgq", &["remove", "0", "1", "0x4b", "3"]), "");
}

#[test]
fn modes_are_asked_for_and_never_wider() {
    let Some(world) = World::new() else { return };
    let mode = |queue: &str| {
        world
            .ok("rmsgq", &["list", "-o", "name,mode", "--no-header"])
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{queue}  ")).map(str::to_owned))
            .expect("listed")
    };
    let queue = world.ok("rmsgq", &["create"]);
    assert_eq!(mode(&queue), "0600");
    for (asked, got) in [("640", "0640"), ("g+r", "0640"), ("u=rw,go=r", "0644"), ("000", "0000")] {
        let queue = world.ok("rmsgq", &["create", "--mode", asked]);
        assert_eq!(mode(&queue), got);
    }
    for wrong in ["1777", "8", "rw", ""] {
        world.run("rmsgq", &["create", "--mode", wrong]).fails(2, "mode");
    }
    world.ok("rmsgq", &["set", &queue, "--mode", "o+w"]);
    assert_eq!(mode(&queue), "0602");
}

#[test]
fn a_name_that_cannot_be_printed_leaves_no_queue() {
    let Some(world) = World::new() else { return };
    world.script("rmsgq create >/dev/full", &[]).fails(1, "cannot write to standard output: No space left on device");
    assert_eq!(world.script("rmsgq create >&-", &[]).status(), 1);
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
    // One that was there already stays.
    world.ok("rmsgq", &["create", "0x4b"]);
    world.script("rmsgq create 0x4b >/dev/full", &[]).fails(1, "No space left");
    assert_eq!(world.ok("rmsgq", &["list", "-o", "key", "--no-header"]), "0x0000004b");
}

#[test]
fn remove_tries_all_and_ends_with_the_worst() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let removed = world.run("rmsgq", &["rm", "77", &queue, "0x4b"]);
    removed.fails(3, "rmsgq: cannot remove queue 77: no such identifier\n");
    removed.fails(3, "rmsgq: cannot remove queue 0x0000004b: No such file or directory\n");
    assert_eq!(world.ok("rmsgq", &["list", "--no-header"]), "");
    world.run("rmsgq", &["remove", "77", "--if-exists"]).success();
    world.run("rmsgq", &["remove"]).fails(2, "required");
    world.run("rmsgq", &["remove", "private"]).fails(2, "names no queue that exists");
}

#[test]
fn send_makes_the_queue_on_demand() {
    let Some(world) = World::new() else { return };
    world.run("rmsgq", &["send", "0x4b", "x"]).fails(3, "cannot open queue 0x0000004b: No such file or directory");
    world.ok("rmsgq", &["send", "0x4b", "x", "--create"]);
    world.ok("rmsgq", &["send", "0x4b", "y", "--create"]);
    assert_eq!(world.ok("rmsgq", &["recv", "0x4b", "-c2"]), "x\ny");
}

#[test]
fn show_tells_who_was_last_and_whether_they_run() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create", "0x4b"]);
    world.ok("rmsgq", &["send", &queue, "hello"]);
    let shown = world.ok("rmsgq", &["show", "0x4b"]);
    let field = |name: &str| {
        shown.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start).unwrap_or_default().to_owned()
    };
    assert_eq!(field("name"), "0");
    assert_eq!(field("key"), "0x0000004b");
    assert_eq!(field("messages"), "1");
    assert_eq!(field("sender_command"), "(gone)");
    assert_eq!(field("receiver "), "-");
    let json: serde_json::Value = serde_json::from_str(&world.ok("rmsgq", &["show", &queue, "--json"])).expect("JSON");
    assert_eq!(json["bytes"], 5);
    assert_eq!(json["sender_command"], serde_json::Value::Null);
    assert!(json["sender"].as_i64().is_some_and(|pid| pid > 0));
    world.run("rmsgq", &["show", "9"]).fails(3, "cannot look at queue 9: no such identifier");
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
        crate::support::skip("kernel.msgmax cannot be set here");
        return;
    }
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, &"y".repeat(60_000)]);
    world.script("echo 100 > /proc/sys/kernel/msgmax", &[]).success();
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "y".repeat(60_000));
}

#[test]
fn waiting_makes_no_needless_calls() {
    let Some(world) = World::new() else { return };
    if !has("strace") {
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

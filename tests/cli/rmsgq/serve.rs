//! Workers: a command per message, retries, dead letters, an orderly end.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::support::{Call, Outcome, Running, World, wait_until};

#[test]
fn a_worker_has_the_message_and_what_is_known_of_it() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "--type", "7", "a b\nc"]);
    let script = "echo \"$RMSGQ_TYPE $RMSGQ_SIZE $RMSGQ_ATTEMPT $1\"; cat";
    let served = world.ok("rmsgq", &["serve", &queue, "--drain", "--", "sh", "-c", script, "sh", "arg ument"]);
    assert_eq!(served, "7 5 1 arg ument\na b\nc");
    world.ok("rmsgq", &["create", "/jobs"]);
    world.ok("rmsgq", &["send", "/jobs", "--priority", "9", ""]);
    let script = "echo \"$RMSGQ_PRIORITY $RMSGQ_SIZE\"; wc -c";
    assert_eq!(world.ok("rmsgq", &["serve", "/jobs", "--drain", "--", "sh", "-c", script]), "9 0\n0");
}

#[test]
fn failures_are_tried_again_and_then_become_dead_letters() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let dead = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "--type", "3", "good", "bad", "late"]);
    let script = "read -r m; echo \"$m $RMSGQ_ATTEMPT\"; case $m in bad) exit 1;; late) [ $RMSGQ_ATTEMPT = 3 ];; esac";
    let args = ["serve", &queue, "--drain", "--retries", "2", "--dead-letter", &dead, "--", "sh", "-c", script];
    let served = world.ok("rmsgq", &args);
    let mut lines: Vec<&str> = served.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["bad 1", "bad 2", "bad 3", "good 1", "late 1", "late 2", "late 3"]);
    assert_eq!(world.ok("rmsgq", &["recv", &dead, "--drain", "--json"]), "{\"type\":3,\"size\":3,\"text\":\"bad\"}");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "");
}

#[test]
fn a_failure_that_goes_nowhere_is_told() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "x"]);
    let failed = world.run("rmsgq", &["serve", &queue, "--drain", "--", "false"]);
    failed.fails(1, "rmsgq: failed: {\"type\":1,\"size\":1,\"text\":\"x\"}\n");
    world
        .run("rmsgq", &["serve", &queue, "--dead-letter", "0x77", "--", "true"])
        .fails(3, "cannot open queue 0x00000077");
}

#[test]
fn a_command_that_cannot_start_leaves_the_message() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "--type", "5", "kept"]);
    world.run("rmsgq", &["serve", &queue, "--", "/no/such"]).fails(127, "cannot run '/no/such': No such file");
    world
        .run("rmsgq", &["serve", &queue, "--", "/etc/passwd"])
        .fails(126, "cannot run '/etc/passwd': Permission denied");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--type", "5"]), "kept");
    world.run("rmsgq", &["serve", &queue]).fails(2, "required");

    world.ok("rmsgq", &["create", "/q"]);
    world.ok("rmsgq", &["send", "/q", "--priority", "3", "kept, too"]);
    world.run("rmsgq", &["serve", "/q", "--", "/no/such"]).fails(127, "cannot run '/no/such': No such file");
    assert_eq!(world.ok("rmsgq", &["recv", "/q", "--nowait"]), "kept, too");
}

#[test]
fn sigterm_ends_it_after_the_running_workers() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "a", "b", "c"]);
    // A worker tells that it runs, and ends when the test says so, through two more queues.
    let started = world.ok("rmsgq", &["create"]);
    let go = world.ok("rmsgq", &["create"]);
    let script = "read -r m; rmsgq send \"$1\" \"$m\"; rmsgq recv \"$2\" >/dev/null; echo \"done $m\"";
    let args = ["serve", &queue, "-j", "2", "--", "sh", "-c", script, "sh", &started, &go];
    let server = world.start("rmsgq", &args);
    assert_eq!(world.ok("rmsgq", &["recv", &started]).len(), 1);
    assert_eq!(world.ok("rmsgq", &["recv", &started]).len(), 1);
    server.signal("TERM");
    world.ok("rmsgq", &["send", &go, "1", "2"]);
    let served = server.outcome().success();
    let mut lines: Vec<&str> = served.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["done a", "done b"]);
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "c");
}

#[test]
fn an_idle_server_ends_at_once_and_one_without_a_queue_with_3() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for signal in ["TERM", "INT"] {
        let server = world.start("rmsgq", &["serve", &queue, "--", "true"]);
        server.wait_until_in(Call::Msgrcv);
        server.signal(signal);
        assert_eq!(server.outcome().success(), "");
    }
    let server = world.start("rmsgq", &["serve", &queue, "--", "true"]);
    server.wait_until_in(Call::Msgrcv);
    world.ok("rmsgq", &["remove", &queue]);
    server.outcome().fails(3, "cannot receive from queue 0: Identifier removed");
}

/// Message `n` of this many has this many bytes: 1 up to msgmax.
fn size_of(number: usize) -> usize {
    [1, 5, 16, 100, 1000, 4096, 8191, 8192][number % 8].max(number.to_string().len())
}

#[test]
fn eight_senders_and_eight_servers_process_every_message() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let done = world.ok("rmsgq", &["create"]);
    // A worker passes its message on; one in ten fails the first time.
    let worker =
        "case $RMSGQ_ATTEMPT$RMSGQ_TYPE in 1*0) exit 1;; esac; exec rmsgq send \"$1\" --whole --type \"$RMSGQ_TYPE\"";
    let servers: Vec<Running> = (0..8)
        .map(|_| {
            let args = ["serve", &queue, "--retries", "100", "--", "sh", "-c", worker, "sh", &done];
            world.start("rmsgq", &args)
        })
        .collect();
    for server in &servers {
        server.wait_until_in(Call::Msgrcv);
    }
    let total = 10_000;
    let collector = world.start("rmsgq", &["recv", &done, "--count", &total.to_string(), "--json"]);
    let collector = std::thread::spawn(move || collector.outcome().success());
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let mut input = String::new();
            for number in (0..total).filter(|number| number % 8 == sender) {
                let text = format!("{number:0>width$}", width = size_of(number));
                writeln!(input, "{{\"type\":{},\"text\":\"{text}\"}}", number + 1).expect("memory");
            }
            let mut command = world.command("rmsgq");
            command.args(["send", &queue, "--json"]);
            std::thread::spawn(move || Outcome::fed(&mut command, input.as_bytes()).success())
        })
        .collect();
    // In the middle of it two servers are told to end, and lose nothing.
    wait_until("messages flow", || {
        world.ok("rmsgq", &["list", "-o", "name,sender", "--no-header"]).lines().all(|line| !line.ends_with('-'))
    });
    servers[0].signal("TERM");
    servers[1].signal("TERM");
    for sender in senders {
        sender.join().expect("a sender does not panic");
    }
    let collected = collector.join().expect("the collector does not panic");
    let mut seen = HashMap::new();
    for line in collected.lines() {
        let message: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let number = usize::try_from(message["type"].as_u64().expect("a type")).expect("small") - 1;
        let text = message["text"].as_str().expect("text");
        assert_eq!(text, format!("{number:0>width$}", width = size_of(number)));
        *seen.entry(number).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), total, "every message");
    assert!(seen.values().all(|&times| times == 1), "none twice");
    for server in servers {
        server.signal("TERM");
        server.outcome().success();
    }
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "");
    assert_eq!(world.ok("rmsgq", &["recv", &done, "--drain"]), "");
}

#[test]
fn a_posix_message_goes_back_after_sigterm() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create", "/q"]);
    world.ok("rmsgq", &["send", "/q", "--priority", "7", "kept"]);
    let go = world.ok("rmsgq", &["create"]);
    let script = "rmsgq send \"$1\" started; rmsgq recv \"$1\" --type 2; exit 1";
    let server = world.start("rmsgq", &["serve", "/q", "--retries", "5", "--", "sh", "-c", script, "sh", &go]);
    assert_eq!(world.ok("rmsgq", &["recv", &go, "--type", "1"]), "started");
    server.signal("TERM");
    world.ok("rmsgq", &["send", &go, "--type", "2", "end"]);
    assert_eq!(server.outcome().success(), "end");
    assert_eq!(
        world.ok("rmsgq", &["recv", "/q", "--drain", "--json"]),
        "{\"priority\":7,\"size\":4,\"text\":\"kept\"}"
    );
}

#[test]
fn a_closed_pipe_does_not_end_it_with_messages_in_hand() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "a", "b", "c"]);
    // Its notes find no reader; the workers have SIGPIPE as they should.
    let worker = "grep -q 'SigIgn:.*0000$' /proc/self/status && rmsgq send \"$1\" --type 5 x; exit 1";
    let mut command = world.sh(
        "exec 4>&1; { rmsgq serve \"$1\" --type 1 --drain -- sh -c \"$2\" sh \"$1\" 2>&1; echo \"status $?\" >&4; } | true",
        &[&queue, worker],
    );
    assert_eq!(Outcome::of(&mut command).success(), "status 1");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--drain"]), "x\nx\nx");
}

#[test]
fn a_full_queue_of_dead_letters_stops_the_taking() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["create", "/dead", "--max-messages", "1"]);
    world.ok("rmsgq", &["send", &queue, "1", "2", "3", "4", "5"]);
    let args = ["serve", &queue, "--drain", "--dead-letter", "/dead", "--", "false"];
    let server = world.start("rmsgq", &args);
    // One is a dead letter, one is held, the others stay where they are.
    wait_until("two are taken", || world.ok("rmsgq", &["list", "-o", "messages", "--no-header"]) == "3\n1");
    assert_eq!(world.ok("rmsgq", &["recv", "/dead", "--count", "5"]), "1\n2\n3\n4\n5");
    server.outcome().success();
}

//! `ripcs watch`: every kind of event, once, in order.

use serde_json::Value;

use crate::support::{Call, Running, World};

/// Starts to watch, and waits until it looks.
fn watch(world: &World, args: &[&str]) -> Running {
    let running = world.start("ripcs", &[&["watch", "--interval", "0.05"], args].concat());
    running.wait_until_in(Call::Poll);
    running
}

/// The next line, without its time.
fn next(running: &mut Running) -> String {
    let line = running.line();
    line.get(21..).unwrap_or(&line).to_owned()
}

/// Reads on until a line that begins and ends like this: what somebody does on the way may be seen, or not.
fn comes(running: &mut Running, begin: &str, end: &str) {
    let mut seen = Vec::new();
    loop {
        let line = next(running);
        assert!(!line.is_empty(), "no {begin}...{end} came, but {seen:?}");
        if line.starts_with(begin) && line.ends_with(end) {
            return;
        }
        seen.push(line);
    }
}

#[test]
fn the_life_of_a_queue_is_told() {
    let Some(world) = World::new() else { return };
    let mut watching = watch(&world, &[]);
    let queue = world.ok("rmsgq", &["create", "0x4b"]);
    assert_eq!(next(&mut watching), "created   queue:0");
    for (sent, grew) in [("one", "0 -> 1 message"), ("two", "1 -> 2 messages")] {
        world.ok("rmsgq", &["send", &queue, sent]);
        assert_eq!(next(&mut watching), format!("grew      queue:0  {grew}"));
    }
    world.ok("rmsgq", &["recv", &queue]);
    assert_eq!(next(&mut watching), "shrank    queue:0  2 -> 1 message");
    world.ok("rmsgq", &["recv", &queue]);
    assert_eq!(next(&mut watching), "shrank    queue:0  1 -> 0 messages");
    let receiver = world.start("rmsgq", &["recv", &queue, "--type", "7"]);
    let pid = receiver.id();
    assert_eq!(next(&mut watching), format!("blocked   queue:0  {pid} rmsgq: blocked in msgrcv for type 7"));
    drop(receiver);
    assert_eq!(next(&mut watching), format!("woken     queue:0  {pid} rmsgq: blocked in msgrcv for type 7"));
    world.ok("rmsgq", &["remove", &queue]);
    assert_eq!(next(&mut watching), "removed   queue:0");
}

#[test]
fn the_life_of_posix_objects_is_told() {
    let Some(world) = World::new() else { return };
    let mut watching = watch(&world, &[]);
    world.ok("rshm", &["create", "/m", "--size", "10"]);
    assert_eq!(next(&mut watching), "created   segment:/m");
    world.script("printf 12345678901 > /dev/shm/m", &[]).success();
    comes(&mut watching, "grew      segment:/m", "-> 11 bytes");
    let mut holder = Running::start(&mut world.sh("exec 5</dev/shm/m; echo; exec cat", &[]));
    holder.line();
    let pid = holder.id();
    comes(&mut watching, &format!("attached  segment:/m  {pid} "), ": open r");
    drop(holder);
    comes(&mut watching, &format!("detached  segment:/m  {pid} "), "");
    world.ok("rshm", &["remove", "/m"]);
    comes(&mut watching, "removed   segment:/m", "");
    world.ok("rsem", &["create", "/s", "--value", "2"]);
    comes(&mut watching, "created   semaphore:/s", "");
    comes(&mut watching, "grew      semaphore:/s  0 -> 2 units", "");
}

#[test]
fn what_is_gone_before_anybody_looks_is_told_all_the_same() {
    let Some(world) = World::new() else { return };
    let mut watching = world.start("ripcs", &["watch", "--interval", "1000"]);
    watching.wait_until_in(Call::Poll);
    world.script("cd /dev/shm; for i in 1 2 3 4 5 6 7 8 9; do : >x$i; rm x$i; done; : >last", &[]).success();
    // What was seen to come after somebody looked is told the next time.
    let mut missing: Vec<String> = (1..=9)
        .flat_map(|number| ["created ", "removed "].map(|event| format!("{event}  segment:/x{number}")))
        .collect();
    let mut rounds = 0;
    while !missing.is_empty() {
        let line = next(&mut watching);
        missing.retain(|one| *one != line);
        if line == "created   segment:/last" {
            world.script("mv /dev/shm/last /dev/shm/later", &[]).success();
        }
        rounds += 1;
        assert!(rounds < 30, "{missing:?} are not told");
    }
}

#[test]
fn events_and_objects_are_chosen() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["create"]);
    let watching = watch(&world, &["queue:0", "--events", "grew,removed", "--count", "2", "--json"]);
    world.ok("rmsgq", &["send", "1", "elsewhere"]);
    world.ok("rmsgq", &["send", &queue, "x"]);
    // It may see one or both of the next two at once.
    let mut running = watching;
    let grown: Value = serde_json::from_str(&running.line()).expect("JSON");
    assert_eq!((&grown["event"], &grown["object"], &grown["to"]), (&"grew".into(), &"queue:0".into(), &1.into()));
    world.ok("rmsgq", &["recv", &queue]);
    world.ok("rmsgq", &["remove", &queue]);
    let removed: Value = serde_json::from_str(&running.line()).expect("JSON");
    assert_eq!((&removed["event"], &removed["from"]), (&"removed".into(), &Value::Null));
    assert_eq!(running.outcome().status(), 0);
}

#[test]
fn it_ends_when_the_time_is_up_or_nobody_reads() {
    let Some(world) = World::new() else { return };
    world.run("ripcs", &["watch", "--timeout", "0.05"]).fails(124, "");
    let mut watching = world.start("ripcs", &["watch", "--interval", "1000"]);
    watching.wait_until_in(Call::Poll);
    watching.close_stdout();
    assert_eq!(watching.outcome().status(), 0);
    world.run("ripcs", &["watch", "--events", "born"]).fails(2, "");
    world.script("exec ripcs watch >&-", &[]).fails(1, "cannot write to standard output: Bad file descriptor");
}

#[test]
fn hostile_names_are_escaped_in_lines_and_exact_in_json() {
    let Some(world) = World::new() else { return };
    let make = "name=$(printf 'e\\033[31m\\n'); : >\"/dev/shm/$name\"; rm \"/dev/shm/$name\"";
    let mut lines = watch(&world, &["--count", "1"]);
    let mut json = watch(&world, &["--count", "1", "--json"]);
    world.script(make, &[]).success();
    assert_eq!(next(&mut lines), "created   segment:/e\\x1b[31m");
    let event: Value = serde_json::from_str(&json.line()).expect("JSON");
    assert_eq!(event["object"], "segment:/e\u{1b}[31m");
}

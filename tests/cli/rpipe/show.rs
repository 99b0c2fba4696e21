//! `rpipe show`: a pipe, and where its pipeline stalls.

use serde_json::Value;

use super::rpipe;
use crate::support::{Outcome, Running, World, tool, wait_until};

/// A pipeline in the background; its last stage tells its pid before it becomes what it is.
struct Pipeline {
    _running: Running,
    last: String,
}

impl Pipeline {
    fn start(script: &str, last: &str) -> Self {
        let script = format!("exec </dev/null; {script} | sh -c 'echo $$ >&2; exec {last}' 2>&1 >/dev/null");
        let mut running = Running::start(tool("sh").args(["-c", &script]));
        let last = running.line();
        Self { _running: running, last }
    }

    /// What `rpipe show` says of the last stage's input, once the stages do what is expected: first the shells
    /// become what they are to be, and the pipes fill.
    fn settled(&self, expected: &[(&str, u64, &str)]) -> Value {
        let mut shown = Value::Null;
        wait_until(&format!("the stages are {expected:?}"), || {
            let outcome = rpipe(&["show", "--json", &format!("{}:0", self.last)]);
            shown = serde_json::from_slice(outcome.stdout()).expect("JSON");
            let seen = stages(&shown);
            let seen = seen.iter().map(|(command, place, how)| (command.as_str(), *place, how.as_str()));
            seen.eq(expected.iter().copied())
        });
        shown
    }
}

/// Command, place and what it does of each stage.
fn stages(shown: &Value) -> Vec<(String, u64, String)> {
    let text = |cell: &Value| {
        cell.as_str().expect("text").split(|c: char| c.is_ascii_digit()).next().unwrap_or("").trim().to_owned()
    };
    let rows = shown["chain"].as_array().expect("rows");
    rows.iter()
        .map(|row| (text(&row["command"]), row["stage"].as_u64().expect("a number"), text(&row["how"])))
        .collect()
}

#[test]
fn the_stage_that_does_not_read_is_named() {
    let pipeline = Pipeline::start("yes | cat", "sleep 1000");
    let shown = pipeline.settled(&[
        ("yes", 1, "blocked writing"),
        ("cat", 2, "blocked writing"),
        ("sleep", 3, "does not read, sleeping elsewhere"),
    ]);
    let (last, inode) = (&pipeline.last, &shown["inode"]);
    let stall = format!("{last} (sleep) does not read pipe {inode}, which is full");
    assert_eq!(shown["stalls"], serde_json::json!([{ "stall": stall }]));
    // The same from whichever end one looks.
    let first = shown["chain"][0]["pid"].to_string();
    for target in [&first, last, &format!("{first}:1"), &format!("pipe:[{inode}]"), &inode.to_string()] {
        let text = String::from_utf8_lossy(rpipe(&["show", target]).stdout()).into_owned();
        assert!(text.ends_with(&format!("stall  {stall}\n")), "{target}: {text}");
    }
}

#[test]
fn the_stage_that_does_not_write_is_named() {
    let pipeline = Pipeline::start("sleep 1000 | cat", "cat");
    let shown = pipeline.settled(&[
        ("sleep", 1, "does not write, sleeping elsewhere"),
        ("cat", 2, "blocked reading"),
        ("cat", 3, "blocked reading"),
    ]);
    let stall = shown["stalls"][0]["stall"].as_str().expect("text");
    assert!(stall.contains("(sleep) does not write to pipe ") && stall.ends_with(", which is empty"), "{stall}");
}

#[test]
fn a_stage_in_the_middle_and_one_that_is_stopped_are_named() {
    // A shell that has the pipe because its child reads it is not blamed.
    let pipeline = Pipeline::start("yes | (sleep 1000; :)", "cat");
    let shown = pipeline.settled(&[
        ("yes", 1, "blocked writing"),
        ("sh", 2, "sleeping elsewhere"),
        ("sleep", 2, "does not read, sleeping elsewhere"),
        ("cat", 3, "blocked reading"),
    ]);
    let stalls: Vec<&str> =
        shown["stalls"].as_array().expect("a list").iter().filter_map(|one| one["stall"].as_str()).collect();
    assert!(stalls.len() == 1 && stalls[0].contains("(sleep) does not read pipe "), "{stalls:?}");
    let pipeline = Pipeline::start("yes | cat", "sh -c \"kill -STOP \\$\\$; cat\"");
    pipeline.settled(&[
        ("yes", 1, "blocked writing"),
        ("cat", 2, "blocked writing"),
        ("sh", 3, "does not read, stopped"),
    ]);
    let signal = rpipe(&["show", &pipeline.last]);
    assert!(String::from_utf8_lossy(signal.stdout()).contains("does not read pipe "));
    Outcome::of(tool("kill").args(["-CONT", &pipeline.last])).success();
}

#[test]
fn processes_that_wait_for_each_other_are_a_circle() {
    let ring = Running::start(tool("rpipe").args(["duplex", "cat", ":::", "cat"]));
    let children = format!("/proc/{0}/task/{0}/children", ring.id());
    wait_until("both wait", || {
        let children = std::fs::read_to_string(&children).unwrap_or_default();
        let Some(first) = children.split(' ').next().filter(|first| !first.is_empty()) else { return false };
        let outcome = rpipe(&["show", &format!("{first}:0")]);
        String::from_utf8_lossy(outcome.stdout()).contains("circle of processes that wait for each other")
    });
}

#[test]
fn a_fifo_that_nobody_opens_is_told() {
    let Some(world) = World::new() else { return };
    let path = world.ok("rfifo", &["create", "/dev/shm/lonely"]);
    let writer = world.start("sh", &["-c", "exec 3> /dev/shm/lonely"]);
    writer.wait_until_in(crate::support::Call::Openat);
    let shown = world.run("rpipe", &["show", &path]);
    let text = String::from_utf8_lossy(shown.stdout());
    assert!(
        text.contains("blocked opening to write") && text.ends_with("stall  nobody opens '/dev/shm/lonely' to read\n"),
        "{text}"
    );
    let stuck = world.run("rpipe", &["list", "--stuck", "-o", "path", "--no-header"]);
    assert!(String::from_utf8_lossy(stuck.stdout()).lines().any(|line| line == path));
}

#[test]
fn what_is_no_pipe_is_refused() {
    let sleep = Running::start(tool("sleep").arg("1000").stdin(std::process::Stdio::null()));
    let pid = sleep.id();
    for (target, status, words) in [
        ("2147483647:0".to_owned(), 3, "cannot look at pipe 2147483647:0: No such process"),
        (format!("{pid}:99"), 3, "it has no such descriptor"),
        ("pipe:[1]".to_owned(), 3, "no process that we may look at has it open"),
        ("/dev/null".to_owned(), 1, "cannot look at pipe '/dev/null': it is a device, no FIFO"),
        ("/none".to_owned(), 3, "No such file or directory"),
        ("word".to_owned(), 2, "a pipe is PID:FD, PID, pipe:[INODE], or the path of a FIFO"),
    ] {
        rpipe(&["show", &target]).fails(status, words);
        rpipe(&["peek", &target]).fails(status, words.rsplit(": ").next().expect("some"));
    }
}

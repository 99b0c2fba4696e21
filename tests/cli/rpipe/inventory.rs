//! `rpipe list`: every pipe that we may see.

use serde_json::Value;

use super::rpipe;
use crate::support::{Call, Running, has, is_root, tool, wait_until};

/// A shell script that runs, with a pipe to its standard input and one from its output.
fn start(script: &str) -> Running {
    Running::start(tool("sh").args(["-c", script]))
}

/// The rows of `rpipe list` with these options.
fn rows(options: &[&str]) -> Vec<Value> {
    let all = rpipe(&[&["list", "--json"], options].concat()).success();
    serde_json::from_str::<Value>(&all).expect("JSON").as_array().expect("rows").clone()
}

/// The row of the pipe that this descriptor reads.
fn row_of(rows: &[Value], reader: &str) -> Option<Value> {
    let reads = |row: &&Value| row["readers"].as_array().expect("a list").iter().any(|one| one == reader);
    rows.iter().find(reads).cloned()
}

#[test]
fn both_ends_and_what_is_unread_are_listed() {
    let mut running = start("(printf 12345; exec sleep 1000) | (echo \"$(exec sh -c 'echo $PPID')\"; exec sleep 1000)");
    let reader = running.line();
    // Both shells become sleepers.
    let mut row = Value::Null;
    wait_until("it is listed", || {
        row = row_of(&rows(&[]), &format!("{reader}:0 sleep")).unwrap_or_default();
        row["writers"][0].as_str().is_some_and(|writer| writer.ends_with(":1 sleep"))
    });
    assert_eq!((row["unread"].as_u64(), row["capacity"].as_u64()), (Some(5), Some(65536)));
    let writers: Vec<&str> = row["writers"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(writers.len() == 1 && writers[0].ends_with(":1 sleep"), "{row}");
    assert_eq!((&row["path"], &row["blocked"]), (&Value::Null, &Value::Array(Vec::new())));
    let link = std::fs::read_link(format!("/proc/{reader}/fd/0")).expect("it runs");
    assert_eq!(link.to_str().expect("text"), format!("pipe:[{}]", row["inode"]));
    drop(running);
}

#[test]
fn only_who_sleeps_in_a_read_or_a_write_is_stuck() {
    let reader = Running::start(&mut tool("cat"));
    reader.wait_until_in(Call::Read);
    let listed = |name: &str, options: &[&str]| row_of(&rows(options), name);
    let name = format!("{}:0 cat", reader.id());
    let row = listed(&name, &["--stuck"]).expect("it waits for something to read");
    assert_eq!(row["blocked"], serde_json::json!([format!("{} blocked reading", reader.id())]));
    // One that does nothing is not stuck, nor one that waits for many things.
    let idle = Running::start(tool("sleep").arg("1000"));
    idle.wait_until_in(Call::Nanosleep);
    let idle = format!("{}:0 sleep", idle.id());
    assert!(listed(&idle, &["--stuck"]).is_none());
    let writer = Running::start(tool("yes").arg("no"));
    writer.wait_until_in(Call::Write);
    let is_writer = |row: &Value| row["writers"][0] == format!("{}:1 yes", writer.id());
    let row = rows(&["--stuck"]).into_iter().find(is_writer).expect("it waits for room");
    // The last write had to fit as a whole.
    assert!(row["unread"].as_u64().expect("a number") > 60_000, "{row}");
}

#[test]
fn it_sees_the_pipes_that_lsof_sees() {
    if !has("lsof") {
        return;
    }
    let running = start("sleep 1000 | sleep 1000");
    let script = "lsof -a -d 0-9 -g \"$1\" -F pn 2>/dev/null | grep -c '^npipe'";
    let count = || {
        let text = crate::support::Outcome::of(tool("sh").args(["-c", script, "sh", &running.id().to_string()]));
        String::from_utf8_lossy(text.stdout()).trim().parse::<usize>().unwrap_or(0)
    };
    let group = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split(' ').nth(3)).map(str::to_owned)
    };
    let own = Some(running.id().to_string());
    let ours = || {
        rows(&[]).iter().flat_map(|row| ["writers", "readers"].map(|side| row[side].clone())).fold(0, |sum, side| {
            let ends = side.as_array().expect("a list").clone();
            let of_group = |end: &Value| {
                let (pid, rest) = end.as_str().expect("text").split_once(':').expect("PID:FD");
                let descriptor = rest.split(' ').next().and_then(|number| number.parse::<u32>().ok());
                group(pid) == own && descriptor.is_some_and(|number| number < 10)
            };
            sum + ends.iter().filter(|end| of_group(end)).count()
        })
    };
    // Three of each, when the shell has started both and closed what it does not need.
    crate::support::wait_for("both see the same", || {
        let seen = (ours(), count());
        if seen == (9, 9) { Ok(()) } else { Err(format!("{seen:?}")) }
    });
}

#[test]
fn a_plain_user_sees_the_own_ones() {
    let Some(world) = crate::support::World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    let theirs = Running::start(nobody.command("sleep").arg("1000"));
    theirs.wait_until_in(Call::Nanosleep);
    let ours = Running::start(tool("sleep").arg("1000"));
    let listed = nobody.run("rpipe", &["list", "--no-header", "-o", "readers,unread"]);
    let text = String::from_utf8_lossy(listed.stdout()).into_owned();
    let line = text.lines().find(|line| line.starts_with(&format!("{}:0 sleep", theirs.id()))).expect("it is listed");
    // What may not be traced is opened anew.
    assert!(line.ends_with(" 0"), "{line}");
    let name = format!("{}:0", ours.id());
    assert!(!is_root() || !text.split([' ', ',']).any(|word| word == name), "{text}");
    assert_eq!((listed.status(), listed.stderr().as_str()), (0, ""));
}

#[test]
fn the_columns_are_told_and_chosen() {
    assert!(rpipe(&["list", "-o", "help"]).success().contains("who sleeps there"));
    // How wide they are depends on all pipes of the machine.
    let table = rpipe(&["ls", "-o", "inode,unread"]).success();
    assert!(table.lines().next().is_some_and(|line| line.split_whitespace().eq(["INODE", "UNREAD"])), "{table}");
    rpipe(&["list", "-o", "none"]).fails(2, "no column is called 'none'");
}

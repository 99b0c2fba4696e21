//! `rsignal recv`: what came, from whom, with what.

use std::process::Command;

use super::rsignal;
use crate::support::{Call, Outcome, Running, World, has, is_root, tool, wait_until};

/// A receiver that has said that it is ready.
fn receiver(words: &[&str]) -> Running {
    let mut receiver = Running::start(tool("rsignal").args(["recv", "--ready"]).args(words));
    let line = receiver.line();
    assert_eq!(line, format!("ready {}", receiver.id()));
    receiver
}

fn lines(receiver: Running) -> Vec<String> {
    receiver.outcome().success().lines().map(str::to_owned).collect()
}

#[test]
fn sender_code_and_value_are_told() {
    let receiver = receiver(&["USR1,RTMIN+3"]);
    let pid = receiver.id().to_string();
    rsignal(&["send", "-s", "RTMIN+3", "--value", "-7", &pid]).success();
    let line = &lines(receiver)[0];
    assert!(line.starts_with("RTMIN+3 pid=") && line.contains(" code=queue value=-7"), "{line}");
    let own = std::process::id();
    let receiver = self::receiver(&["USR1", "--json"]);
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(receiver.id().cast_signed()), nix::sys::signal::Signal::SIGUSR1)
        .expect("it is ours");
    let line: serde_json::Value = serde_json::from_str(&lines(receiver)[0]).expect("JSON");
    assert_eq!((line["signal"].as_str(), line["number"].as_i64()), (Some("USR1"), Some(10)));
    assert_eq!((line["pid"].as_u64(), line["code"].as_str()), (Some(own.into()), Some("user")));
    assert_eq!(line["uid"].as_u64(), Some(nix::unistd::getuid().as_raw().into()));
    assert!(line["value"].is_null() && line["status"].is_null());
    assert!(line["command"].as_str().is_some_and(|command| !command.is_empty()));
}

#[test]
fn what_kill_queues_arrives_with_its_value() {
    let queues = Command::new("sh").args(["-c", "/bin/kill --help 2>&1 | grep -q queue"]).status();
    if !queues.is_ok_and(|status| status.success()) {
        return crate::support::skip("/bin/kill cannot queue values");
    }
    let receiver = receiver(&["USR2"]);
    let sent = Command::new("/bin/kill").args(["-q", "42", "-s", "USR2", &receiver.id().to_string()]).status();
    assert!(sent.expect("it is there").success());
    let line = &lines(receiver)[0];
    assert!(line.starts_with("USR2 ") && line.contains("code=queue value=42"), "{line}");
}

#[test]
fn a_thousand_values_arrive_in_order() {
    let receiver = receiver(&["--count", "1000", "--json", "RTMIN"]);
    let values: Vec<String> = (0..1000).map(|value| format!("--value={value}")).collect();
    let mut command = tool("rsignal");
    command.args(["send", "-s", "RTMIN", &receiver.id().to_string()]).args(&values);
    Outcome::of(&mut command).success();
    let arrived: Vec<i64> = lines(receiver)
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["value"].as_i64().expect("a value"))
        .collect();
    assert_eq!(arrived, (0..1000).collect::<Vec<i64>>());
}

#[test]
fn a_burst_beyond_the_limit_is_told_by_both_sides() {
    let Some(world) = World::new() else { return };
    if !has("prlimit") {
        return;
    }
    // As many as others have queued for this user count, too: this one has no others.
    let user = if is_root() { world.user(4_000_002) } else { None };
    let command = |program: &str| user.as_ref().map_or_else(|| world.command(program), |user| user.command(program));
    let path = user.as_ref().map_or_else(|| "rsignal".into(), |user| user.tool("rsignal"));
    let mut limited = command("prlimit");
    limited.args(["--sigpending=60", &path, "recv", "--ready", "--count", "1000", "RTMIN"]);
    let mut receiver = Running::start(&mut limited);
    assert!(receiver.line().starts_with("ready "));
    receiver.wait_until_in(Call::Sigtimedwait);
    receiver.signal("STOP");
    wait_until("it is stopped", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", receiver.id()));
        stat.is_ok_and(|stat| stat.contains(") T "))
    });
    let values: Vec<String> = (0..100).map(|value| format!("--value={value}")).collect();
    let pid = receiver.id().to_string();
    let outcome = Outcome::of(command("rsignal").args(["send", "-s", "RTMIN", &pid]).args(&values));
    let told = outcome.stderr();
    outcome.fails(124, &format!("for process {pid} (rsignal, of "));
    assert!(told.contains("its RLIMIT_SIGPENDING (ulimit -i) is 60, and 60 are queued for "), "{told}");
    let sent = told.trim_end().strip_suffix(" sent before").and_then(|rest| rest.rsplit(' ').next()).expect(&told);
    let sent: usize = sent.parse().expect("a number");
    assert!((1..=60).contains(&sent), "{told}");
    receiver.signal("CONT");
    for value in 0..sent {
        let line = receiver.line();
        assert!(line.ends_with(&format!(" value={value}")), "{value} of {sent} sent: {line}");
    }
    receiver.signal("TERM");
    assert_eq!(receiver.outcome().stdout(), b"", "nothing but what was sent");
}

#[test]
fn a_full_queue_is_told_once() {
    if !has("prlimit") {
        return;
    }
    let limited = ["--sigpending=0", "rsignal", "recv", "--ready", "--timeout", "0.1", "RTMIN"];
    let outcome = Outcome::of(tool("prlimit").args(limited));
    assert_eq!(outcome.status(), 124);
    assert_eq!(outcome.stderr().matches("RLIMIT_SIGPENDING (ulimit -i) is 0, and ").count(), 1, "{}", outcome.stderr());
}

#[test]
fn a_child_tells_how_it_ended() {
    let script = "sh -c 'read line; exit 42' <&3 & exec rsignal recv --ready CHLD";
    let mut command = tool("sh");
    command.args(["-c", &format!("exec 3<&0; {script}")]);
    let mut receiver = Running::start(&mut command);
    assert!(receiver.line().starts_with("ready "));
    receiver.wait_until_in(Call::Sigtimedwait);
    let line = lines(receiver).remove(0);
    assert!(line.starts_with("CHLD pid=") && line.contains("code=exited status=42"), "{line}");
}

#[test]
fn a_key_on_the_terminal_comes_from_the_kernel() {
    if !has("script") {
        return;
    }
    let mut command = tool("script");
    command.args(["--quiet", "--return", "--command", "rsignal recv --ready INT", "/dev/null"]).env("SHELL", "/bin/sh");
    let mut terminal = Running::start(&mut command);
    assert!(terminal.line().starts_with("ready "));
    let (mut keys, mut screen) = terminal.pipes();
    std::io::Write::write_all(&mut keys, b"\x03").expect("a pipe");
    let mut shown = String::new();
    std::io::Read::read_to_string(&mut screen, &mut shown).expect("a pipe");
    assert!(shown.contains("INT code=kernel"), "{shown}");
}

#[test]
fn a_command_runs_for_each_signal() {
    let script = "echo $RSIGNAL_NAME/$RSIGNAL_NUMBER/$RSIGNAL_CODE/$RSIGNAL_VALUE; kill -0 $RSIGNAL_PID 2>/dev/null; test $RSIGNAL_VALUE != 2";
    let receiver = receiver(&["--count", "2", "RTMIN", "--exec", "sh", "-c", script]);
    rsignal(&["send", "-s", "RTMIN", "--value=1", "--value=2", &receiver.id().to_string()]).success();
    let outcome = receiver.outcome();
    assert_eq!(String::from_utf8_lossy(outcome.stdout()), "RTMIN/34/queue/1\nRTMIN/34/queue/2\n");
    assert_eq!(
        (outcome.status(), outcome.stderr().as_str()),
        (1, "rsignal: the command for RTMIN failed: exit status: 1\n")
    );
    let receiver = self::receiver(&["USR1", "--exec", "/no/such/command"]);
    rsignal(&["send", "-s", "USR1", &receiver.id().to_string()]).success();
    receiver.outcome().fails(127, "cannot run '/no/such/command': No such file or directory");
}

#[test]
fn a_command_begins_with_what_was_blocked_before() {
    let blocked = ["grep", "SigBlk", "/proc/self/status"];
    let own = Outcome::of(tool("grep").args(&blocked[1..])).success();
    let receiver = receiver(&[&["USR1", "--exec"][..], &blocked].concat());
    rsignal(&["send", "-s", "USR1", &receiver.id().to_string()]).success();
    assert_eq!(lines(receiver), [own]);
}

#[test]
fn the_end_of_its_own_command_is_no_signal() {
    let script = "sh -c 'read line; exit 42' <&3 & exec rsignal recv --ready CHLD,USR1 --count 2 --exec sh -c 'echo $RSIGNAL_NAME $RSIGNAL_STATUS'";
    let mut command = tool("sh");
    command.args(["-c", &format!("exec 3<&0; {script}")]);
    let mut receiver = Running::start(&mut command);
    assert!(receiver.line().starts_with("ready "));
    receiver.wait_until_in(Call::Sigtimedwait);
    rsignal(&["send", "-s", "USR1", &receiver.id().to_string()]).success();
    assert_eq!(receiver.line().trim_end(), "USR1");
    receiver.wait_until_in(Call::Sigtimedwait);
    assert_eq!(lines(receiver), ["CHLD 42"]);
}

#[test]
fn no_signal_in_time_is_status_124() {
    rsignal(&["recv", "USR1", "--timeout", "0.1"]).fails(124, "rsignal: no signal of USR1 came in time\n");
    rsignal(&["recv", "USR1,HUP", "--nowait"]).fails(124, "no signal of HUP,USR1 came");
    assert_eq!(rsignal(&["recv", "all", "--nowait", "--quiet"]).stderr(), "");
    for words in [&["KILL"][..], &["STOP,TERM"], &["0"], &["nonsense"]] {
        rsignal(&[&["recv"], words].concat()).fails(2, "rsignal: ");
    }
}

#[test]
fn what_was_pending_is_taken_without_waiting() {
    // Blocked by the shell's parent, sent by the shell to itself, kept over exec.
    let script = "kill -s USR1 $$; exec rsignal recv USR1 --nowait";
    let outcome = Outcome::of(tool("rsignal").args(["run", "--block", "USR1", "--", "sh", "-c", script]));
    let line = outcome.success();
    assert!(line.starts_with("USR1 pid=") && line.contains("code=user"), "{line}");
}

#[test]
fn a_stopped_receiver_goes_on() {
    let receiver = receiver(&["USR1"]);
    receiver.wait_until_in(Call::Sigtimedwait);
    receiver.signal("STOP");
    receiver.signal("CONT");
    rsignal(&["send", "-s", "USR1", &receiver.id().to_string()]).success();
    assert!(lines(receiver)[0].starts_with("USR1 "));
}

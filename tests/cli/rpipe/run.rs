//! `rpipe run`: statuses, signals, links.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{rpipe, script};
use crate::support::{Call, Outcome, Running, has, is_root, skip, tool, wait_until, wait_until_in};

fn run(words: &[&str]) -> Outcome {
    rpipe(&[&["run"], words].concat())
}

/// The objects of `--report`.
fn report(outcome: &Outcome) -> Vec<serde_json::Value> {
    outcome.stderr().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn what_one_writes_the_next_one_reads() {
    assert_eq!(run(&["printf", "b\na\nc\n", ":::", "sort", ":::", "head", "-n", "2"]).success(), "a\nb");
    assert_eq!(run(&["--", "echo", "--", "--status"]).success(), "-- --status", "options of the commands");
    let mut command = tool("rpipe");
    assert_eq!(Outcome::fed(command.args(["run", "cat", ":::", "wc", "-c"]), b"12345").success().trim(), "5");
    for words in [&[":::"][..], &["cat", ":::"], &[":::", "cat"], &["cat", ":::", ":::", "cat"]] {
        run(words).fails(2, "has no word");
    }
}

#[test]
fn one_command_alone_is_become() {
    let mut running = Running::start(tool("rpipe").args(["run", "--", "sh", "-c", "echo $$; cat"]));
    assert_eq!(running.line(), running.id().to_string());
}

/// Numbers that look thrown and are always the same.
struct Dice(u64);

impl Dice {
    fn throw<T: Copy>(&mut self, choices: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        choices[usize::try_from(self.0 >> 11).expect("64 bits") % choices.len()]
    }
}

/// Commands whose statuses do not depend on who is faster: who writes without end is followed by one who
/// goes without reading all, and who writes nothing by anybody.
fn generated(dice: &mut Dice) -> Vec<String> {
    let count = dice.throw(&[2, 3, 4, 5, 6]);
    let mut stages: Vec<String> = Vec::new();
    for index in 0..count {
        let endless = stages.last().is_some_and(|stage| stage == "exec yes");
        let kinds: &[&str] = match (endless, index + 1 == count) {
            (true, true) => &["leaves"],
            (true, false) => &["leaves", "leaves", "endless"],
            (false, true) => &["leaves", "drains"],
            (false, false) => &["leaves", "drains", "endless", "endless"],
        };
        let signal = dice.throw(&["TERM", "KILL", "HUP", "USR1", "INT", "PIPE"]);
        let number = dice.throw(&[0, 0, 1, 3, 7, 42, 127, 255]);
        let end = dice.throw(&[format_args!("exit {number}"), format_args!("kill -s {signal} $$")]).to_string();
        stages.push(match dice.throw(kinds) {
            "leaves" => format!("head -n 1 > /dev/null; {end}"),
            "drains" => format!("cat > /dev/null; {end}"),
            _ => "exec yes".to_owned(),
        });
    }
    stages
}

#[test]
fn statuses_are_those_of_bash() {
    if !has("bash") {
        return;
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut signals = 0;
    for _ in 0..40 {
        let stages = generated(&mut dice);
        let mut words = vec!["run", "--status"];
        for stage in &stages {
            words.extend([":::", "sh", "-c", stage]);
        }
        words.remove(2);
        let line = stages.iter().map(|stage| format!("sh -c '{stage}'")).collect::<Vec<_>>().join(" | ");
        let bash = Outcome::of(tool("bash").args(["-c", &format!("{line}; echo ${{PIPESTATUS[@]}} >&2")]));
        let ours = rpipe(&words);
        let statuses = last_line(&bash.stderr()).to_owned();
        assert_eq!(last_line(&ours.stderr()), statuses, "{line}");
        assert_eq!(Some(ours.status().to_string().as_str()), statuses.split(' ').next_back(), "{line}");
        signals += statuses.split(' ').filter(|status| status.parse().is_ok_and(|status: u8| status > 128)).count();
    }
    assert!(signals > 40, "{signals} ended of signals");
}

fn last_line(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn the_status_is_that_of_the_last_command_or_of_the_last_that_failed() {
    let fails = ["sh", "-c", "exit 3", ":::", "sh", "-c", "exit 4", ":::", "true"];
    assert_eq!(run(&fails).status(), 0);
    assert_eq!(run(&[&["--pipefail"], &fails[..]].concat()).status(), 4);
    assert_eq!(run(&["true", ":::", "sh", "-c", "kill -s TERM $$"]).status(), 143);
    assert_eq!(run(&["true", ":::", "sh", "-c", "exit 7"]).status(), 7);
}

#[test]
fn a_writer_without_a_reader_is_no_failure_unless_it_shall_be() {
    let words = ["yes", ":::", "head", "-n", "1"];
    for (options, status) in [(&["--pipefail"][..], 0), (&["--pipefail", "--strict"], 141), (&["--strict"], 0)] {
        assert_eq!(run(&[options, &words].concat()).status(), status, "{options:?}");
    }
    // Its reader has closed the pipe and lives on.
    let closes = ["--pipefail", "yes", ":::", "sh", "-c", "exec <&-; sleep 0.1"];
    assert_eq!(run(&closes).status(), 0);
    // Somebody sent the signal, and the reader was there: it stays until the writer has been waited for.
    let folder = tempfile::tempdir().expect("a directory");
    let stays = ": > here; until [ -e go ]; do sleep 0.01; done";
    let sent = ["run", "--pipefail", "sh", "-c", "kill -s PIPE $$", ":::", "sh", "-c", stays];
    let running = Running::start(tool("rpipe").args(sent).current_dir(&folder));
    let here = folder.path().join("here");
    wait_until("the writer is gone", || here.exists() && children(running.id()).len() == 1);
    running.wait_until_in(Call::Sigtimedwait);
    std::fs::write(folder.path().join("go"), "").expect("room");
    assert_eq!(running.outcome().status(), 141);
}

#[test]
fn what_cannot_be_started_is_told_and_counts() {
    let outcome = run(&["--status", "sh", "-c", "exit 3", ":::", "/no/such", ":::", "/", ":::", "cat"]);
    assert_eq!(
        (outcome.status(), outcome.stderr().as_str()),
        (
            127,
            "rpipe: cannot run '/no/such': No such file or directory\nrpipe: cannot run '/': Permission denied\n3 127 126 0\n"
        )
    );
    assert_eq!(run(&["/no/such", ":::", "sh", "-c", "exit 9"]).status(), 9, "the last one's own comes first");
    run(&["/no/such"]).fails(127, "rpipe: cannot run '/no/such': No such file or directory\n");
}

#[test]
fn reports_go_to_files_too() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (status, records) = (path("status"), path("records"));
    let options = [format!("--status={status}"), format!("--report={records}")];
    assert_eq!(run(&[&options[0], &options[1], "echo", "x", ":::", "cat"]).success(), "x");
    assert_eq!(std::fs::read_to_string(status).expect("written"), "0 0\n");
    assert_eq!(std::fs::read_to_string(records).expect("written").lines().count(), 2);
    run(&["--status=/no/such/file", "true"]).fails(125, "rpipe: cannot open '/no/such/file': No such file");
    run(&["--status=/dev/full", "true"]).fails(125, "rpipe: cannot write to '/dev/full': No space left on device\n");
}

/// Runs commands of which one waits for a file `go`, and makes that when those called `name` have slept in `call`
/// for much longer than it took until they did.
fn held_up(words: &[&str], name: &str, call: Call) -> Outcome {
    let folder = tempfile::tempdir().expect("a directory");
    let started = Instant::now();
    let running = Running::start(tool("rpipe").args(["run", "--report"]).args(words).current_dir(&folder));
    wait_until("all have been started", || children(running.id()).len() == 3);
    for pid in child_pids(running.id()) {
        wait_until("it is what it is to be", || !["rpipe", ""].contains(&comm(pid).as_str()));
        if comm(pid) == name {
            wait_until_in(pid, call);
        }
    }
    let enough = started.elapsed() * 4 + Duration::from_millis(500);
    wait_until("it has been held up", || started.elapsed() > enough);
    std::fs::write(folder.path().join("go"), "").expect("room");
    running.outcome()
}

#[test]
fn a_report_tells_what_passed_and_who_was_slow() {
    let late = "until [ -e go ]; do sleep 0.01; done";
    let counts = format!("{late}; wc -c");
    let slow = ["head", "-c", "3000000", "/dev/zero", ":::", "cat", ":::", "sh", "-c", &counts];
    let outcome = held_up(&slow, "cat", Call::Write);
    let records = report(&outcome);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()).trim(), "3000000");
    let bytes: Vec<_> = records.iter().map(|record| record["bytes"].as_u64()).collect();
    assert_eq!(bytes, [Some(3_000_000), Some(3_000_000), None]);
    let slowest: Vec<_> = records.iter().map(|record| record["slowest"] == true).collect();
    assert_eq!(slowest, [false, false, true], "{records:?}");
    assert!(records[1]["full"].as_f64() > records[1]["empty"].as_f64(), "{}", records[1]);
    assert!(records.iter().all(|record| record["max_rss"].as_u64() > Some(100_000) && record["pid"].is_u64()));
    assert!(records[2]["elapsed"].as_f64() >= Some(0.5), "{}", records[2]);
    let ends = format!("echo x; {late}; kill -s USR1 $$");
    let records = report(&held_up(&["sh", "-c", &ends, ":::", "cat", ":::", "cat"], "cat", Call::Read));
    assert!(records[0]["empty"].as_f64() > Some(0.5) && records[0]["slowest"] == true, "{records:?}");
    assert_eq!((&records[0]["status"], &records[0]["signal"]), (&serde_json::Value::Null, &"USR1".into()));
    assert_eq!(records[1]["command"], serde_json::json!(["cat"]));
}

#[test]
fn a_measured_link_breaks_as_a_pipe_does() {
    let outcome = run(&["--report", "--status", "--pipefail", "yes", ":::", "head", "-n", "1"]);
    assert_eq!((outcome.status(), last_line(&outcome.stderr())), (0, "141 0"));
    let records = outcome.stderr();
    let first: serde_json::Value = serde_json::from_str(records.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&first["signal"], &first["unread"]), (&"PIPE".into(), &true.into()));
    // A writer that is silent learns of it when it writes.
    let folder = tempfile::tempdir().expect("a directory");
    Outcome::of(tool("mkfifo").arg(folder.path().join("fifo"))).success();
    let silent = ["--report=/dev/null", "--pipefail", "--strict", "sh", "-c", "read x < fifo; echo y"];
    let mut command = tool("rpipe");
    command.arg("run").args(silent).args([":::", "sh", "-c", "exec <&-; : > closed"]).current_dir(&folder);
    let waiting = Running::start(&mut command);
    let links = || pipes(waiting.id()).difference(&pipes(std::process::id())).count();
    wait_until("the link is over", || folder.path().join("closed").exists() && links() == 0);
    std::fs::write(folder.path().join("fifo"), "go\n").expect("it is read");
    assert_eq!(waiting.outcome().status(), 141);
}

/// The pipes that a process has open.
fn pipes(pid: u32) -> BTreeSet<PathBuf> {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    let links = fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("pipe:")).collect()
}

/// What the children of a process are called.
fn children(pid: u32) -> Vec<String> {
    child_pids(pid).into_iter().map(comm).collect()
}

fn child_pids(pid: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().map(|pid| pid.parse().expect("a pid")).collect()
}

fn comm(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

#[test]
fn a_terminal_makes_a_program_write_each_line_at_once() {
    if !has("python3") {
        return;
    }
    // It holds its output back in a pipe until it ends, which it does not before it is told.
    let talks = "import sys\nprint('one')\nsys.stdin.readline()\nprint(sys.stdout.isatty())";
    let mut running = Running::start(tool("rpipe").args(["run", "--pty", "1", "python3", "-c", talks, ":::", "cat"]));
    let (mut input, mut output) = running.pipes();
    let mut bytes = [0; 4];
    std::io::Read::read_exact(&mut output, &mut bytes).expect("it comes");
    assert_eq!(&bytes, b"one\n", "no carriage return");
    std::io::Write::write_all(&mut input, b"\n").expect("it is read");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut output, &mut rest).expect("text");
    assert_eq!(rest, "True\n");
    assert_eq!(run(&["--pty", "1,2", "seq", "3", ":::", "sh", "-c", "test -t 1 && cat"]).success(), "1\n2\n3");
    run(&["--pty", "3", "true", ":::", "true"]).fails(2, "there is no command 3, only 2");
}

#[test]
fn a_terminal_without_a_reader_ends_its_writer_as_a_pipe_does() {
    let outcome = run(&["--pty", "1", "--status", "--pipefail", "yes", ":::", "head", "-n", "1"]);
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, "141 0\n"));
    // Who reads the last one is not ours to see.
    for options in [&["--pty", "2"][..], &["--report=/dev/null"]] {
        let mut command = tool("sh");
        let text = "(rpipe run \"$@\" true ::: yes; echo $? >&2) | head -n 1";
        assert_eq!(Outcome::of(command.args(["-c", text, "sh"]).args(options)).stderr(), "141\n", "{options:?}");
    }
    let all = run(&["--pty", "1", "seq", "100000", ":::", "tail", "-n", "1"]);
    assert_eq!(all.success(), "100000", "nothing of the end is lost");
}

#[test]
fn capacity_and_packets_are_given_and_limits_are_named() {
    if !has("python3") {
        return;
    }
    let size = "import fcntl, sys; print(fcntl.fcntl(0, 1032), bool(fcntl.fcntl(0, fcntl.F_GETFL) & 0o40000))";
    let look = |options: &[&str]| run(&[options, &["true", ":::", "python3", "-c", size]].concat());
    assert_eq!(look(&[]).success(), "65536 False");
    assert_eq!(look(&["--capacity", "300K"]).success(), "524288 False");
    let packets =
        ["--packet", "sh", "-c", "printf ab; printf cd", ":::", "python3", "-c", "import os; print(os.read(0, 99))"];
    assert_eq!(run(&packets).success(), "b'ab'");
    let measured = [&["--report=/dev/null"], &packets[..]].concat();
    assert_eq!(run(&measured).success(), "b'ab'");
    let too_large = look(&["--capacity", "1G"]);
    if too_large.status() == 0 {
        return skip("there is no limit for us");
    }
    too_large.fails(125, "rpipe: cannot give a pipe room for 1073741824 bytes (/proc/sys/fs/pipe-max-size is ");
    assert!(too_large.stderr().ends_with(" without CAP_SYS_RESOURCE): Operation not permitted\n"));
    look(&["--capacity", "4G"]).fails(125, "(none has more than 2 GiB): Invalid argument\n");
}

#[test]
fn the_pages_of_a_user_are_named_when_they_are_the_limit() {
    if !has("python3") {
        return;
    }
    if !is_root() {
        return skip("only root becomes another user, whom no other test's pipes belong to");
    }
    // A user of their own, whose pipes are all full grown.
    let fill = "import fcntl, os, subprocess, sys
os.setgid(54321); os.setuid(54321)
pipes = []
try:
    while len(pipes) < 400: p = os.pipe(); pipes.append(p); fcntl.fcntl(p[1], 1031, 1 << 20)
except PermissionError: pass
p = subprocess.run([sys.argv[1], 'run', '--capacity', '1M', 'true', ':::', 'true'], stderr=2)
sys.exit(p.returncode)";
    let path = script("command -v rpipe").success();
    let outcome = Outcome::of(tool("python3").args(["-c", fill, &path]));
    if outcome.status() == 126 || outcome.stderr().contains("PermissionError") || outcome.status() == 0 {
        return skip("there is no other user, or no limit for it");
    }
    outcome.fails(125, "before they stay small (pipe-user-pages-soft)");
}

#[test]
fn no_command_has_a_descriptor_that_is_not_its_own() {
    let list = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p'";
    for options in [&[][..], &["--report=/dev/null"], &["--pty", "1"], &["--status=/dev/null"]] {
        let first = format!("{list} >&2");
        let words = [options, &["sh", "-c", &first, ":::", "sh", "-c", list, ":::", "cat"]].concat();
        let outcome = run(&words);
        let plain = script(list).success();
        assert_eq!(String::from_utf8_lossy(outcome.stdout()).trim(), plain, "{options:?}");
        assert_eq!(outcome.stderr().trim(), plain, "{options:?}");
    }
}

#[test]
fn a_signal_reaches_every_command_and_leaves_no_zombie() {
    let folder = tempfile::tempdir().expect("a directory");
    let waits = |name| format!("trap 'echo told >&2; exit 5' TERM; : > {name}; while :; do sleep 0.01; done");
    let (one, two, three) = (waits("one"), waits("two"), waits("three"));
    let words = ["run", "--status", "sh", "-c", &one, ":::", "sh", "-c", &two, ":::", "sh", "-c", &three];
    let running = Running::start(tool("rpipe").args(words).current_dir(&folder));
    let is_ready = |name| folder.path().join(name).exists();
    wait_until("all are ready", || ["one", "two", "three"].into_iter().all(is_ready));
    running.wait_until_in(Call::Sigtimedwait);
    running.signal("TERM");
    let outcome = running.outcome();
    assert_eq!((outcome.status(), outcome.stderr().matches("told\n").count()), (5, 3), "{}", outcome.stderr());
    assert!(outcome.stderr().ends_with("5 5 5\n"));
}

#[test]
fn one_that_ends_early_is_no_zombie_while_others_run() {
    let running = Running::start(tool("rpipe").args(["run", "true", ":::", "sleep", "1000"]));
    wait_until("only the other is left", || children(running.id()) == ["sleep"]);
    running.signal("KILL");
}

#[test]
fn when_all_have_stopped_it_stops_and_goes_on_with_them() {
    let stops = "kill -s STOP $$; exit 6";
    let running = Running::start(tool("rpipe").args(["run", "sh", "-c", stops, ":::", "sh", "-c", stops]));
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", running.id())).unwrap_or_default();
    wait_until("it is stopped", || stat().contains(") T "));
    running.signal("CONT");
    assert_eq!(running.outcome().status(), 6);
}

#[test]
fn fifty_commands_pass_a_gibibyte_on() {
    let mut words = vec!["--status", "head", "-c", "1G", "/dev/zero"];
    for _ in 0..48 {
        words.extend([":::", "rpipe", "meter", "--quiet"]);
    }
    words.extend([":::", "wc", "-c"]);
    let outcome = run(&words);
    assert_eq!(String::from_utf8_lossy(outcome.stdout()).trim(), (1_u32 << 30).to_string());
    assert_eq!((outcome.status(), outcome.stderr().trim()), (0, vec!["0"; 50].join(" ").as_str()));
}

#[test]
fn more_commands_than_descriptors_are_no_difficulty() {
    let mut words = vec!["echo", "x"];
    for _ in 0..40 {
        words.extend([":::", "cat"]);
    }
    let mut command = tool("sh");
    command.args(["-c", "ulimit -n 20; exec rpipe run \"$@\"", "sh"]);
    assert_eq!(Outcome::of(command.args(&words)).success(), "x");
    let mut command = tool("sh");
    command.args(["-c", "ulimit -n 20; exec rpipe run --report \"$@\"", "sh"]);
    Outcome::of(command.args(&words))
        .fails(125, "rpipe: cannot make a pipe (ulimit -n allows 20 descriptors): Too many open files\n");
}

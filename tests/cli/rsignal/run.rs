//! `rsignal run`: what the command begins with, and what is done while it runs.

use std::time::{Duration, Instant};

use super::{apart_prints, rsignal};
use crate::support::{Call, Outcome, Running, has, keeps_endings, tool, wait_until};

/// A set in the command's own `/proc/self/status`, under `rsignal run` with these words.
fn begins_with(words: &[&str], line: &str) -> u64 {
    let printed = rsignal(&[&["run"], words, &["--", "grep", line, "/proc/self/status"]].concat()).success();
    u64::from_str_radix(printed.split_whitespace().last().expect("a set"), 16).expect("hexadecimal")
}

#[test]
fn dispositions_and_mask_are_as_asked() {
    assert_eq!(begins_with(&["--ignore", "HUP,USR1"], "SigIgn") & 0x201, 0x201);
    assert_eq!(begins_with(&["--ignore", "HUP", "--ignore", "RTMAX"], "SigIgn") >> 63, 1);
    assert_eq!(begins_with(&["--block", "TERM,RTMIN"], "SigBlk"), (1 << 33) | (1 << 14));
    assert_eq!(begins_with(&["--block", "all"], "SigBlk"), !((1 << 8) | (1 << 18)));
    assert_eq!(begins_with(&["--default", "all"], "SigIgn"), 0);
    for words in [
        ["--ignore", "KILL"],
        ["--block", "STOP"],
        ["--default", "KILL"],
        ["--map", "KILL:TERM"],
        ["--forward", "STOP"],
    ] {
        rsignal(&[&["run"], &words[..], &["true"]].concat()).fails(2, "always has its default action");
    }
}

#[test]
fn what_was_ignored_or_blocked_stays_so() {
    let outer = ["--ignore", "USR2,PIPE", "--block", "USR1", "--", "rsignal", "run"];
    let inherited = |words: &[&str], line| begins_with(&[&outer[..], words].concat(), line);
    for words in [&[][..], &["--timeout", "200"]] {
        assert_eq!(inherited(words, "SigIgn") & 0x1800, 0x1800, "SIGPIPE, too: {words:?}");
        assert_eq!(inherited(words, "SigBlk"), 0x200, "{words:?}");
    }
    assert_eq!(inherited(&["--default", "USR2"], "SigIgn") & 0x1800, 0x1000);
    assert_eq!(inherited(&["--block", "HUP"], "SigBlk"), 0x201);
}

#[test]
fn without_a_limit_nothing_of_us_stays() {
    let mut command = tool("rsignal");
    command.args(["run", "--ignore", "HUP", "--new-group", "sh", "-c", "echo $$; exec cat"]);
    let mut running = Running::start(&mut command);
    assert_eq!(running.line(), running.id().to_string());
}

#[test]
fn its_status_is_the_commands() {
    for more in [&[][..], &["--timeout", "200"]] {
        let run = |words: &[&str]| rsignal(&[&["run"], more, words].concat());
        assert_eq!(run(&["sh", "-c", "exit 7"]).status(), 7);
        assert_eq!(run(&["sh", "-c", "kill -s USR1 $$"]).status(), 138);
        run(&["/no/such"]).fails(127, "rsignal: cannot run '/no/such': No such file or directory\n");
        run(&["/"]).fails(126, "rsignal: cannot run '/': Permission denied\n");
    }
    rsignal(&["run", "--kill-after", "1", "true"]).fails(2, "--timeout");
}

#[test]
fn a_limit_ends_the_command() {
    let started = Instant::now();
    rsignal(&["run", "--timeout", "0.2", "sleep", "1000"]).fails(124, "rsignal: 'sleep' took longer than 0.2s\n");
    assert!(started.elapsed() >= Duration::from_millis(200));
    let deaf = ["run", "--timeout", "0.1", "--kill-after", "0.2", "--ignore", "TERM", "sleep", "1000"];
    let started = Instant::now();
    rsignal(&deaf).fails(124, "took longer than 0.1s");
    assert!(started.elapsed() >= Duration::from_millis(300));
    let traps = "trap 'echo told; exit 0' INT; echo begun; while :; do sleep 0.01; done";
    // On a machine that is too busy it has not begun in the shortest time.
    let outcome = ["1", "10", "100"].into_iter().find_map(|limit| {
        let outcome = rsignal(&["run", "--timeout", limit, "--signal", "INT", "--default", "INT", "sh", "-c", traps]);
        outcome.stdout().starts_with(b"begun").then_some(outcome)
    });
    let outcome = outcome.expect("it begins");
    assert_eq!((outcome.status(), outcome.stdout()), (124, &b"begun\ntold\n"[..]));
    assert_eq!(rsignal(&["run", "--timeout", "0", "sleep", "0.05"]).status(), 0, "0 is no limit");
}

#[test]
fn the_limit_reaches_a_group_of_its_own() {
    let script = "rsignal run --timeout 0.2 --new-group -- sh -c 'sleep 1000 & sleep 1000' 2>&1; echo $?
        until_ '! rsignal list name:sleep'; echo none";
    let Some(printed) = apart_prints(script) else { return };
    assert_eq!(printed, "rsignal: 'sh' took longer than 0.2s\n124\nnone");
}

#[test]
fn groups_and_sessions_are_new() {
    // Pid, group and session of the command.
    let numbers = |words: &[&str]| -> Vec<i32> {
        let look = ["--", "cut", "-d", " ", "-f", "1,5,6", "/proc/self/stat"];
        let printed = rsignal(&[&["run"], words, &look[..]].concat()).success();
        printed.split(' ').map(|number| number.parse().expect("a number")).collect()
    };
    let same = numbers(&[]);
    assert!(same[1] != same[0] && same[2] != same[0], "{same:?}");
    let group = numbers(&["--new-group"]);
    assert!(group[1] == group[0] && group[2] == same[2], "{group:?}");
    for words in [&["--new-session"][..], &["--new-session", "--timeout", "200"]] {
        let session = numbers(words);
        assert!(session[1] == session[0] && session[2] == session[0], "{session:?}");
    }
}

#[test]
fn the_leader_of_a_group_stays_beside_its_session() {
    let script = "cut -d ' ' -f 5,6 /proc/$$/stat; exit 9";
    let leader = Running::start(tool("rsignal").args(["run", "--new-session", "sh", "-c", script]));
    let own = leader.id().to_string();
    let outcome = leader.outcome();
    assert_eq!(outcome.status(), 9, "{}", outcome.stderr());
    let printed = String::from_utf8_lossy(outcome.stdout()).into_owned();
    let (group, session) = printed.trim_end().split_once(' ').expect("two numbers");
    assert!(group == session && group != own, "{printed}");
}

#[test]
fn the_death_of_the_parent_is_told() {
    // The first process of the namespace waits for the orphan, too.
    if !keeps_endings() {
        return;
    }
    let script = "sh -c 'rsignal run --parent-death USR1 -- sleep 1000 & echo $!
            until rsignal list name:sleep >/dev/null 2>&1; do :; done; read line' > pid < keys &
        exec 3> keys
        until_ 'rsignal list name:sleep'
        rsignal wait $(cat pid) 3>&- & waiting=$!
        until_ 'ls -l /proc/$waiting/fd | grep pidfd'
        exec 3>&-; wait $waiting";
    let folder = tempfile::tempdir().expect("a directory");
    let Some(mut command) = super::apart(&format!("mkfifo keys; {script}")) else { return };
    let printed = Outcome::of(command.current_dir(&folder)).success();
    assert!(printed.ends_with(" USR1"), "{printed}");
}

#[test]
fn signals_are_passed_on_and_mapped() {
    if !has("perl") {
        return;
    }
    let script = "use POSIX; $| = 1; my %names = (HUP => 1, INT => 2, USR1 => 10, USR2 => 12, NUM37 => 37);
        for my $name (keys %names) { $SIG{$name} = sub { print \"got $names{$name}\\n\" } }
        $SIG{TERM} = sub { exit 3 }; print \"ready\\n\"; sleep 1 while 1";
    let mut command = tool("rsignal");
    command.args(["run", "--forward", "RTMIN+3", "--map", "HUP:USR1", "--map=INT:USR2", "--default", "HUP,INT"]);
    let mut running = Running::start(command.args(["--", "perl", "-e", script]));
    assert_eq!(running.line(), "ready");
    running.wait_until_in(Call::Sigtimedwait);
    for (sent, got) in [("HUP", "got 10"), ("INT", "got 12"), ("USR1", "got 10"), ("RTMIN+3", "got 37")] {
        rsignal(&["send", "-s", sent, &running.id().to_string()]).success();
        assert_eq!(running.line(), got, "{sent}");
    }
    running.signal("TERM");
    assert_eq!(running.outcome().status(), 3);
}

#[test]
fn a_value_is_passed_on_with_its_signal() {
    let mut command = tool("rsignal");
    command.args(["run", "--forward", "RTMIN", "--", "rsignal", "recv", "--ready", "RTMIN"]);
    let mut running = Running::start(&mut command);
    assert!(running.line().starts_with("ready "));
    rsignal(&["send", "-s", "RTMIN", "--value", "77", &running.id().to_string()]).success();
    let line = running.line();
    assert!(line.starts_with("RTMIN ") && line.contains("code=queue value=77"), "{line}");
    assert_eq!(running.outcome().status(), 0);
}

#[test]
fn a_stopped_command_stops_us_and_goes_on_with_us() {
    let command = ["run", "--timeout", "200", "sh", "-c", "kill -s STOP $$; exit 5"];
    let running = Running::start(tool("rsignal").args(command));
    let stat = || std::fs::read_to_string(format!("/proc/{}/stat", running.id())).unwrap_or_default();
    wait_until("it is stopped", || stat().contains(" T "));
    running.signal("CONT");
    assert_eq!(running.outcome().status(), 5);
}

//! `rsignal wait`: the end of processes that are not ours.

use super::{rsignal, sleeper};
use crate::support::{Call, Running, keeps_endings, tool};

#[test]
fn the_exit_status_of_a_stranger_is_told() {
    if !keeps_endings() {
        return;
    }
    // The shell in the middle waits for the inner one, which ends with the input that both share.
    let script = "exec 3<&0; sh -c 'read line; exit 42' <&3 & echo $!; exec 3<&-; wait";
    for words in [&[][..], &["--json"]] {
        let mut middle = Running::start(tool("sh").args(["-c", script]));
        let inner = middle.line();
        let waiting = Running::start(tool("rsignal").args(["wait", &inner]).args(words));
        waiting.wait_until_in(Call::Poll);
        drop(middle.pipes());
        let told = match words {
            [] => format!("{inner} 42"),
            _ => format!("{{\"pid\":{inner},\"status\":42,\"signal\":null}}"),
        };
        assert_eq!(waiting.outcome().success(), told);
    }
}

#[test]
fn the_signal_that_ended_a_process_is_told() {
    let sleeper = sleeper(&[]);
    let pid = sleeper.id().to_string();
    let mut command = tool("rsignal");
    let waiting = Running::start(command.args(["wait", &pid]));
    waiting.wait_until_in(Call::Poll);
    sleeper.signal("USR1");
    assert_eq!(waiting.outcome().success(), format!("{pid} USR1"));
}

#[test]
fn one_or_some_or_all_are_waited_for() {
    for (words, ended) in [(&["--any"][..], 1), (&["--count", "2"], 2), (&[], 3)] {
        let all: Vec<Running> = (0..3).map(|_| sleeper(&[])).collect();
        let pids: Vec<String> = all.iter().map(|sleeper| sleeper.id().to_string()).collect();
        let waiting = Running::start(tool("rsignal").arg("wait").args(words).args(&pids));
        waiting.wait_until_in(Call::Poll);
        let expected: Vec<String> = pids[..ended].iter().map(|pid| format!("{pid} TERM")).collect();
        for sleeper in &all[..ended] {
            sleeper.signal("TERM");
        }
        let printed = waiting.outcome().success();
        let mut lines: Vec<&str> = printed.lines().collect();
        lines.sort_unstable();
        let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }
}

#[test]
fn a_timeout_is_status_124_and_nobody_there_is_3() {
    let sleeper = sleeper(&[]);
    let pid = sleeper.id().to_string();
    rsignal(&["wait", &pid, "--timeout", "0.1"]).fails(124, &format!("rsignal: process {pid} (sleep, of "));
    rsignal(&["wait", &pid, "--nowait"]).fails(124, ") still runs\n");
    assert_eq!(rsignal(&["wait", &pid, "-nq"]).stderr(), "");
    rsignal(&["wait", "4194304"]).fails(3, "rsignal: cannot find process 4194304: No such process\n");
    rsignal(&["wait", &pid, "--count", "2"]).fails(2, "--count is more than the 1 process there");
    rsignal(&["wait", &pid, "--count", "0"]).fails(2, "rsignal: ");
    rsignal(&["wait", &pid, "--any", "--count", "1"]).fails(2, "cannot be used with");
}

#[test]
fn a_target_that_is_not_there_does_not_hide_the_others() {
    let sleeper = sleeper(&[]);
    let pid = sleeper.id().to_string();
    let waiting = Running::start(tool("rsignal").args(["wait", "4194304", &pid]));
    waiting.wait_until_in(Call::Poll);
    sleeper.signal("KILL");
    let outcome = waiting.outcome();
    assert_eq!(
        (outcome.status(), String::from_utf8_lossy(outcome.stdout()).into_owned()),
        (3, format!("{pid} KILL\n"))
    );
}

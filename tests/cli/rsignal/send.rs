//! `rsignal send`.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{rsignal, sleeper};
use crate::support::{Call, Outcome, Running, World, can_trace, has, tool};

#[test]
fn a_signal_arrives_however_it_is_called() {
    let spelled: &[&[&str]] = &[
        &[],
        &["-s", "TERM"],
        &["-sTERM"],
        &["-s", "15"],
        &["--signal=SIGTERM"],
        &["--signal", "sigterm"],
        &["-15"],
        &["-TERM"],
        &["-SIGTERM"],
        &["-s", "RTMIN+3"],
        &["-RTMAX-1"],
        &["--print"],
        &["--value", "7"],
    ];
    for words in spelled {
        let sleeper = sleeper(&[]);
        let pid = sleeper.id().to_string();
        let outcome = rsignal(&[&["send"], *words, &[&pid]].concat());
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""), "{words:?}");
        let number = match *words {
            ["-s", "RTMIN+3"] => 37,
            ["-RTMAX-1"] => 63,
            _ => 15,
        };
        assert_eq!(sleeper.outcome().status(), 128 + number, "{words:?}");
    }
}

#[test]
fn what_is_neither_signal_nor_process_is_refused() {
    let table: &[&[&str]] = &[
        &["-9"],
        &["-1234"],
        &["-s", "TERM", "-1"],
        &["-9", "-1"],
        &["-9", "0"],
        &["--", "-1"],
        &["-9", "4294967297"],
        &["-s", "143", "7"],
        &["-s", "EXIT", "7"],
        &["-s", "0", "--value", "1", "7"],
        &["-TERM", "nginx"],
        &["--then", "KILL", "7"],
        &["--then", "5s:0", "7"],
    ];
    for words in table {
        rsignal(&[&["send"], *words].concat()).fails(2, "rsignal: ");
    }
}

#[test]
fn all_are_tried_and_each_failure_is_told() {
    let (one, two) = (sleeper(&[]), sleeper(&[]));
    let pids = [one.id().to_string(), "4194304".to_owned(), two.id().to_string(), "name:no-such-name".to_owned()];
    let words: Vec<&str> = ["send"].into_iter().chain(pids.iter().map(String::as_str)).collect();
    let outcome = rsignal(&words);
    outcome.fails(3, "rsignal: cannot send TERM to process 4194304: No such process\n");
    assert!(outcome.stderr().ends_with("rsignal: no process is name:no-such-name\n"), "{}", outcome.stderr());
    assert_eq!((one.outcome().status(), two.outcome().status()), (143, 143));
}

#[test]
fn somebody_elses_process_is_named_with_its_owner() {
    let Some(world) = World::new() else { return };
    let Some(nobody) = world.user(65_534) else { return };
    let ours = sleeper(&[]);
    let theirs = Running::start(nobody.command("sleep").arg("1000"));
    theirs.wait_until_in(Call::Nanosleep);
    for more in [&[][..], &["--value", "1"], &["--print"]] {
        let pids = [ours.id().to_string(), theirs.id().to_string()];
        let outcome = nobody.run("rsignal", &[&["send", "-s", "URG", &pids[0], &pids[1]], more].concat());
        let told =
            format!("rsignal: cannot send URG to process {} (sleep, of root): Operation not permitted\n", pids[0]);
        assert_eq!((outcome.status(), outcome.stderr()), (5, told));
    }
    let outcome = nobody.run("rsignal", &["send", &ours.id().to_string(), &theirs.id().to_string()]);
    assert_eq!(outcome.status(), 5);
    assert_eq!(theirs.outcome().status(), 143);
}

#[test]
fn who_does_not_end_of_one_signal_gets_another() {
    let stubborn = sleeper(&["--ignore", "TERM,INT"]);
    let started = Instant::now();
    let pid = stubborn.id().to_string();
    let outcome = rsignal(&["send", "--wait", "--then", "0.2:INT", "--then", "0.3:KILL", &pid]);
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""));
    assert_eq!(stubborn.outcome().status(), 137);
}

#[test]
fn who_ends_at_once_gets_no_other_signal() {
    let meek = sleeper(&[]);
    let outcome = rsignal(&["send", "--then", "200s:KILL", &meek.id().to_string()]);
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    assert_eq!(meek.outcome().status(), 143);
}

#[test]
fn the_wait_for_the_end_has_an_end() {
    let stubborn = sleeper(&["--ignore", "TERM"]);
    let pid = stubborn.id().to_string();
    let told = format!("rsignal: process {pid} (sleep, of ");
    let outcome = rsignal(&["send", "--wait=0.2", &pid]);
    outcome.fails(124, &told);
    assert!(outcome.stderr().ends_with("still runs after 0.2s\n"), "{}", outcome.stderr());
    rsignal(&["send", "--wait=0.1", "--then", "5s:KILL", &pid]).fails(124, "still runs");
    assert_eq!(rsignal(&["send", "-s", "KILL", "--wait=200s", &pid]).status(), 0);
}

#[test]
fn only_those_with_a_handler_where_that_is_asked() {
    if !has("perl") {
        return;
    }
    let deaf = sleeper(&[]);
    let script = "$SIG{USR1} = sub { exit 7 }; $| = 1; print \"ready\\n\"; sleep 1 while 1";
    let mut hearing = Running::start(Command::new("perl").args(["-e", script]));
    assert_eq!(hearing.line(), "ready");
    let (deaf_pid, hearing_pid) = (deaf.id().to_string(), hearing.id().to_string());
    rsignal(&["send", "-s", "USR1", "--require-handler", &deaf_pid]).fails(3, "catches USR1\n");
    rsignal(&["send", "-s", "USR1", "--require-handler", &format!("tree:{deaf_pid}")]).fails(3, "catches USR1\n");
    let outcome = rsignal(&["send", "-s", "USR1", "--require-handler", "--print", &hearing_pid]);
    assert_eq!(outcome.success(), hearing_pid);
    assert_eq!(hearing.outcome().status(), 7);
    // Real-time handlers lie beyond the 32 bits of /proc/PID/stat.
    let script = "use POSIX; $SIG{NUM37} = sub { exit 7 }; $| = 1; print \"ready\\n\"; sleep 1 while 1";
    let mut hearing = Running::start(Command::new("perl").args(["-e", script]));
    assert_eq!(hearing.line(), "ready");
    rsignal(&["send", "-s", "37", "--require-handler", &hearing.id().to_string()]).success();
    assert_eq!(hearing.outcome().status(), 7);
}

#[test]
fn a_dry_run_sends_nothing() {
    let sleeper = sleeper(&[]);
    let pid = sleeper.id().to_string();
    for target in [pid.clone(), format!("tree:{pid}"), format!("group:{pid}")] {
        assert_eq!(rsignal(&["send", "-s", "KILL", "--dry-run", &target]).success(), pid);
    }
    assert_eq!(rsignal(&["send", "-n", "--wait", &pid]).success(), pid);
    rsignal(&["send", "-s", "0", &pid]).success();
    sleeper.signal("TERM");
    assert_eq!(sleeper.outcome().status(), 143);
}

#[test]
fn a_plain_signal_is_one_system_call_and_one_process() {
    if !can_trace() {
        return;
    }
    let sleeper = sleeper(&[]);
    let pid = sleeper.id().to_string();
    let trace = |program: &str| {
        let mut command = tool("sh");
        command.args(["-c", "exec strace -f -o /dev/fd/3 \"$@\" 3>&1 >/dev/null 2>&1", "sh", program]);
        let words: &[&str] = if program == "rsignal" { &["send", "-s", "0", &pid] } else { &["-0", &pid] };
        String::from_utf8_lossy(Outcome::of(command.args(words)).stdout()).into_owned()
    };
    let ours = trace("rsignal");
    assert!((5..=25).contains(&ours.lines().count()), "{ours}");
    assert_eq!(ours.matches(" kill(").count(), 1, "{ours}");
    assert!(!ours.contains("clone") && !ours.contains("fork") && !ours.contains("pidfd"), "{ours}");
}

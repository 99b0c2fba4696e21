//! `rpipe duplex`.

use std::time::{Duration, Instant};

use super::rpipe;
use crate::support::{Call, Outcome, Running, has, tool};

/// Nobody is sent TERM only because the machine is slow.
fn duplex(words: &[&str]) -> Outcome {
    rpipe(&[&["duplex", "--grace", "100"], words].concat())
}

/// Asks twice, tells the answers on standard error, and closes.
const ASKS: &str = "for question in 6*7 2^10; do echo \"$question\"; read answer; echo \"$question=$answer\" >&2; done";

#[test]
fn two_commands_ask_and_answer() {
    if !has("bc") {
        return;
    }
    for options in [&[][..], &["--socketpair"], &["--report=/dev/null"], &["--capacity", "4096"]] {
        let outcome = duplex(&[options, &["--status", "sh", "-c", ASKS, ":::", "bc"]].concat());
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, "6*7=42\n2^10=1024\n0 0\n"), "{options:?}");
    }
}

#[test]
fn a_pair_of_sockets_is_one_descriptor() {
    let look = "test /proc/$$/fd/0 -ef /proc/$$/fd/1 && readlink /proc/$$/fd/0 >&2";
    let outcome = duplex(&["--socketpair", "sh", "-c", look, ":::", "true"]);
    assert!(outcome.stderr().starts_with("socket:["), "{}", outcome.stderr());
    duplex(&["--socketpair", "true"]).fails(2, "connects 2 commands, not 1");
    duplex(&["--socketpair", "cat", ":::", "cat", ":::", "cat"]).fails(2, "connects 2 commands, not 3");
}

#[test]
fn more_than_two_are_a_ring() {
    let adds = "while read n; do echo $((n + 1)); done";
    let begins = "echo 0; read n; echo $n >&2";
    let ring = ["sh", "-c", begins, ":::", "sh", "-c", adds, ":::", "sh", "-c", adds, ":::", "sh", "-c", adds];
    assert_eq!(duplex(&ring).stderr(), "3\n");
    // One alone reads what it writes.
    assert_eq!(duplex(&["sh", "-c", "echo x; read y; echo $y$y >&2"]).stderr(), "xx\n");
}

#[test]
fn the_end_of_one_is_the_end_of_all() {
    // A reader sees the end; a writer has no reader any more, which is no failure.
    let outcome = duplex(&["--status", "true", ":::", "cat", ":::", "yes"]);
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, "0 0 141\n"));
    assert_eq!(duplex(&["--strict", "true", ":::", "yes"]).status(), 141);
    // Who does not look is told after a while.
    let started = Instant::now();
    let outcome = rpipe(&["duplex", "--status", "--grace", "0.2", "true", ":::", "sleep", "1000"]);
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (143, "0 143\n"));
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[test]
fn the_status_is_that_of_the_last_that_failed() {
    assert_eq!(duplex(&["sh", "-c", "exit 3", ":::", "sh", "-c", "cat; exit 4", ":::", "cat"]).status(), 4);
    assert_eq!(duplex(&["sh", "-c", "exit 3", ":::", "cat"]).status(), 3);
    let outcome = duplex(&["/no/such", ":::", "cat"]);
    outcome.fails(127, "rpipe: cannot run '/no/such': No such file or directory\n");
}

#[test]
fn a_signal_reaches_both() {
    for options in [&[][..], &["--socketpair"]] {
        let mut command = tool("rpipe");
        let running = Running::start(
            command.arg("duplex").args(options).args(["--status", "sleep", "1000", ":::", "sleep", "1000"]),
        );
        running.wait_until_in(Call::Sigtimedwait);
        running.signal("HUP");
        let outcome = running.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (129, "129 129\n"));
    }
}

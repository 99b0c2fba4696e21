//! `rfifo run`: temporary FIFOs that are gone when the command has ended.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Call, Outcome, Running, tool, wait_until};

/// `rfifo run` with a directory of its own for temporary files.
fn run(folder: &TempDir, words: &[&str]) -> Command {
    let mut command = tool("rfifo");
    command.arg("run").args(words).env("TMPDIR", folder.path());
    command
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).expect("it is ours").next().is_none()
}

#[test]
fn paths_stand_where_braces_were_and_in_the_environment() {
    let folder = folder();
    let text =
        Outcome::of(&mut run(&folder, &["--", "sh", "-c", "echo {} $RFIFO $RFIFO_1; [ -p {} ] && stat -c %a {}"]));
    let text = text.success();
    let (paths, mode) = text.split_once('\n').expect("two lines");
    let words: Vec<&str> = paths.split(' ').collect();
    assert!(words.len() == 3 && words.iter().all(|word| *word == words[0]), "{text}");
    assert!(Path::new(words[0]).starts_with(folder.path()) && mode == "600", "{text}");
    let text = Outcome::of(&mut run(&folder, &["-n", "3", "--", "sh", "-c", "echo $# $1 {2} $RFIFO_2 $2", "sh", "{}"]));
    let text = text.success();
    let words: Vec<&str> = text.split(' ').collect();
    assert!(
        words[0] == "3" && words[1].ends_with("/1") && words[2..].iter().all(|word| word.ends_with("/2")),
        "{text}"
    );
    Outcome::of(&mut run(&folder, &["-n", "2", "--", "cat", "<{}"])).fails(2, "does not say which of the 2 FIFOs");
    Outcome::of(&mut run(&folder, &["--", "cat", "{2}"])).fails(2, "there is no FIFO {2}");
    assert!(is_empty(folder.path()));
}

#[test]
fn it_is_process_substitution_for_any_shell() {
    let folder = folder();
    let script = "seq 1 3 > $RFIFO_1 & seq 2 4 > $RFIFO_2 & comm -12 $RFIFO_1 $RFIFO_2";
    assert_eq!(Outcome::of(&mut run(&folder, &["-n2", "--", "sh", "-c", script])).success(), "2\n3");
    assert!(is_empty(folder.path()));
}

#[test]
fn however_the_command_ends_nothing_is_left() {
    let folder = folder();
    for (script, status) in
        [("exit 7", 7), ("kill -9 $$", 137), ("kill -SEGV $$", 139), ("rm $RFIFO", 0), ("rm $RFIFO; mkfifo $RFIFO", 0)]
    {
        assert_eq!(Outcome::of(&mut run(&folder, &["--", "sh", "-c", script])).status(), status, "{script}");
        assert!(is_empty(folder.path()), "{script}");
    }
    Outcome::of(&mut run(&folder, &["--", "/none/such"])).fails(127, "cannot run '/none/such'");
    assert!(is_empty(folder.path()));
    let mut command = run(&folder, &["--", "true"]);
    command.env("TMPDIR", "/none");
    Outcome::of(&mut command).fails(125, "cannot make FIFOs in '/none': No such file or directory");
}

#[test]
fn a_signal_reaches_the_command_and_nothing_is_left() {
    let folder = folder();
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131), ("USR1", 138)] {
        let mut running = Running::start(&mut run(&folder, &["--", "sh", "-c", "echo; exec sleep 1000"]));
        running.line();
        running.wait_until_in(Call::Sigtimedwait);
        running.signal(signal);
        assert_eq!(running.outcome().status(), status, "{signal}");
        assert!(is_empty(folder.path()), "{signal}");
    }
}

#[test]
fn what_a_kill_leaves_the_next_run_removes() {
    let folder = folder();
    let orphan = "echo; exec sleep 1000 >/dev/null 2>&1";
    let mut killed = Running::start(&mut run(&folder, &["-n", "2", "--", "sh", "-c", orphan]));
    killed.line();
    let mut alive = Running::start(&mut run(&folder, &["--", "sh", "-c", "echo; exec cat"]));
    alive.line();
    assert_eq!(fs::read_dir(folder.path()).expect("it is ours").count(), 2);
    killed.signal("KILL");
    assert_eq!(killed.outcome().status(), 137);
    assert_eq!(fs::read_dir(folder.path()).expect("it is ours").count(), 2, "nobody could remove it");
    // What is another's, or only looks like one of ours, stays.
    fs::write(folder.path().join("rfifo-file"), "").expect("room");
    fs::create_dir(folder.path().join("rfifo-others")).expect("room");
    assert_eq!(Outcome::of(&mut run(&folder, &["--", "echo", "ran"])).success(), "ran");
    let left = fs::read_dir(folder.path()).expect("it is ours").map(|entry| entry.expect("there").file_name());
    assert_eq!(left.filter(|name| name != OsStr::new("rfifo-file") && name != OsStr::new("rfifo-others")).count(), 1);
    alive.outcome().success();
    let left: Vec<_> = fs::read_dir(folder.path()).expect("it is ours").collect();
    assert_eq!(left.len(), 2, "what runs removes its own: {left:?}");
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    let folder = folder();
    let script = "echo $1 > $RFIFO & cat $RFIFO";
    let all: Vec<Running> = (0..30)
        .map(|number| Running::start(&mut run(&folder, &["--", "sh", "-c", script, "sh", &number.to_string()])))
        .collect();
    for (number, running) in all.into_iter().enumerate() {
        assert_eq!(running.outcome().success(), number.to_string());
    }
    wait_until("all are gone", || is_empty(folder.path()));
}

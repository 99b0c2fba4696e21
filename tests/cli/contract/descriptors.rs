//! Standard descriptors that are closed, and no descriptor left to open anything.

use super::{faces, printing};
use crate::support::{Outcome, World};

/// Runs a tool behind this redirection.
fn redirected(world: &World, redirection: &str, name: &str, arguments: &[&str]) -> Outcome {
    Outcome::of(world.sh(&format!("exec \"$@\" {redirection}"), &[name]).args(arguments))
}

#[test]
fn without_standard_input_what_reads_it_fails() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for arguments in [&["send", &*queue][..], &["send", &queue, "-"], &["send", &queue, "--whole"]] {
        let outcome = redirected(&world, "<&-", "rmsgq", arguments);
        outcome.fails(1, "rmsgq: cannot read standard input: Bad file descriptor\n");
    }
    world.ok("rmsgq", &["create", "/jobs"]);
    redirected(&world, "<&-", "rmsgq", &["send", "/jobs"]).fails(1, "cannot read standard input: Bad file descriptor");
    assert_eq!(world.ok("rmsgq", &["list", "--no-header", "-o", "messages"]), "0\n0");
    redirected(&world, "<&-", "rmsgq", &["send", &queue, "x"]).success();
    assert_eq!(redirected(&world, "<&-", "rmsgq", &["recv", &queue]).success(), "x");
    for (name, arguments) in printing() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        // What it may not look at is said, and no failure.
        let outcome = redirected(&world, "<&-", name, &arguments);
        assert_eq!(outcome.status(), 0, "{name} {arguments:?}: {}", outcome.stderr());
        assert!(!outcome.stdout().is_empty());
    }
}

#[test]
fn without_standard_output_what_prints_fails() {
    let Some(world) = World::new() else { return };
    for (name, arguments) in printing() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let outcome = redirected(&world, ">&-", name, &arguments);
        let words = format!("{name}: cannot write to standard output: Bad file descriptor\n");
        assert_eq!((outcome.status(), outcome.stderr()), (1, words), "{name} {arguments:?}");
    }
    // The queue's own descriptor does not take its place, and the message is still there.
    for queue in ["0x4b", "/jobs"] {
        world.ok("rmsgq", &["send", queue, "--create", "kept"]);
        let outcome = redirected(&world, ">&-", "rmsgq", &["recv", queue]);
        outcome.fails(1, "rmsgq: cannot write to standard output: Bad file descriptor\n");
        assert_eq!(world.ok("rmsgq", &["recv", queue]), "kept");
    }
}

#[test]
fn without_standard_error_the_status_tells() {
    let Some(world) = World::new() else { return };
    for face in faces() {
        let outcome = redirected(&world, "2>&-", face.tool, &face.arguments(&["--no-such-option"]));
        outcome.fails(2, "");
        assert_eq!(redirected(&world, "2>&-", face.tool, &face.arguments(&["--help"])).status(), 0);
    }
}

#[test]
fn without_any_descriptor_every_verb_ends() {
    let Some(world) = World::new() else { return };
    for face in faces() {
        let name = if face.takes_path() { "/none/0" } else { "0" };
        for arguments in [&["--help"][..], &["--no-such-option"], &[], &[name], &[name, name]] {
            if face.writes_files() && arguments.contains(&"0") {
                continue;
            }
            let outcome = redirected(&world, "<&- >&- 2>&-", face.tool, &face.arguments(arguments));
            let status = outcome.status();
            let ran = face.wants_command_alone() && status == 127;
            assert!((0..=5).contains(&status) || ran, "{face} {arguments:?}: {status}");
        }
    }
    // A queue whose name could not be told is not left behind.
    assert_eq!(world.ok("ripcs", &["--json"]), "[]");
}

#[test]
fn with_all_descriptors_taken_it_works_or_says_so() {
    let Some(world) = World::new() else { return };
    let (mut worked, mut failed) = (0, 0);
    for limit in ["0", "1", "2", "3", "4", "5"] {
        for face in faces() {
            // What is made here is no other verb's operand: nothing sleeps. No process has that number.
            let (number, operand) = match (face.verb.as_deref(), face.takes_path()) {
                (Some("create"), true) => ("/none/0", "/dev/shm/made"),
                (Some("create"), false) => ("2147483647", "/made"),
                (_, true) => ("/none/0", "/none"),
                (_, false) => ("2147483647", "/none"),
            };
            for arguments in [&[][..], &["--help"], &[number], &[operand]] {
                if face.writes_files() && arguments.iter().any(|word| !word.starts_with('-')) {
                    continue;
                }
                let script = "ulimit -n \"$1\"; shift; exec \"$@\"";
                let outcome = Outcome::of(world.sh(script, &[limit, face.tool]).args(face.arguments(arguments)));
                let stderr = outcome.stderr();
                let says_so = stderr.starts_with(&format!("{}: ", face.tool)) && stderr.ends_with('\n');
                match outcome.status() {
                    0 => worked += 1,
                    1 | 125 | 126 => {
                        assert!(says_so && stderr.contains("Too many open files"), "{face} {arguments:?}: {stderr}");
                        failed += 1;
                    }
                    2..=5 | 127 => assert!(says_so, "{face} {arguments:?}: {stderr}"),
                    status => panic!("{face} {arguments:?} under ulimit -n {limit}: {status}, {stderr}"),
                }
            }
        }
    }
    assert!(worked > 0 && failed > 0, "{worked} worked, {failed} failed");
}

#[test]
fn with_all_descriptors_taken_a_listing_says_what_it_cannot_open() {
    let Some(world) = World::new() else { return };
    let outcome = world.script("ulimit -n 3; exec ripcs", &[]);
    assert_eq!(outcome.status(), 1);
    assert!(outcome.stderr().starts_with("ripcs: cannot list POSIX queues: "), "{}", outcome.stderr());
}

//! The scripts of `examples/`, and the commands that the README gives a newcomer.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Outcome, PACKAGE, World, has};

fn scripts() -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(PACKAGE).join("examples")).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut scripts: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|end| end == "sh")).collect();
    scripts.sort();
    assert!(scripts.iter().any(|path| path.ends_with("tour.sh")), "{scripts:?}");
    scripts
}

/// Runs every script in a world of its own; nothing of it is left there.
fn leave_nothing_behind(shell: &str) {
    for script in scripts() {
        let Some(world) = World::new() else { return };
        let outcome = Outcome::of(world.command(shell).arg(&script));
        let stdout = String::from_utf8_lossy(outcome.stdout()).into_owned();
        assert_eq!(outcome.status(), 0, "{shell} {}: {stdout}{}", script.display(), outcome.stderr());
        assert_eq!(world.ok("ripcs", &["--json"]), "[]", "{} left something", script.display());
    }
}

#[test]
fn the_examples_run_and_leave_nothing_behind() {
    leave_nothing_behind("sh");
}

#[test]
fn the_examples_run_in_the_smallest_shell() {
    if has("dash") {
        leave_nothing_behind("dash");
    }
}

#[test]
fn the_readme_gives_the_two_commands_of_a_fresh_machine() {
    let readme = fs::read_to_string(Path::new(PACKAGE).join("README.md")).expect("it is there");
    for command in ["cargo build --release --locked && ./examples/tour.sh", "cargo test --locked"] {
        let stands_alone = |line: &str| line.trim().trim_start_matches("$ ") == command;
        assert!(readme.lines().any(stands_alone), "{command} stands on no line of its own");
    }
}

//! What every tool passes. A test here runs over [`TOOLS`] and the verbs of their `--help`: a later
//! tool is covered by its line in that table.

use std::fs::File;
use std::process::Command;

use crate::help::Face;
use crate::support::{Outcome, TOOLS, World, tool};

mod blocked;
mod descriptors;
mod hostile;
mod users;
mod values;

/// Every tool, alone and with each of its verbs.
fn faces() -> Vec<Face> {
    TOOLS.iter().flat_map(|(name, _)| Face::all(name)).collect()
}

/// What prints without making anything: help, the version, and the listing of each tool.
fn printing() -> Vec<(&'static str, Vec<String>)> {
    let mut all = Vec::new();
    for face in faces() {
        if face.verb.is_none() {
            all.push((face.tool, vec!["--help".to_owned()]));
            all.push((face.tool, vec!["--version".to_owned()]));
        }
        if face.acts() && face.has_option("no-header") && !face.needs_operand() {
            // Not all that lies below wherever we are.
            let place = face.takes_path().then_some("/dev/shm");
            let words = |more: &[&str]| {
                face.arguments(more).into_iter().chain(place).map(ToString::to_string).collect::<Vec<String>>()
            };
            all.push((face.tool, words(&[])));
            all.push((face.tool, words(&["--json"])));
        }
    }
    assert!(all.len() >= 4 * TOOLS.len(), "every tool lists something: {all:?}");
    all
}

/// A refusal: this status, nothing printed, and why, behind the tool's name.
fn refuses(outcome: &Outcome, face: &Face, status: i32) {
    outcome.fails(status, "");
    let stderr = outcome.stderr();
    let first = stderr.lines().next().unwrap_or_default();
    let why = first.strip_prefix(face.tool).and_then(|rest| rest.strip_prefix(": ")).unwrap_or_default();
    assert!(!why.is_empty() && !why.starts_with("error"), "{face}: {stderr:?}");
}

#[test]
fn help_is_output() {
    for face in faces() {
        for option in ["--help", "-h"] {
            let help = Outcome::of(tool(face.tool).args(face.arguments(&[option]))).success();
            assert!(help.contains(&format!("\nUsage: {face}")), "{face} {option}: {help}");
        }
    }
}

#[test]
fn the_version_is_output() {
    for face in faces().iter().filter(|face| face.verb.is_none()) {
        for option in ["--version", "-V"] {
            let version = Outcome::of(tool(face.tool).arg(option)).success();
            assert_eq!(version, format!("{} {}", face.tool, env!("CARGO_PKG_VERSION")));
        }
    }
}

#[test]
fn an_unknown_option_is_bad_usage() {
    for face in faces() {
        for option in ["--no-such-option", "--no-such-option=1", "-@", "---"] {
            refuses(&Outcome::of(tool(face.tool).args(face.arguments(&[option]))), &face, 2);
        }
    }
}

#[test]
fn an_unknown_verb_is_bad_usage() {
    for face in faces().iter().filter(|face| face.verb.is_none()) {
        for words in [&["no-such-verb"][..], &["no-such-verb", "--help"], &["--", "no-such-verb"]] {
            let outcome = Outcome::of(tool(face.tool).args(words));
            // Help may be given for whatever is there.
            if words.contains(&"--help") && outcome.status() == 0 {
                continue;
            }
            refuses(&outcome, face, 2);
        }
    }
}

#[test]
fn a_missing_operand_is_bad_usage() {
    let mut asked = 0;
    for face in faces() {
        if !face.acts() {
            refuses(&Outcome::of(&mut tool(face.tool)), &face, 2);
        } else if face.needs_operand() {
            refuses(&Outcome::of(tool(face.tool).args(face.arguments(&[]))), &face, 2);
            asked += 1;
        }
    }
    assert!(asked > 0);
}

#[test]
fn a_missing_value_is_bad_usage() {
    let mut asked = 0;
    for face in faces() {
        for option in face.options().iter().filter(|option| option.takes_value) {
            let long = format!("--{}", option.long);
            let operand = if face.wants_command_alone() { None } else { Some("0") };
            let words: Vec<&str> = operand.into_iter().chain([long.as_str()]).collect();
            refuses(&Outcome::of(tool(face.tool).args(face.arguments(&words))), &face, 2);
            asked += 1;
        }
    }
    assert!(asked >= TOOLS.len());
}

#[test]
fn a_full_disk_is_told() {
    let Some(world) = World::new() else { return };
    for (name, arguments) in printing() {
        let mut command = world.command(name);
        command.args(&arguments).stdout(File::options().write(true).open("/dev/full").expect("it exists"));
        let words = format!("{name}: cannot write to standard output: No space left on device\n");
        let outcome = Outcome::of(&mut command);
        outcome.fails(1, &words);
        assert_eq!(outcome.stderr(), words, "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_ends_it_silently() {
    let Some(world) = World::new() else { return };
    for (name, arguments) in printing() {
        dies_of_a_closed_pipe(world.command(name).args(&arguments));
    }
}

#[test]
fn a_closed_pipe_ends_it_where_the_parent_ignores_the_signal() {
    let Some(world) = World::new() else { return };
    for (name, arguments) in printing() {
        dies_of_a_closed_pipe(world.sh("trap '' PIPE; exec \"$@\"", &[name]).args(&arguments));
    }
}

/// Its output goes to a pipe that nobody reads.
fn dies_of_a_closed_pipe(command: &mut Command) {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let outcome = Outcome::of(command.stdout(writer));
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (141, ""), "{command:?}");
}

//! Examples as a reader would try them: one shell per block, command by command, each output
//! compared with what the block says.

use std::io::{BufRead, BufReader, Write as _};
use std::process::Command;

use crate::support::{Faces, Running, World};

/// A command and what it prints.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    expected: Vec<String>,
}

/// The steps of a block: `$ ` begins a command, `> ` goes on with it, the rest is output.
fn steps(block: &[String]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), expected: Vec::new() });
            continue;
        }
        let step = steps.last_mut().ok_or_else(|| format!("{line:?} stands before any command"))?;
        match line.strip_prefix("> ") {
            Some(more) if step.expected.is_empty() => step.command.extend(["\n", more]),
            _ => step.expected.push(line.clone()),
        }
    }
    if steps.is_empty() { Err("no command".into()) } else { Ok(steps) }
}

/// Whether these lines were to be expected; `...` stands for any lines.
fn matches(expected: &[String], lines: &[String]) -> bool {
    match expected.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "..." => (0..=lines.len()).any(|skipped| matches(rest, &lines[skipped..])),
        Some((first, rest)) => lines.split_first().is_some_and(|(line, more)| line == first && matches(rest, more)),
    }
}

/// Runs a block in a shell of its own inside the world: what went otherwise than it says.
pub(super) fn run(world: &World, block: &[String]) -> Result<(), String> {
    run_in(&mut world.sh(SHELL, &[]), block)
}

/// The same where the old names mean the faces, also the one that shells have themselves.
pub(super) fn run_with(faces: &Faces, world: &World, block: &[String]) -> Result<(), String> {
    let first = ["$ kill() { env kill \"$@\"; }".to_owned()];
    run_in(&mut faces.sh(world, SHELL, &[]), &[&first, block].concat())
}

/// The script comes through descriptor 3, so that no command reads it; a block that hangs is ended.
const SHELL: &str = "exec timeout 300 sh /dev/fd/3 3<&0 </dev/null 2>&1";

fn run_in(shell: &mut Command, block: &[String]) -> Result<(), String> {
    let mut shell = Running::start(shell);
    let (mut script, output) = shell.pipes();
    let mut output = BufReader::new(output);
    let mut steps = steps(block)?;
    steps.push(Step { command: "wait".into(), expected: Vec::new() });
    for (number, step) in steps.into_iter().enumerate() {
        let marker = format!("the end of step {number} of {}", shell.id());
        // A shell that has ended already says so by its output.
        let _ = writeln!(script, "{}\necho '{marker}'", step.command);
        let lines = until(&mut output, &marker).ok_or_else(|| format!("the shell ended in '{}'", step.command))?;
        if !matches(&step.expected, &lines) {
            return Err(format!("'{}' printed {lines:#?} instead of {:#?}", step.command, step.expected));
        }
    }
    Ok(())
}

/// The lines before the marker, which may stand behind a line without an end; `None` if it never comes.
fn until(output: &mut impl BufRead, marker: &str) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        if output.read_until(b'\n', &mut line).expect("a pipe") == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_suffix('\n').unwrap_or(&line);
        if let Some(before) = line.strip_suffix(marker) {
            lines.extend((!before.is_empty()).then(|| before.to_owned()));
            return Some(lines);
        }
        lines.push(line.to_owned());
    }
}

fn block(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn any_lines_match_the_ellipsis() {
    let is = |expected: &str, lines: &str| matches(&block(expected), &block(lines));
    assert!(is("", "") && is("a\nb", "a\nb") && is("...", "") && is("...", "a\nb") && is("a\n...\nd", "a\nb\nc\nd"));
    assert!(!is("a", "") && !is("", "a") && !is("a", "a\nb") && !is("...\nd", "d\ne") && !is("a\nb", "b\na"));
}

#[test]
fn an_example_that_does_what_it_says_passes() {
    let Some(world) = World::new() else { return };
    let passing = [
        "$ echo one; echo two >&2\none\ntwo",
        "$ x=5\n$ echo $x\n5\n$ false; echo $?\n1",
        "$ printf 'no end'\nno end\n$ cat\n$ echo next\nnext",
        "$ for i in 1 2 3; do\n> echo $i\n> done\n1\n...\n3",
        "$ cat <<end\n> text\n> end\ntext",
        "$ rmsgq create\n0\n$ rmsgq recv 0 &\n$ rmsgq send 0 'in the background'; wait\nin the background",
        "$ rmsgq recv 9\nrmsgq: cannot receive from queue 9: no such identifier",
    ];
    for text in passing {
        assert_eq!(run(&world, &block(text)), Ok(()), "{text}");
    }
}

#[test]
fn an_example_that_does_otherwise_is_seen() {
    let Some(world) = World::new() else { return };
    let failing = [
        ("$ echo one\ntwo", "'echo one' printed"),
        ("$ echo one", "'echo one' printed"),
        ("$ true\none", "'true' printed"),
        ("$ echo one\n$ echo two\none\ntwo", "'echo one' printed"),
        ("$ exit 1\n$ echo two\ntwo", "the shell ended in 'exit 1'"),
        ("$ echo late &\n$ true", "late"),
        ("output first\n$ true", "stands before any command"),
        ("", "no command"),
    ];
    for (text, words) in failing {
        let error = run(&world, &block(text)).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
}

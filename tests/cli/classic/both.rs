//! Command lines run by the original and by ours: standard output, standard error and status.

use std::fs;
use std::path::Path;

use crate::support::{Faces, World};

/// What a line printed, and its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) status: String,
}

/// Runs each line of its input; what it tells lies in numbered files of `$1` then.
const RUN: &str = "n=0
while IFS= read -r line; do
    n=$((n + 1))
    timeout 300 sh -c \"$line\" </dev/null >$1/$n.out 2>$1/$n.err
    echo $? >$1/$n.status
done";

/// Runs these lines with the originals.
pub(super) fn theirs(world: &World, lines: &[String]) -> Vec<Told> {
    run(world, None, lines)
}

/// Runs these lines with the faces ahead of the originals.
pub(super) fn ours(world: &World, lines: &[String]) -> Vec<Told> {
    run(world, Some(&Faces::new()), lines)
}

fn run(world: &World, faces: Option<&Faces>, lines: &[String]) -> Vec<Told> {
    let folder = tempfile::tempdir().expect("a directory");
    let path = folder.path().to_str().expect("UTF-8");
    let mut input = lines.join("\n");
    input.push('\n');
    let mut command = match faces {
        Some(faces) => faces.sh(world, RUN, &[path]),
        None => world.sh(RUN, &[path]),
    };
    crate::support::Outcome::fed(&mut command, input.as_bytes()).success();
    (1..=lines.len()).map(|number| Told::read(folder.path(), number)).collect()
}

impl Told {
    fn read(folder: &Path, number: usize) -> Self {
        let read = |end: &str| {
            let bytes = fs::read(folder.join(format!("{number}.{end}"))).expect("the line was run");
            bytes.escape_ascii().to_string().replace("\\n", "\n").replace("\\'", "'").replace("\\\"", "\"")
        };
        Self { stdout: read("out"), stderr: read("err"), status: read("status") }
    }
}

/// Lines that may differ: a regular expression for the whole line, and the reason.
pub(super) type Differences = &'static [(&'static str, &'static str)];

/// Compares line by line. Whatever differs has to be among the differences, and whatever is among them has
/// to differ: so the list stays true.
pub(super) fn compare(lines: &[String], theirs: &[Told], ours: &[Told], differences: Differences) {
    let patterns: Vec<_> = differences
        .iter()
        .map(|(pattern, _)| regex_lite::Regex::new(&format!("^(?:{pattern})$")).expect("a regular expression"))
        .collect();
    let mut used = vec![false; patterns.len()];
    let mut wrong = Vec::new();
    for ((line, theirs), ours) in lines.iter().zip(theirs).zip(ours) {
        let listed = patterns.iter().position(|pattern| pattern.is_match(line));
        if let Some(listed) = listed {
            used[listed] = true;
        }
        match (listed, theirs == ours) {
            (None, false) => wrong.push(format!("$ {line}\noriginal: {theirs:#?}\nours: {ours:#?}")),
            (Some(listed), true) => wrong.push(format!("$ {line}\nis alike, but listed: {}", differences[listed].1)),
            _ => {}
        }
        assert!(ours.status == "0\n" || ours.status == "1\n", "$ {line}\n{ours:#?}");
    }
    for ((pattern, _), used) in differences.iter().zip(used) {
        if !used {
            wrong.push(format!("no line is like {pattern}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), lines.len(), wrong.join("\n\n"));
}

/// All lines that begin with one of each.
pub(super) fn product(parts: &[&[&str]]) -> Vec<String> {
    let start = vec![String::new()];
    parts.iter().fold(start, |lines, part| {
        let longer = |line: &String| {
            part.iter().map(|word| [line.as_str(), word].join(" ").trim().to_owned()).collect::<Vec<_>>()
        };
        lines.iter().flat_map(longer).collect()
    })
}

//! The drop-in faces against the originals whose names they have: start-up, and a thousand objects.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::Context as _;
use tempfile::TempDir;

use crate::call;
use crate::machine::{self, Machine};
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// A face, and the binary behind it.
const FACES: [(&str, &str); 6] = [
    ("ipcs", env!("CARGO_BIN_EXE_ripcs")),
    ("lsipc", env!("CARGO_BIN_EXE_ripcs")),
    ("ipcmk", env!("CARGO_BIN_EXE_ripcs")),
    ("ipcrm", env!("CARGO_BIN_EXE_ripcs")),
    ("kill", env!("CARGO_BIN_EXE_rsignal")),
    ("mkfifo", env!("CARGO_BIN_EXE_rfifo")),
];

/// Stands in a line for the path of a FIFO that is made, and removed after it.
const FIFO: &str = "FIFO";

/// What is run with no object there.
const STARTS: [&[&str]; 5] = [&["ipcs"], &["lsipc"], &["kill", "-l"], &["mkfifo", FIFO], &["ipcmk", "-Q"]];

/// What is run with a thousand objects of each kind there.
const LISTS: [&[&str]; 6] =
    [&["ipcs"], &["ipcs", "-t"], &["lsipc"], &["lsipc", "-m"], &["lsipc", "-m", "-J"], &["lsipc", "-q", "-t"]];

/// Perl expressions that make an object of each kind.
const OBJECTS: [&str; 3] = ["msgget(0, 0600)", "shmget(0, 4096, 0600)", "semget(0, 1, 0600)"];

/// Prints the two tables.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let links = links()?;
    let rows = |lines: &[&[&str]], goal| -> anyhow::Result<Vec<Comparison>> {
        lines.iter().map(|line| compare(machine, links.path(), line, goal)).collect()
    };
    let remove_all = || call::finish(&mut call::command(&[], &[links.path().join("ipcrm").into(), "-a".into()]));
    table::print("By old names: instructions (callgrind)", 0, &rows(&STARTS, Goal::Ratio(0.8))?);
    remove_all()?;
    if machine.perl.is_none() {
        println!("\nBy old names, a thousand objects: skipped, it takes perl to make them");
        return Ok(());
    }
    for expression in OBJECTS {
        machine.make_objects(expression, 1000)?;
    }
    table::print(
        "By old names, a thousand objects of each kind: instructions (callgrind)",
        0,
        &rows(&LISTS, Goal::Ratio(1.0))?,
    );
    remove_all()
}

/// A folder of links with the old names.
fn links() -> anyhow::Result<TempDir> {
    let folder = tempfile::tempdir().context("no place for links")?;
    for (name, binary) in FACES {
        symlink(binary, folder.path().join(name)).context("cannot make a link")?;
    }
    Ok(folder)
}

fn compare(machine: &Machine, links: &Path, line: &[&str], goal: Goal) -> anyhow::Result<Comparison> {
    let original = machine::find(line[0]);
    let mine = count(machine, links.join(line[0]).into(), &line[1..])?;
    let theirs = match original {
        Some(program) => count(machine, program.into(), &line[1..])?,
        None => None,
    };
    let label = line.join(" ");
    Ok(Comparison { ours: label.clone(), peer: format!("the original {}", line[0]), mine, theirs, goal })
}

fn count(machine: &Machine, program: OsString, arguments: &[&str]) -> anyhow::Result<Option<f64>> {
    let fifo = machine.files.path().join("fifo");
    let word = |word: &&str| if *word == FIFO { fifo.clone().into() } else { OsString::from(word) };
    let words: Vec<OsString> = std::iter::once(program).chain(arguments.iter().map(word)).collect();
    let counted = measure::instructions(machine, &words);
    // Made or not, the next run begins without it.
    let _ = fs::remove_file(fifo);
    counted
}

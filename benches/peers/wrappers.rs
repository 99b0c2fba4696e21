//! Wrappers: a command under a semaphore or a lock, against the tools that scripts limit jobs with today.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::Context as _;

use crate::call;
use crate::machine::{self, Machine};
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Where the set is that the commands run under.
const KEY: &str = "0x72736d31";

/// A peer: what it is called with, how many runs it gets, and what our share of its time should be at most.
#[derive(Debug, Clone, Copy)]
struct Peer {
    words: &'static [&'static str],
    pairs: usize,
    goal: Goal,
}

/// `FILE` stands for a file in memory.
static PEERS: [Peer; 2] = [
    Peer { words: &["flock", "FILE", "true"], pairs: 500, goal: Goal::Ratio(0.85) },
    // Thirty take longer than all the rest.
    Peer { words: &["sem", "--fg", "true"], pairs: 30, goal: Goal::Ratio(0.02) },
];

/// The wrapper of the same kind.
static FLOCK: Peer = Peer { words: &["flock", "FILE", "true"], pairs: 500, goal: Goal::Ratio(0.90) };

/// Prints a table of what it costs to run `true` under a semaphore or a lock, and the calls that this takes.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let rsem = machine::find("rsem").context("there is no rsem")?.into_os_string();
    call::finish(&mut call::command(&[], &[rsem.clone(), "create".into(), KEY.into(), "--value".into(), "1".into()]))?;
    let ours = [rsem, "run".into(), KEY.into(), "--".into(), "true".into()];
    let label = "rsem run KEY -- true";

    let rlock = machine::find("rlock").context("there is no rlock")?.into_os_string();
    let file = machine.files.path().join("lock").into_os_string();
    let lock = [rlock, "run".into(), file, "--".into(), "true".into()];
    let lock_label = "rlock run FILE -- true";

    let alone = |words: &[OsString]| measure::system_calls(machine, words);
    let bare = alone(&["true".into()])?;
    let row = |label: &str, mine| Comparison {
        ours: label.into(),
        peer: "true".into(),
        mine,
        theirs: bare,
        goal: Goal::Open,
    };
    let calls = [row(label, alone(&ours)?), row(lock_label, alone(&lock)?)];
    table::print("Wrappers: system calls (strace -f), the command's own among them", 0, &calls);

    machine.bind_ourselves(true)?;
    let mut rows = Vec::new();
    for peer in &PEERS {
        rows.extend(compare(machine, &ours, label, peer)?);
    }
    rows.extend(compare(machine, &lock, lock_label, &FLOCK)?);
    let others = [(ours, label, &PEERS[0]), (lock, lock_label, &FLOCK)];
    for (mut words, label, peer) in others.into_iter().filter(|_| cfg!(not(target_env = "musl"))) {
        match machine::built_against_musl(Path::new(&words[0])) {
            Some(tool) => {
                words[0] = tool.into_os_string();
                rows.extend(compare(machine, &words, &format!("{label}, musl"), peer)?);
            }
            None => println!("There is no {label} built against musl: see the README to make one."),
        }
    }
    // What no tool can go below that does the same.
    match machine.compile("sem_exec", &["-static"]) {
        Ok(program) => {
            let words = [program.into_os_string(), KEY.into(), "true".into()];
            let limit = Peer { goal: Goal::Open, ..PEERS[0] };
            rows.extend(compare(machine, &words, "static C: semop, execvp", &limit)?);
        }
        Err(reason) => println!("The limit is not measured: {reason:#}"),
    }
    machine.bind_ourselves(false)?;
    table::print("Wrappers: milliseconds (median)", 3, &rows);
    Ok(())
}

/// Our time and the peer's; `None` without the peer.
fn compare(machine: &Machine, ours: &[OsString], label: &str, peer: &Peer) -> anyhow::Result<Option<Comparison>> {
    let Some(program) = machine::find(peer.words[0]) else {
        println!("There is no {}: it is no peer.", peer.words[0]);
        return Ok(None);
    };
    let home = machine.files.path();
    let file = home.join("lock");
    fs::write(&file, "").context("cannot make a file to lock")?;
    let mut theirs = vec![program.into_os_string()];
    let word = |word: &&str| if *word == "FILE" { file.clone().into_os_string() } else { OsString::from(word) };
    theirs.extend(peer.words[1..].iter().map(word));
    let medians = measure::alternate(&[ours, &theirs], peer.pairs, |words| {
        // GNU parallel keeps its semaphores in the home, and asks there whether to ask for a citation.
        let mut command = call::command(&[], words);
        measure::time(command.env("HOME", home).stderr(Stdio::null()))
    })?;
    Ok(Some(Comparison {
        ours: label.into(),
        peer: peer.words.join(" "),
        mine: medians.first().copied(),
        theirs: medians.get(1).copied(),
        goal: peer.goal,
    }))
}

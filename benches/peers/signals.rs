//! Signals: one to a process, and one to each of a thousand, against the kill(1) that is installed.

use std::ffi::OsString;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::call;
use crate::machine::{self, Machine};
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// How many processes, how many runs, and what our share of kill's time should be at most.
const CASES: [(usize, usize, f64); 2] = [(1, 500, 0.9), (1000, 100, 1.0)];

/// Processes that sleep until this is dropped.
struct Sleepers(Vec<Child>);

impl Sleepers {
    fn start(count: usize) -> anyhow::Result<Self> {
        let mut sleepers = Self(Vec::new());
        for _ in 0..count {
            let mut sleep = Command::new("sleep");
            let sleep = sleep.arg("infinity").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
            sleepers.0.push(sleep.context("cannot start sleep")?);
        }
        Ok(sleepers)
    }

    fn pids(&self, count: usize) -> impl Iterator<Item = OsString> {
        self.0.iter().take(count).map(|sleeper| sleeper.id().to_string().into())
    }
}

impl Drop for Sleepers {
    fn drop(&mut self) {
        for sleeper in &mut self.0 {
            // Where one has ended already nothing is left to do.
            let _ = sleeper.kill().and_then(|()| sleeper.wait());
        }
    }
}

/// Prints a table each of system calls and of time.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let Some(kill) = machine::find("kill") else {
        println!("There is no kill: it is no peer.");
        return Ok(());
    };
    let rsignal = machine::find("rsignal").context("there is no rsignal")?;
    let sleepers = Sleepers::start(CASES.iter().map(|case| case.0).max().unwrap_or_default())?;
    // CONT leaves a process that runs as it is.
    let words = |program: &Path, before: &[&str], count: usize| -> Vec<OsString> {
        let before = before.iter().map(OsString::from);
        std::iter::once(program.into()).chain(before).chain(sleepers.pids(count)).collect()
    };
    // The same binary by the old name.
    let face = machine.files.path().join("kill");
    symlink(&rsignal, &face).context("cannot make a link")?;
    let callers: [(&Path, &[&str], &str); 2] =
        [(&rsignal, &["send", "-s", "CONT"], "rsignal send"), (&face, &["-s", "CONT"], "rsignal as kill")];
    let (mut calls, mut instructions, mut times) = (Vec::new(), Vec::new(), Vec::new());
    machine.bind_ourselves(true)?;
    for ((count, rounds, goal), (program, before, label)) in
        CASES.into_iter().flat_map(|case| callers.map(|caller| (case, caller)))
    {
        let ours = words(program, before, count);
        let theirs = words(&kill, &["-s", "CONT"], count);
        let row = |mine, theirs, goal| Comparison {
            ours: format!("{label} -s CONT ({count})"),
            peer: "kill".into(),
            mine,
            theirs,
            goal,
        };
        calls.push(row(measure::system_calls(machine, &ours)?, measure::system_calls(machine, &theirs)?, Goal::Open));
        let counted = (measure::instructions(machine, &ours)?, measure::instructions(machine, &theirs)?);
        instructions.push(row(counted.0, counted.1, Goal::Ratio(goal)));
        let medians =
            measure::alternate(&[&ours, &theirs], rounds, |words| measure::time(&mut call::command(&[], words)))?;
        times.push(row(medians.first().copied(), medians.get(1).copied(), Goal::Ratio(goal)));
    }
    machine.bind_ourselves(false)?;
    table::print("Signals: system calls (strace -f)", 0, &calls);
    table::print("Signals: instructions (callgrind)", 0, &instructions);
    table::print("Signals: milliseconds (median)", 3, &times);
    Ok(())
}

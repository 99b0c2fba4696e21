//! Messages: one process sends, another receives, through one queue.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::call;
use crate::machine::Machine;
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Rounds whose median counts.
const ROUNDS: usize = 5;

/// So many messages of one size; a POSIX queue takes its time over each.
struct Load {
    size: usize,
    system_v: usize,
    posix: usize,
    goal: Goal,
}

const LOADS: [Load; 3] = [
    Load { size: 16, system_v: 400_000, posix: 100_000, goal: Goal::Ratio(1.1) },
    Load { size: 1024, system_v: 150_000, posix: 75_000, goal: Goal::Ratio(1.3) },
    Load { size: 8192, system_v: 40_000, posix: 40_000, goal: Goal::Ratio(1.6) },
];

/// Who stands at an end of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The bare loop of `msgq_loop.c`, which neither reads nor writes.
    Bare,
    /// The one there that moves the same bytes as rmsgq.
    Moving,
    Rmsgq,
}

use End::{Bare, Moving, Rmsgq};

/// Sender and receiver.
type Ends = (End, End);

/// Ours behind the peers: the bare loops, and those that move the bytes where rmsgq does.
const ENDS: [Ends; 7] =
    [(Bare, Bare), (Moving, Bare), (Bare, Moving), (Moving, Moving), (Rmsgq, Bare), (Bare, Rmsgq), (Rmsgq, Rmsgq)];

/// The first of ours in [`ENDS`]; so far before each stands the peer that moves the bytes.
const FIRST: usize = 4;
const MOVING_BEFORE: usize = 3;

/// One way to bring messages from one process to another.
struct Transfer<'a> {
    /// The compiled `msgq_loop.c`.
    loops: PathBuf,
    queue: String,
    size: usize,
    count: usize,
    /// The messages as lines, and where they come out.
    lines: PathBuf,
    received: PathBuf,
    /// The words before the sender and before the receiver.
    binding: &'a [Vec<String>; 2],
}

/// Prints two tables for System V queues and two for POSIX queues.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    // Before glibc 2.34 the POSIX queues were a library of their own.
    let loops = match machine.compile("msgq_loop", &["-lrt"]) {
        Ok(program) => program,
        Err(reason) => {
            println!("\nMessages: skipped, there is no loop to compare with: {reason:#}");
            return Ok(());
        }
    };
    for (kind, name) in [("System V", None), ("POSIX", Some("/peers"))] {
        let mut tables = Tables::default();
        for load in &LOADS {
            for (placement, binding) in placements(machine) {
                let transfer = Transfer {
                    loops: loops.clone(),
                    queue: call::output(&["create", name.unwrap_or("private")])?.trim().to_owned(),
                    size: load.size,
                    count: if name.is_some() { load.posix } else { load.system_v },
                    lines: machine.files.path().join("lines"),
                    received: machine.files.path().join("received"),
                    binding: &binding,
                };
                transfer.compare(&placement, load.goal, &mut tables)?;
                call::output(&["remove", &transfer.queue])?;
            }
        }
        let how = format!("milliseconds (median of {ROUNDS} rounds)");
        table::print(&format!("{kind} messages, against bare loops in C: {how}"), 1, &tables.bare);
        table::print(&format!("{kind} messages, against C that moves the same bytes: {how}"), 1, &tables.moving);
    }
    Ok(())
}

/// The results of one kind of queue.
#[derive(Default)]
struct Tables {
    /// Against loops that only send and receive.
    bare: Vec<Comparison>,
    /// Against loops that read and write what rmsgq does.
    moving: Vec<Comparison>,
}

/// What the placement of the two processes is called, and the words that bring it about.
fn placements(machine: &Machine) -> Vec<(String, [Vec<String>; 2])> {
    let Some(first) = machine.bound_to(0) else { return vec![("anywhere".into(), Default::default())] };
    let one = ("one CPU".into(), [first.clone(), first.clone()]);
    match machine.bound_to(1) {
        Some(second) => vec![("two CPUs".into(), [first, second]), one],
        None => vec![one],
    }
}

impl Transfer<'_> {
    /// Runs every pair of ends in turn, and adds a row to both tables for each pair of ours.
    fn compare(&self, placement: &str, goal: Goal, tables: &mut Tables) -> anyhow::Result<()> {
        let line = [vec![b'x'; self.size], vec![b'\n']].concat();
        fs::write(&self.lines, line.repeat(self.count)).context("cannot write the messages")?;
        let medians = measure::alternate(&ENDS, ROUNDS, |&ends| self.time(ends))?;
        let row = |ours: usize, peer: usize, goal| Comparison {
            ours: format!("{} B, {placement}: {}", self.size, label(ENDS[ours])),
            peer: label(ENDS[peer]),
            mine: Some(medians[ours]),
            theirs: Some(medians[peer]),
            goal,
        };
        for ours in FIRST..ENDS.len() {
            tables.bare.push(row(ours, 0, goal));
            tables.moving.push(row(ours, ours - MOVING_BEFORE, Goal::Open));
        }
        Ok(())
    }

    /// From the start of both processes to the end of both.
    fn time(&self, (sender, receiver): Ends) -> anyhow::Result<Duration> {
        let start = Instant::now();
        let mut receiving = self.start_receiver(receiver)?;
        let sent = self.start_sender(sender)?.wait()?;
        if !sent.success() {
            receiving.kill()?;
        }
        let received = receiving.wait()?;
        let time = start.elapsed();
        if !sent.success() || !received.success() {
            bail!("the sender ended with {sent}, the receiver with {received}");
        }
        if receiver != Bare && fs::metadata(&self.received)?.len() != fs::metadata(&self.lines)?.len() {
            bail!("what was received is not what was sent");
        }
        Ok(time)
    }

    fn start_sender(&self, end: End) -> anyhow::Result<Child> {
        let (count, size) = (self.count.to_string(), self.size.to_string());
        let mut command = match end {
            Bare => self.in_c(0, &["send", &self.queue, &count, &size]),
            Moving => self.in_c(0, &["feed", &self.queue, &count, &size]),
            Rmsgq => self.command(0, env!("CARGO_BIN_EXE_rmsgq"), &["send", &self.queue]),
        };
        if end != Bare {
            command.stdin(File::open(&self.lines)?);
        }
        command.spawn().context("cannot start the sender")
    }

    fn start_receiver(&self, end: End) -> anyhow::Result<Child> {
        let count = self.count.to_string();
        let mut command = match end {
            Bare => self.in_c(1, &["recv", &self.queue, &count]),
            Moving => self.in_c(1, &["drain", &self.queue, &count]),
            Rmsgq => self.command(1, env!("CARGO_BIN_EXE_rmsgq"), &["recv", &self.queue, "--count", &count]),
        };
        if end != Bare {
            command.stdout(File::create(&self.received)?);
        }
        command.spawn().context("cannot start the receiver")
    }

    fn in_c(&self, end: usize, arguments: &[&str]) -> Command {
        self.command(end, &self.loops.to_string_lossy(), arguments)
    }

    /// A command bound as its end of the queue is.
    fn command(&self, end: usize, program: &str, arguments: &[&str]) -> Command {
        let words: Vec<String> = self.binding[end].iter().cloned().chain([program.into()]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// `rmsgq to C`; C that moves the bytes is `C stdio`.
fn label((sender, receiver): Ends) -> String {
    let name = |end| match end {
        Bare => "C",
        Moving => "C stdio",
        Rmsgq => "rmsgq",
    };
    format!("{} to {}", name(sender), name(receiver))
}

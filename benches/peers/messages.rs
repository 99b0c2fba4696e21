//! Messages: one process sends, another receives, through one queue.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::call;
use crate::machine::{self, Machine};
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Rounds whose median counts.
const ROUNDS: usize = 7;

/// So many messages of one size; a POSIX queue takes its time over each.
struct Load {
    size: usize,
    system_v: usize,
    posix: usize,
    goal: Goal,
}

const LOADS: [Load; 3] = [
    Load { size: 16, system_v: 400_000, posix: 100_000, goal: Goal::Ratio(1.1) },
    Load { size: 1024, system_v: 200_000, posix: 100_000, goal: Goal::Ratio(1.3) },
    Load { size: 8192, system_v: 50_000, posix: 50_000, goal: Goal::Ratio(1.6) },
];

/// Who stands at an end of the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The bare loop of `msgq_loop.c`.
    Loop,
    Rmsgq,
}

use End::{Loop, Rmsgq};

/// Sender and receiver: the reference first.
const SIDES: [(End, End); 4] = [(Loop, Loop), (Rmsgq, Loop), (Loop, Rmsgq), (Rmsgq, Rmsgq)];

/// One way to bring messages from one process to another.
struct Transfer<'a> {
    bare_loop: PathBuf,
    queue: String,
    size: usize,
    count: usize,
    /// The messages as lines, and where they come out.
    lines: PathBuf,
    received: PathBuf,
    /// The words before the sender and before the receiver.
    binding: &'a [Vec<String>; 2],
}

/// Prints a table for System V queues and one for POSIX queues.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let bare_loop = match compile(machine) {
        Ok(program) => program,
        Err(reason) => {
            println!("\nMessages: skipped, there is no loop to compare with: {reason:#}");
            return Ok(());
        }
    };
    for (kind, name) in [("System V", None), ("POSIX", Some("/peers"))] {
        let mut rows = Vec::new();
        for load in &LOADS {
            for (placement, binding) in placements(machine) {
                let transfer = Transfer {
                    bare_loop: bare_loop.clone(),
                    queue: call::output(&["create", name.unwrap_or("private")])?.trim().to_owned(),
                    size: load.size,
                    count: if name.is_some() { load.posix } else { load.system_v },
                    lines: machine.files.path().join("lines"),
                    received: machine.files.path().join("received"),
                    binding: &binding,
                };
                transfer.compare(&placement, load.goal, &mut rows)?;
                call::output(&["remove", &transfer.queue])?;
            }
        }
        table::print(&format!("{kind} messages: milliseconds (median of {ROUNDS} rounds)"), 1, &rows);
    }
    Ok(())
}

/// Compiles the loop.
fn compile(machine: &Machine) -> anyhow::Result<PathBuf> {
    let compiler = machine::find("cc").context("there is no cc")?;
    let program = machine.files.path().join("msgq_loop");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/msgq_loop.c");
    // Before glibc 2.34 the POSIX queues were a library of their own.
    call::finish(Command::new(compiler).args(["-O2", "-o"]).arg(&program).args([source, "-lrt"]))?;
    Ok(program)
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
    /// Adds a row for each pair of ends but the first, which is the peer.
    fn compare(&self, placement: &str, goal: Goal, rows: &mut Vec<Comparison>) -> anyhow::Result<()> {
        let line = [vec![b'x'; self.size], vec![b'\n']].concat();
        fs::write(&self.lines, line.repeat(self.count)).context("cannot write the messages")?;
        let medians = measure::alternate(&SIDES, ROUNDS, |&(sender, receiver)| self.time(sender, receiver))?;
        for ((sender, receiver), median) in SIDES.iter().zip(&medians).skip(1) {
            let name = |end: &End| if *end == Loop { "C" } else { "rmsgq" };
            rows.push(Comparison {
                ours: format!("{} B, {placement}: {} to {}", self.size, name(sender), name(receiver)),
                peer: "C to C".into(),
                mine: Some(*median),
                theirs: medians.first().copied(),
                goal,
            });
        }
        Ok(())
    }

    /// From the start of both processes to the end of both.
    fn time(&self, sender: End, receiver: End) -> anyhow::Result<Duration> {
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
        if receiver == Rmsgq && fs::metadata(&self.received)?.len() != fs::metadata(&self.lines)?.len() {
            bail!("what was received is not what was sent");
        }
        Ok(time)
    }

    fn start_sender(&self, end: End) -> anyhow::Result<Child> {
        let (count, size) = (self.count.to_string(), self.size.to_string());
        let mut command = match end {
            Loop => self.command(0, &self.bare_loop.to_string_lossy(), &["send", &self.queue, &count, &size]),
            Rmsgq => self.command(0, env!("CARGO_BIN_EXE_rmsgq"), &["send", &self.queue]),
        };
        if end == Rmsgq {
            command.stdin(File::open(&self.lines)?);
        }
        command.spawn().context("cannot start the sender")
    }

    fn start_receiver(&self, end: End) -> anyhow::Result<Child> {
        let count = self.count.to_string();
        let mut command = match end {
            Loop => self.command(1, &self.bare_loop.to_string_lossy(), &["recv", &self.queue, &count]),
            Rmsgq => self.command(1, env!("CARGO_BIN_EXE_rmsgq"), &["recv", &self.queue, "--count", &count]),
        };
        if end == Rmsgq {
            command.stdout(File::create(&self.received)?);
        }
        command.spawn().context("cannot start the receiver")
    }

    /// A command bound as its end of the queue is.
    fn command(&self, end: usize, program: &str, arguments: &[&str]) -> Command {
        let words: Vec<String> = self.binding[end].iter().cloned().chain([program.into()]).collect();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

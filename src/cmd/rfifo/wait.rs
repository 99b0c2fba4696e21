//! `rfifo wait`: block until somebody is at a FIFO, or nobody any more.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use super::{LinkArgs, quoted};
use crate::app::{Context, Verb};
use crate::args::WaitArgs;
use crate::exit::{GaveUp, Status};
use crate::ipc::Wait as Patience;
use crate::ipc::fifo;
use crate::ipc::pipe::inventory::{Access, Doing, Inventory, Pipe};
use crate::output::counted;

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// The FIFO
    path: PathBuf,

    /// What to wait for: a peer (either), a reader, a writer, both, or gone (nobody)
    #[arg(long, value_name = "STATE", default_value = "peer", hide_possible_values = true)]
    r#for: State,

    #[command(flatten)]
    patience: WaitArgs,

    #[command(flatten)]
    links: LinkArgs,

    /// Do not say that it did not happen; the status says it
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// Somebody has it open, or sleeps in opening it
    Peer,
    /// Somebody reads, or opens it to read
    Reader,
    /// Somebody writes, or opens it to write
    Writer,
    /// There is a reader and a writer
    Both,
    /// Nobody has it open, and nobody opens it
    Gone,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a FIFO has a reader or a writer, or neither any more";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let cannot = || format!("cannot wait for {}", quoted(&self.path));
        let identity = fifo::identity(&fifo::look(&self.path, self.links.links()).with_context(cannot)?);
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        // To open it would make us the partner that others wait for: only looking leaves them alone.
        loop {
            let looked = Instant::now();
            let found = Inventory::of(identity).with_context(cannot)?;
            if found.pipes.first().is_some_and(|pipe| self.r#for.is_so(pipe)) {
                return Ok(Status::Done);
            }
            let left = match self.patience.wait() {
                Patience::Never => Duration::ZERO,
                Patience::For(limit) => limit.saturating_sub(started.elapsed()),
                Patience::Forever => Duration::MAX,
            };
            if left.is_zero() {
                return if self.quiet { Ok(Status::GaveUp) } else { self.give_up(&found) };
            }
            // A machine with many processes is not kept busy with looking.
            thread::sleep(pause.max(4 * looked.elapsed()).min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

impl Wait {
    fn give_up(&self, found: &Inventory) -> anyhow::Result<Status> {
        let state = match self.r#for {
            State::Peer => "has neither reader nor writer",
            State::Reader => "has no reader",
            State::Writer => "has no writer",
            State::Both => "has no reader and writer",
            State::Gone => "is still open",
        };
        let hidden = match found.hidden + found.hidden_sleepers {
            0 => String::new(),
            hidden => format!(" ({} could not be looked at)", counted(hidden as u64, "process")),
        };
        bail!(GaveUp(format!("{} {state}{hidden}", quoted(&self.path))))
    }
}

impl State {
    fn is_so(self, pipe: &Pipe) -> bool {
        let opens = |access| pipe.sleepers.iter().any(|sleeper| sleeper.doing == Doing::Opening(access));
        let reads = pipe.readers().next().is_some() || opens(Access::Read);
        let writes = pipe.writers().next().is_some() || opens(Access::Write);
        match self {
            Self::Peer => reads || writes,
            Self::Reader => reads,
            Self::Writer => writes,
            Self::Both => reads && writes,
            Self::Gone => !reads && !writes,
        }
    }
}

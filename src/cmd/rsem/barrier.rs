//! `rsem barrier`: wait until as many parties have come.
//!
//! A barrier is a set of two semaphores, both 0 while nobody is there: how many have come, and how many
//! may leave. A party
//!
//! 1. comes, once nobody is leaving any more: one more has come;
//! 2. opens the barrier if enough have come: they count as leaving now;
//! 3. leaves: one less may.
//!
//! Each step is one semop(2), and what a party has done is undone should it die: before the barrier
//! opens one less has come, and after it has opened one less may leave. The kernel stops an undoing at
//! 0, so that of the two only that happens which still means something.

use std::time::Instant;

use anyhow::bail;
use clap::Args;

use super::create::Shape;
use super::{refusal, run};
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::sem::sysv::{self, Operation};
use crate::ipc::{Mode, Name, Wait};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Barrier {
    /// The barrier, a set of two semaphores: identifier (42) or key (0x4b, key:75, ftok:PATH)
    #[arg(value_parser = args::semaphores())]
    name: Name,

    /// How many have to come
    #[arg(value_name = "PARTIES", value_parser = clap::value_parser!(u16).range(1..=32_767))]
    parties: u16,

    /// Make the barrier if it does not exist
    #[arg(long)]
    create: bool,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not say that not all have come; the status says it
    #[arg(short, long)]
    quiet: bool,
}

/// How many have come.
const COME: u16 = 0;
/// How many may leave.
const LEAVE: u16 = 1;

impl Verb for Barrier {
    const NAME: &'static str = "barrier";
    const ABOUT: &'static str = "Wait until as many have come to a barrier";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let set = self.open()?;
        match pass(set, self.parties, self.patience.wait()).map_err(|error| self.explain(error, set)) {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            passed => passed.map(|()| Status::Done),
        }
    }
}

impl Barrier {
    fn open(&self) -> anyhow::Result<sysv::Set> {
        if self.create && !matches!(self.name, Name::Posix(_)) {
            run::create(&self.name, &Shape { values: vec![0, 0], mode: Mode::PRIVATE })?;
        }
        let set = super::open_set(&self.name)?;
        match set.count() {
            Ok(2) | Err(_) => Ok(set),
            Ok(count) => {
                bail!(UsageError(format!("a barrier is a set of 2 semaphores; set {} has {count}", self.name)))
            }
        }
    }

    fn explain(&self, error: std::io::Error, set: sysv::Set) -> anyhow::Error {
        if ![errno::EAGAIN, errno::ETIMEDOUT].iter().any(|&gave_up| errno::is(&error, gave_up)) {
            return refusal::of_operations(error, set, &self.name.to_string(), 4);
        }
        let come = set.value(COME).map_or_else(|_| "fewer".into(), |come| come.to_string());
        GaveUp(format!("{come} of {} have come to barrier {}", self.parties, self.name)).into()
    }
}

/// Comes, opens the barrier if that makes enough, and leaves when it is open.
fn pass(set: sysv::Set, parties: u16, wait: Wait) -> std::io::Result<()> {
    let started = Instant::now();
    let left = || match wait {
        Wait::For(limit) => Wait::For(limit.saturating_sub(started.elapsed())),
        other => other,
    };
    let undone = |index, amount| Operation { undo: true, ..Operation::new(index, amount) };
    let parties = i16::try_from(parties).map_err(std::io::Error::other)?;
    // The last two change nothing now; they have the leaving of one undone.
    let come = [Operation::new(LEAVE, 0), undone(COME, 1), undone(LEAVE, 1), Operation::new(LEAVE, -1)];
    set.operate(&come, left())?;
    match set.operate(&[Operation::new(COME, -parties), Operation::new(LEAVE, parties)], Wait::Never) {
        Err(error) if !errno::is(&error, errno::EAGAIN) => return Err(error),
        _ => {}
    }
    // With this nothing is left to be undone.
    set.operate(&[undone(LEAVE, -1), Operation::new(COME, 1), undone(COME, -1)], left())
}

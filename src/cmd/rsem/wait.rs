//! `rsem wait`: take units, or wait for zero.

use anyhow::{Context as _, bail};
use clap::Args;

use super::refusal::{self, Wanted};
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::Indexed;
use crate::ipc::sem::Semaphore;
use crate::sys::signal;

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// The semaphore: set and index (42:1, 0x4b:1, key:75:1), POSIX name (/jobs); index 0 unless stated
    #[arg(value_parser = args::semaphore())]
    name: Indexed,

    /// Units to take, all at once
    #[arg(default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    units: u32,

    /// Wait until the value is 0, and take nothing
    #[arg(short, long, conflicts_with = "units")]
    zero: bool,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not say that it was in vain; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ALIAS: Option<&'static str> = Some("p");
    const ABOUT: &'static str = "Take units, waiting until they are there";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let semaphore = super::open(&self.name)?;
        refuse_too_many(&semaphore, self.units)?;
        catch_where_counted(&semaphore)?;
        let wait = self.patience.wait();
        let (waited, wanted) = if self.zero {
            (semaphore.wait_for_zero(wait), Wanted::Zero)
        } else {
            (semaphore.take(self.units, false, wait), Wanted::Units(self.units))
        };
        let refused = |error| refusal::of_wait(error, &self.name, &semaphore, wanted);
        match waited.map_err(refused) {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            waited => waited.map(|()| Status::Done),
        }
    }
}

/// Refuses to wait for what never comes.
pub(super) fn refuse_too_many(semaphore: &Semaphore, units: u32) -> anyhow::Result<()> {
    let highest = semaphore.highest_value();
    if units > highest {
        bail!(UsageError(format!("{units} units are more than a semaphore of this kind can have, {highest}")));
    }
    Ok(())
}

/// A POSIX semaphore counts who sleeps on it, and only who wakes is not counted any more: a signal that ends us
/// wakes us first.
pub(super) fn catch_where_counted(semaphore: &Semaphore) -> anyhow::Result<()> {
    match semaphore {
        Semaphore::Posix(_) => signal::catch_endings().context("cannot catch signals"),
        Semaphore::SystemV { .. } => Ok(()),
    }
}

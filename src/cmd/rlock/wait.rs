//! `rlock wait`: until a lock could be had, without taking it.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::quoted;
use super::request::{LockArgs, holder_in_the_way};
use crate::app::{Context, Verb};
use crate::args::WaitArgs;
use crate::exit::{GaveUp, Status};
use crate::ipc::Wait as Patience;
use crate::ipc::lock::{Probe, Request};

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// The file or directory
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    lock: LockArgs,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not say who has the lock; the status says that somebody does
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a lock could be had, without taking it";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let request = self.lock.request()?;
        let probe = Probe::open(&self.file, request).with_context(|| format!("cannot open {}", quoted(&self.file)))?;
        if self.is_free_in_time(&probe)? {
            return Ok(Status::Done);
        }
        if self.quiet {
            return Ok(Status::GaveUp);
        }
        self.give_up(&probe, &request)
    }
}

impl Wait {
    /// Looks again and again, less often the longer it takes: nothing tells of it but taking the lock.
    fn is_free_in_time(&self, probe: &Probe) -> anyhow::Result<bool> {
        const LONGEST: Duration = Duration::from_millis(50);
        let started = Instant::now();
        let mut pause = Duration::from_micros(500);
        while !probe.is_free().with_context(|| format!("cannot look at the locks of {}", quoted(&self.file)))? {
            let left = match self.patience.wait() {
                Patience::Never => Duration::ZERO,
                Patience::For(limit) => limit.saturating_sub(started.elapsed()),
                Patience::Forever => LONGEST,
            };
            if left.is_zero() {
                return Ok(false);
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(LONGEST);
        }
        Ok(true)
    }

    fn give_up(&self, probe: &Probe, request: &Request) -> anyhow::Result<Status> {
        let by = holder_in_the_way(probe.file(), request, None);
        bail!(GaveUp(format!("{} is locked by {by}", quoted(&self.file))))
    }
}

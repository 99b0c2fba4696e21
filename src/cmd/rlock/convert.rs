//! `rlock convert`: a lock that is held becomes a shared or an exclusive one.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::DESCRIPTOR;
use super::request::{holder_in_the_way, range};
use crate::app::{Context, Verb};
use crate::args::WaitArgs;
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::lock::{Claim, Converted, FileId, LockFile, Range, Request};

#[derive(Debug, Args)]
pub(super) struct Convert {
    /// Make it exclusive
    #[arg(short, long, required_unless_present = "downgrade")]
    upgrade: bool,

    /// Make it shared
    #[arg(short, long, conflicts_with = "upgrade")]
    downgrade: bool,

    /// The descriptor that holds it, as the shell has opened it (9); that of the rlock run around us unless given
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    fd: Option<i32>,

    /// The lock on these bytes alone, of the several that the descriptor may hold
    #[arg(short, long, value_name = "OFF:LEN", value_parser = range)]
    range: Option<Range>,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not say that it could not be had; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Convert {
    const NAME: &'static str = "convert";
    const ABOUT: &'static str = "Make the lock that a descriptor holds exclusive or shared";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let descriptor = self.descriptor()?;
        let file =
            LockFile::inherited(descriptor, false).with_context(|| format!("cannot use descriptor {descriptor}"))?;
        let claim = if self.upgrade { Claim::Exclusive } else { Claim::Shared };
        let cannot = || format!("cannot convert the lock of descriptor {descriptor}");
        for held in self.held(descriptor).with_context(cannot)? {
            match file.convert(held, claim, self.patience.wait()).with_context(cannot)? {
                Converted::Done => {}
                Converted::Kept if self.quiet => return Ok(Status::GaveUp),
                Converted::Kept => {
                    let by = in_the_way(&file, descriptor, Request { claim, ..held });
                    bail!(GaveUp(format!("descriptor {descriptor} keeps its {} lock: so has {by}", held.claim)))
                }
                Converted::Lost => {
                    let by = in_the_way(&file, descriptor, held);
                    bail!("the lock of descriptor {descriptor} is lost: {by} was faster")
                }
            }
        }
        Ok(Status::Done)
    }
}

impl Convert {
    fn descriptor(&self) -> anyhow::Result<i32> {
        if let Some(descriptor) = self.fd {
            return Ok(descriptor);
        }
        let text = std::env::var(DESCRIPTOR).map_err(|_| {
            UsageError("--fd is missing, and no 'rlock run' is around us that would hold a lock".into())
        })?;
        text.parse().map_err(|_| UsageError(format!("{DESCRIPTOR} is no number of a descriptor: '{text}'")).into())
    }

    /// What the descriptor holds, or those of it that are meant.
    fn held(&self, descriptor: i32) -> anyhow::Result<Vec<Request>> {
        let mut held = LockFile::held_through(descriptor)?;
        held.retain(|held| self.range.is_none_or(|range| range == held.range));
        match self.range {
            _ if !held.is_empty() => Ok(held),
            Some(range) => Err(anyhow!("it holds none on {range}")),
            None => Err(anyhow!("it holds none, or a POSIX lock, which is of a process and no descriptor")),
        }
    }
}

fn in_the_way(file: &LockFile, own: i32, wanted: Request) -> String {
    FileId::of(file).map_or_else(|_| "somebody".into(), |id| holder_in_the_way(id, &wanted, Some(own)))
}

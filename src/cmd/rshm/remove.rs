//! `rshm remove`: remove shared memory.

use std::io;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::{Called, check_name};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::shm::{object, sysv};
use crate::output::counted;
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The memory: identifiers (42), keys (0x4b, key:75, ftok:PATH), POSIX names (/data), file:PATH
    #[arg(value_parser = args::segment(), required = true)]
    names: Vec<Name>,

    /// What does not exist is no failure
    #[arg(long)]
    if_exists: bool,

    /// Do not tell that processes still have it attached
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ALIAS: Option<&'static str> = Some("rm");
    const ABOUT: &'static str = "Remove shared memory; who has it keeps it until they let go";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        Ok(context.for_each(&self.names, |context, name| {
            check_name(name)?;
            let removed = match object::path_of(name) {
                Some(path) => object::remove(&path).map(|()| None),
                None => remove_segment(name),
            };
            match removed {
                Ok(Some(left)) if !self.quiet => {
                    context.note(&left);
                    Ok(())
                }
                Err(error) if self.if_exists && error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) if errno::is(&error, errno::EINVAL) => {
                    Err(anyhow!("cannot remove {}: it is no regular file", Called(name)))
                }
                removed => removed.map(drop).with_context(|| format!("cannot remove {}", Called(name))),
            }
        }))
    }
}

/// Removes a segment; what keeps it alive.
fn remove_segment(name: &Name) -> io::Result<Option<String>> {
    let segment = sysv::Segment::named(name)?;
    segment.remove()?;
    // Where the last detach came in between it is gone.
    let attaches = segment.status().map_or(0, |status| status.attaches);
    let times = counted(attaches, "time");
    let left = format!("segment {} is still attached {times}: it goes with the last detach", segment.id());
    Ok((attaches > 0).then_some(left))
}

//! `rpipe set`: change the capacity of a live pipe.

use std::io;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::limits;
use super::target::{self, Target};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::pipe::inventory::{self, Inventory, Pipe};
use crate::ipc::pipe::resize;
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The pipe: PID:FD, PID where that has one, pipe:[INODE], or the path of a FIFO
    #[arg(value_parser = target::parse)]
    pipe: Target,

    /// Bytes that it shall have room for; the kernel rounds up to a power of two of pages
    #[arg(short, long, value_name = "SIZE", value_parser = args::size, required = true)]
    capacity: u64,
}

impl Verb for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Change how much a pipe has room for";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let found = Inventory::read().context("cannot list processes")?;
        let cannot = || format!("cannot change pipe {}", self.pipe);
        let pipe = self.pipe.find_one(&found).with_context(cannot)?;
        let bytes = usize::try_from(self.capacity).unwrap_or(usize::MAX);
        set(pipe, bytes).map_err(|error| explain(error, self.capacity, pipe)).with_context(cannot)?;
        Ok(Status::Done)
    }
}

/// By whichever end we may have.
fn set(pipe: &Pipe, bytes: usize) -> io::Result<usize> {
    let mut opened = pipe.ends.iter().map(|end| inventory::open(pipe.identity, end));
    let descriptor = match opened.find(Result::is_ok) {
        Some(descriptor) => descriptor?,
        None => {
            pipe.ends.first().map_or(Err(io::ErrorKind::NotFound.into()), |end| inventory::open(pipe.identity, end))?
        }
    };
    resize(descriptor, bytes)
}

/// Why it cannot have that capacity.
fn explain(error: io::Error, bytes: u64, pipe: &Pipe) -> anyhow::Error {
    if errno::is(&error, errno::EBUSY) {
        let unread = pipe.unread.map_or_else(String::new, |unread| format!(" ({unread} bytes)"));
        return anyhow!("what is unread in it{unread} would not fit into {bytes} bytes");
    }
    limits::explain(error, Some(bytes))
}

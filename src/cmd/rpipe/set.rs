//! `rpipe set`: change the capacity of a live pipe.

use std::io;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::target::{self, Target};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::pipe::inventory::{self, Inventory, Pipe};
use crate::ipc::pipe::{Limits, resize};
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
        let cannot = || format!("cannot set the capacity of pipe {}", self.pipe);
        let pipe = self.pipe.find_one(&found).with_context(cannot)?;
        let bytes = usize::try_from(self.capacity).unwrap_or(usize::MAX);
        set(pipe, bytes).map_err(|error| explain(error, bytes, pipe)).with_context(cannot)?;
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

/// The limit that is behind an error, with its value.
fn explain(error: io::Error, bytes: usize, pipe: &Pipe) -> anyhow::Error {
    let limit = match (error.raw_os_error(), Limits::of_system()) {
        (Some(errno::EPERM), Ok(limits)) if bytes > limits.max_size => {
            format!("fs.pipe-max-size is {}, and only CAP_SYS_RESOURCE goes above", limits.max_size)
        }
        (Some(errno::EPERM), Ok(limits)) => {
            format!("the pipes of this user have more than fs.pipe-user-pages-soft, {} pages", limits.soft_pages)
        }
        (Some(errno::EBUSY), _) => {
            let unread = pipe.unread.map_or_else(|| "more".into(), |unread| format!("{unread} bytes, more"));
            return anyhow!("{unread} than would fit, lie in it unread");
        }
        (Some(errno::EINVAL), _) => return anyhow!("no pipe has room for {bytes} bytes"),
        _ => return error.into(),
    };
    anyhow::Error::from(error).context(limit)
}

//! `rmsgq create`: make a queue and print its name.

use std::io;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{OutputError, Status, UsageError};
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::{Mode, ModeChange, Name};
use crate::sys::signal;

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Key (0x4b, key:75, ftok:PATH), POSIX name (/jobs), or private for a queue without a key
    #[arg(value_parser = args::queue(), default_value = "private")]
    name: Name,

    /// Permissions, octal (640) or as a change to 600 (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Fail with status 4 if the queue exists
    #[arg(long)]
    exclusive: bool,
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const ABOUT: &'static str = "Make a queue and print its name";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mode = self.mode.map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE));
        let (queue, made) = create_or_open(&self.name, mode, self.exclusive)?;
        // A queue whose name nobody learns is lost: it goes again if the name cannot be printed.
        signal::survive_closed_pipe();
        let name = queue.name(&self.name);
        let _ = context.out.foreign_line(&name.to_bytes());
        if let Err(error) = context.out.finish() {
            if made {
                Queue::remove(&name).with_context(|| format!("cannot remove queue {name} again"))?;
            }
            return Err(error).context(OutputError);
        }
        Ok(Status::Done)
    }
}

/// A new queue, or the one that is there already unless only a new one will do; and which it is.
pub(super) fn create_or_open(name: &Name, mode: Mode, exclusive: bool) -> anyhow::Result<(Queue, bool)> {
    match name {
        Name::Id(_) => {
            bail!(UsageError("the kernel chooses identifiers; a new queue has a key, a POSIX name, or neither".into()))
        }
        Name::File(_) => bail!(UsageError("a file is no queue".into())),
        _ => {}
    }
    loop {
        let error = match Queue::create(name, mode, None) {
            Ok(queue) => return Ok((queue, true)),
            Err(error) => error,
        };
        if exclusive || error.kind() != io::ErrorKind::AlreadyExists {
            return Err(error).with_context(|| format!("cannot create queue {name}"));
        }
        match Queue::open(name, Access::Both) {
            // Removed between our two looks: it can be made after all.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return Ok((opened.with_context(|| format!("cannot open queue {name}"))?, false)),
        }
    }
}

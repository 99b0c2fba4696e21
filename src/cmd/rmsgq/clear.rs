//! `rmsgq clear`: empty a queue.

use std::io;

use anyhow::Context as _;
use clap::Args;

use super::inbox::is_empty;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::{HEADER, Select, Take};
use crate::ipc::{Name, Wait};

#[derive(Debug, Args)]
pub(super) struct Clear {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,
}

impl Verb for Clear {
    const NAME: &'static str = "clear";
    const ABOUT: &'static str = "Throw away all messages and print how many there were";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let queue = super::open(&self.name, Access::Receive)?;
        let cleared = clear(&queue).with_context(|| format!("cannot clear queue {}", self.name))?;
        context.out.foreign_line(cleared.to_string().as_bytes())?;
        Ok(Status::Done)
    }
}

/// Takes as many messages as there are at the start: a sender that goes on shall not keep us here.
fn clear(queue: &Queue) -> io::Result<u64> {
    let (room, there) = match queue {
        // Cut to nothing: no message is too long to throw away.
        Queue::SystemV(queue) => (0, queue.status()?.messages),
        Queue::Posix(queue) => {
            let attributes = queue.attributes()?;
            (usize::try_from(attributes.max_size).unwrap_or(0), u64::try_from(attributes.messages).unwrap_or(0))
        }
    };
    let take = Take { select: Select::Any, truncate: matches!(queue, Queue::SystemV(_)) };
    let mut buffer = vec![0; HEADER + room];
    for cleared in 0..there {
        match queue.receive(&mut buffer, take, Wait::Never) {
            Err(error) if is_empty(&error) => return Ok(cleared),
            taken => taken?,
        };
    }
    Ok(there)
}

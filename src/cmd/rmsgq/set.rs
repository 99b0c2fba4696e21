//! `rmsgq set`: change a queue's owner, mode or limit.

use std::io::ErrorKind;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::{self, Owner};
use crate::exit::{Status, UsageError};
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::limits;
use crate::ipc::msgq::{Changes, Queue, sysv};
use crate::ipc::{ModeChange, Name};

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    #[command(flatten)]
    changes: ChangeArgs,
}

// At least one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ChangeArgs {
    /// Permissions, octal (640) or as a change (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Owner: USER, USER:GROUP or :GROUP, by name or number
    #[arg(long, value_parser = args::owner)]
    owner: Option<Owner>,

    /// Bytes of text it may hold (System V); above kernel.msgmnb this needs CAP_SYS_RESOURCE
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    max_bytes: Option<u64>,
}

impl Verb for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Change a queue's owner, mode or limit";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let ChangeArgs { mode, owner, max_bytes } = self.changes;
        let changes = Changes { permissions: args::changes(owner, mode), max_bytes };
        let cannot = || format!("cannot change queue {}", self.name);
        // Either right will do: an owner may have taken the other from himself.
        let queue = super::open(&self.name, Access::Receive).or_else(|_| super::open(&self.name, Access::Send))?;
        match queue {
            Queue::Posix(_) if changes.max_bytes.is_some() => {
                bail!(UsageError(
                    "--max-bytes is for System V queues; a POSIX queue keeps the limits it was made with".into()
                ))
            }
            Queue::Posix(queue) => queue.set(&changes).with_context(cannot)?,
            Queue::SystemV(queue) => set_system_v(queue, &changes).with_context(cannot)?,
        }
        Ok(Status::Done)
    }
}

/// EPERM has two reasons; where it is the limit, that is told instead.
pub(super) fn set_system_v(queue: sysv::Queue, changes: &Changes) -> anyhow::Result<()> {
    let Err(error) = queue.set(changes) else { return Ok(()) };
    match (changes.max_bytes, limits()) {
        (Some(bytes), Ok(limits)) if error.kind() == ErrorKind::PermissionDenied && bytes > limits.max_bytes as u64 => {
            bail!("{bytes} bytes are more than kernel.msgmnb, {}; only CAP_SYS_RESOURCE goes above", limits.max_bytes)
        }
        _ => Err(error.into()),
    }
}

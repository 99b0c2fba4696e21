//! `rmsgq`: message queues, System V and POSIX. One file per verb.

use anyhow::{Context as _, bail};

use crate::app::{Tool, VerbEntry};
use crate::exit::UsageError;
use crate::ipc::Name;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;

mod clear;
mod create;
mod inbox;
mod limits;
mod list;
mod peek;
mod recv;
mod remove;
mod send;
mod serve;
mod set;
mod show;
mod wait;
mod worker;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rmsgq",
    about: "Message queues from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<create::Create>(),
        VerbEntry::of::<send::Send>(),
        VerbEntry::of::<recv::Recv>(),
        VerbEntry::of::<serve::Serve>(),
        VerbEntry::of::<peek::Peek>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<set::Set>(),
        VerbEntry::of::<clear::Clear>(),
        VerbEntry::of::<remove::Remove>(),
    ],
};

/// The queue of this name, or why not.
fn open(name: &Name, access: Access) -> anyhow::Result<Queue> {
    check_name(name)?;
    Queue::open(name, access).with_context(|| format!("cannot open queue {name}"))
}

/// Refuses what names no queue: `private` is for `create`, `file:` for other tools. And tells a missing
/// file of an `ftok:` name from a missing queue: both are ENOENT.
fn check_name(name: &Name) -> anyhow::Result<()> {
    match name {
        Name::Private => bail!(UsageError("'private' names no queue that exists, only a new one".into())),
        Name::File(_) => bail!(UsageError("a file is no queue".into())),
        _ => name.key().map(drop).with_context(|| format!("cannot make a key of the file in {name}")),
    }
}

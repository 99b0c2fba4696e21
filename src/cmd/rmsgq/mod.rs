//! `rmsgq`: message queues, System V and POSIX. One file per verb.

use anyhow::Context as _;

use crate::app::{Tool, VerbEntry};
use crate::ipc::Name;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;

mod create;
mod list;
mod recv;
mod remove;
mod send;
mod set;
mod show;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rmsgq",
    about: "Message queues from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<create::Create>(),
        VerbEntry::of::<send::Send>(),
        VerbEntry::of::<recv::Recv>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<set::Set>(),
        VerbEntry::of::<remove::Remove>(),
    ],
};

/// The queue of this name, or why not.
fn open(name: &Name, access: Access) -> anyhow::Result<Queue> {
    refuse_nameless(name)?;
    Queue::open(name, access).with_context(|| format!("cannot open queue {name}"))
}

/// `private` is for `create`, `file:` for other tools.
fn refuse_nameless(name: &Name) -> anyhow::Result<()> {
    let why = match name {
        Name::Private => "'private' names no queue that exists, only a new one",
        Name::File(_) => "a file is no queue",
        _ => return Ok(()),
    };
    Err(crate::exit::UsageError(why.into()).into())
}

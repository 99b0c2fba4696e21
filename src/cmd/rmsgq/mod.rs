//! `rmsgq`: message queues, System V and POSIX. One file per verb.

use anyhow::Context as _;

use crate::app::{Tool, VerbEntry};
use crate::ipc::Name;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;

mod clear;
mod create;
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

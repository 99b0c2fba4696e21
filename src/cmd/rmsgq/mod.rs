//! `rmsgq`: message queues, System V and POSIX. One file per verb.

use anyhow::Context as _;

use crate::app::{Tool, VerbEntry};
use crate::cmd::names;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::{Kind, Name};

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

/// Refuses what names no queue.
fn check_name(name: &Name) -> anyhow::Result<()> {
    names::check(name, Kind::Queue)
}

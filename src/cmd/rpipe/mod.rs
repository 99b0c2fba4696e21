//! `rpipe`: anonymous pipes. One file per verb.

use anyhow::Context as _;

use crate::app::{Tool, VerbEntry};
use crate::exit::OutputError;
use crate::ipc::pipe::FlowError;

mod buffer;
mod chain;
mod display;
mod duplex;
mod limits;
mod list;
mod meter;
mod peek;
mod report;
mod run;
mod set;
mod show;
mod stages;
mod target;
mod tee;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rpipe",
    about: "Pipes from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<run::Run>(),
        VerbEntry::of::<duplex::Duplex>(),
        VerbEntry::of::<meter::Meter>(),
        VerbEntry::of::<tee::Tee>(),
        VerbEntry::of::<buffer::Buffer>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<peek::Peek>(),
        VerbEntry::of::<set::Set>(),
    ],
};

/// The failure of a flow from standard input to standard output. After a signal there is none: `app` ends
/// us of it.
fn explain(error: FlowError) -> anyhow::Result<()> {
    match error {
        FlowError::Read(error) => Err(error).context("cannot read standard input"),
        FlowError::Write(error) => Err(error).context(OutputError),
        FlowError::Interrupted => Ok(()),
    }
}

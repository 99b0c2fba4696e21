//! `rpipe`: anonymous pipes. One file per verb.

use anyhow::Context as _;

use crate::app::{Tool, VerbEntry};
use crate::exit::OutputError;
use crate::ipc::pipe::FlowError;

mod display;
mod duplex;
mod limits;
mod meter;
mod report;
mod run;
mod stages;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rpipe",
    about: "Pipes from the shell",
    bare: None,
    verbs: &[VerbEntry::of::<run::Run>(), VerbEntry::of::<duplex::Duplex>(), VerbEntry::of::<meter::Meter>()],
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

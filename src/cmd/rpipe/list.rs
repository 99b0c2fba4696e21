//! `rpipe list`: every pipe that we may see.

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::cmd::rows::pipe::{COLUMNS, PipeRow};
use crate::exit::Status;
use crate::ipc::pipe::inventory::Inventory;

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only those where somebody sleeps: reading while it is empty, writing while it is full, or opening it
    #[arg(long)]
    stuck: bool,

    #[command(flatten)]
    output: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List all pipes and FIFOs that processes have open";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.output.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.output)?;
        let found = Inventory::read().context("cannot list processes")?;
        let wanted = found.pipes.iter().filter(|pipe| !self.stuck || pipe.is_stuck());
        let rows: Vec<PipeRow> = wanted.map(|pipe| PipeRow::new(&found, pipe)).collect();
        rows::write_list(context, &self.output, &columns, &rows)?;
        Ok(Status::Done)
    }
}

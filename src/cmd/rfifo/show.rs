//! `rfifo show`: everything about one FIFO, and who is at it.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::rows::{COLUMNS, FifoRow};
use super::{LinkArgs, quoted};
use crate::app::{Context, Verb};
use crate::cmd::rows::pipe::{END_COLUMNS, EndRow};
use crate::cmd::rows::{self, user};
use crate::exit::Status;
use crate::ipc::fifo;
use crate::ipc::pipe::inventory::Inventory;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The FIFOs
    #[arg(value_name = "PATHS", required = true)]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    links: LinkArgs,

    /// Write a JSON object per FIFO
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about a FIFO, and who is at it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut hidden = 0;
        let status = context.for_each(&self.paths, |context, path| {
            let cannot = || format!("cannot look at {}", quoted(path));
            let file = fifo::look(path, self.links.links()).with_context(cannot)?;
            let found = Inventory::of(fifo::identity(&file)).with_context(cannot)?;
            hidden = hidden.max(found.hidden + found.hidden_sleepers);
            let Some(pipe) = found.pipes.first() else { return Ok(()) };
            let rows = FifoRow::all(vec![(path.clone(), Some(file), pipe.clone())]);
            let ends = EndRow::all(&found, pipe);
            let fields = rows::details(COLUMNS, &rows[0], &[]);
            Ok(rows::write_object_and_users(context, self.json, fields, END_COLUMNS, &ends)?)
        });
        user::tell_hidden(context, hidden);
        Ok(status)
    }
}

//! `rmsgq list`: every queue.

use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, queue};
use crate::exit::Status;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    list: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List all queues of this IPC namespace";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, queue::COLUMNS);
        }
        let columns = rows::chosen(queue::COLUMNS, &self.list)?;
        let (queues, hidden) = queue::rows()?;
        rows::write_list(context, &self.list, &columns, &queues)?;
        rows::tell_hidden(context, "queues", hidden);
        Ok(Status::Done)
    }
}

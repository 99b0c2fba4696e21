//! `rsem list`: every set and every POSIX semaphore.

use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, semaphore};
use crate::exit::Status;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    list: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List all semaphore sets of this IPC namespace and all POSIX semaphores";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, semaphore::FULL_COLUMNS);
        }
        let columns = rows::chosen(semaphore::FULL_COLUMNS, &self.list)?;
        let (semaphores, hidden) = semaphore::rows(&columns)?;
        rows::write_list(context, &self.list, &columns, &semaphores)?;
        rows::tell_hidden(context, "semaphores", hidden);
        Ok(Status::Done)
    }
}

//! `rshm list`: all shared memory.

use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, segment, unnamed};
use crate::exit::Status;

#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    list: ListArgs,

    /// List what has no name instead and lives on because processes have it open or mapped: removed POSIX
    /// objects and memfds
    #[arg(long)]
    deleted: bool,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List System V segments and POSIX objects";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.deleted {
            return self.list_deleted(context);
        }
        if self.list.wants_help() {
            return rows::write_help(context, segment::COLUMNS);
        }
        let columns = rows::chosen(segment::COLUMNS, &self.list)?;
        let (segments, hidden) = segment::rows(&columns)?;
        rows::write_list(context, &self.list, &columns, &segments)?;
        rows::tell_hidden(context, "shared memory objects", hidden);
        Ok(Status::Done)
    }
}

impl List {
    fn list_deleted(&self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, unnamed::COLUMNS);
        }
        let columns = rows::chosen(unnamed::COLUMNS, &self.list)?;
        let (objects, hidden) = unnamed::rows()?;
        rows::write_list(context, &self.list, &columns, &objects)?;
        rows::user::tell_hidden(context, hidden);
        Ok(Status::Done)
    }
}

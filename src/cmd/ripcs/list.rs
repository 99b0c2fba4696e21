//! `ripcs list`: objects of every kind in one list.

use anyhow::Context as _;
use clap::Args;

use super::any::{self, Item};
use super::kinds::{self, KindWord};
use crate::app::{Context, Verb};
use crate::args::ReportArgs;
use crate::exit::Status;
use crate::ipc::census;

#[derive(Debug, Args)]
pub(super) struct List {
    /// The kinds to list; without one those that exist whether or not a process has them
    #[arg(value_name = "KIND")]
    kinds: Vec<KindWord>,

    #[command(flatten)]
    report: ReportArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List objects of all kinds, System V and POSIX";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let classes = kinds::classes(&self.kinds);
        if self.report.list.wants_help() {
            any::write_help(context, &classes)?;
            return Ok(Status::Done);
        }
        let columns = any::chosen(&classes, &self.report)?;
        let mut found = census::objects(&classes).context("cannot list the objects")?;
        any::fill(&mut found.objects, &columns, &self.report).context("cannot look at the objects")?;
        any::write(context, &self.report, &classes, &columns, Item::all(found.objects))?;
        kinds::tell_unlisted(context, &found.unlisted);
        Ok(Status::Done)
    }
}

//! `ripcs reap`: orphans removed, each looked at again right before.

use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use clap::Args;

use super::orphans::{Choice, Orphan};
use super::place::told;
use crate::app::{Context, Verb};
use crate::args::ReportArgs;
use crate::cmd::rows;
use crate::cmd::rows::orphan::{COLUMNS, DONE_COLUMNS, OrphanRow};
use crate::exit::{OutputError, Status, UsageError, words};
use crate::output::{counted, escape, write_table};
use crate::sys::fd;

#[derive(Debug, Args)]
pub(super) struct Reap {
    #[command(flatten)]
    choice: Choice,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Remove nothing, and say what would be removed
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,

    #[command(flatten)]
    report: ReportArgs,
}

const REMOVED: &str = "removed";

impl Verb for Reap {
    const NAME: &'static str = "reap";
    const ABOUT: &'static str = "Remove orphans: asks first, and looks at each again right before";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.report.list.wants_help() {
            return rows::write_help(context, DONE_COLUMNS);
        }
        // What cannot be written is to be known before anything is removed.
        fd::write(fd::stdout(), b"").context(OutputError)?;
        let columns = rows::chosen_with(DONE_COLUMNS, &self.report, self.choice.namespace.is_given())?;
        let mut found = self.choice.find(context)?;
        let asks = !(self.yes || self.dry_run || found.is_empty());
        if asks && !(fd::is_terminal(fd::stdin()) && fd::is_terminal(fd::stderr())) {
            bail!(UsageError(format!(
                "there {}, and nobody can be asked here: --yes removes without asking, --dry-run only tells",
                if found.len() == 1 { "is 1 orphan".into() } else { format!("are {} orphans", found.len()) }
            )));
        }
        if asks && !self.agreed(context, &found)? {
            context.note("nothing was removed");
            return Ok(Status::Done);
        }
        let status = found.iter_mut().map(|orphan| self.reap(orphan)).max().unwrap_or(Status::Done);
        let rows: Vec<OrphanRow> = found.into_iter().map(|orphan| orphan.row).collect();
        let written = rows::write_report(context, &self.report, DONE_COLUMNS, &columns, rows.clone());
        let written = written.and_then(|()| context.out.flush().context(OutputError));
        if written.is_err() {
            tell_removed(context, &rows);
        }
        written.map(|()| status)
    }
}

impl Reap {
    /// Shows what would be removed and asks for it.
    fn agreed(&self, context: &mut Context, found: &[Orphan]) -> anyhow::Result<bool> {
        let rows: Vec<OrphanRow> = found.iter().map(|orphan| orphan.row.clone()).collect();
        let is_shown = |name: &str, default| default || name == "doubts" && self.choice.likely;
        let columns: Vec<_> = COLUMNS.iter().filter(|column| is_shown(column.name, column.default)).collect();
        let mut text = Vec::new();
        write_table(&mut text, &columns, &rows, true)?;
        text.extend_from_slice(format!("Remove {}? [y/N] ", counted(rows.len() as u64, "object")).as_bytes());
        context.out.flush()?;
        let mut rest = text.as_slice();
        while !rest.is_empty() {
            let count = fd::write(fd::stderr(), rest).context("cannot ask")?;
            rest = &rest[count..];
        }
        let mut answer = [0; 256];
        let count = fd::read(fd::stdin(), &mut answer).context("cannot read the answer")?;
        Ok(matches!(answer[..count].trim_ascii(), b"y" | b"Y" | b"yes"))
    }

    /// Removes one if it is still an orphan, and notes what became of it.
    fn reap(&self, orphan: &mut Orphan) -> Status {
        let again = self.choice.judge_again(&orphan.object, &orphan.place);
        let (status, done) = match again {
            Ok(None) => (Status::Done, ("kept", "it is used again, or another has its name".into())),
            Ok(Some(_)) if self.dry_run => (Status::Done, ("would be removed", orphan.row.reasons().join(", "))),
            Ok(Some(object)) => match orphan.place.within(|| object.remove()) {
                Ok(()) => (Status::Done, (REMOVED, orphan.row.reasons().join(", "))),
                Err(error) => failed(error),
            },
            Err(error) => failed(error),
        };
        orphan.row.done = Some(done);
        status
    }
}

/// The report is lost: nobody can find out by looking what is not there any more.
fn tell_removed(context: &mut Context, rows: &[OrphanRow]) {
    for row in rows.iter().filter(|row| row.done.as_ref().is_some_and(|(done, _)| *done == REMOVED)) {
        context.note(&format!("removed {}{}", escape(&row.object), told(row.namespace.as_deref())));
    }
}

fn failed(error: io::Error) -> (Status, (&'static str, String)) {
    let words = words(&error);
    (Status::of(&error.into()), ("failed", words))
}

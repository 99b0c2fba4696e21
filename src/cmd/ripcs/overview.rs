//! `ripcs` without a verb: a table per kind, and totals.

use std::io::Write as _;

use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, JsonArray, queue, segment, semaphore};
use crate::exit::Status;
use crate::output::{Column, counted, write_table};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Overview {
    /// Message queues
    #[arg(short, long)]
    queues: bool,

    /// Shared memory
    #[arg(short = 'm', long)]
    segments: bool,

    /// Semaphores
    #[arg(short, long)]
    semaphores: bool,

    /// All three (the default)
    #[arg(short, long)]
    all: bool,

    #[command(flatten)]
    list: ListArgs,
}

impl Verb for Overview {
    const NAME: &'static str = "";
    const ABOUT: &'static str = "";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let all = self.all || !(self.queues || self.segments || self.semaphores);
        let (queues, segments, semaphores) = (all || self.queues, all || self.segments, all || self.semaphores);
        let mut names = Vec::new();
        names.extend(queues.then_some(queue::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(segments.then_some(segment::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(semaphores.then_some(semaphore::COLUMNS).into_iter().flatten().map(|column| column.name));
        let mut page = Page { args: &self.list, names, array: JsonArray::default(), begun: false };
        if queues {
            page.queues(context)?;
        }
        if segments {
            page.segments(context)?;
        }
        if semaphores {
            page.semaphores(context)?;
        }
        page.end(context)
    }
}

/// One table per kind, or one array of all.
struct Page<'a> {
    args: &'a ListArgs,
    /// The columns of all kinds on the page.
    names: Vec<&'static str>,
    array: JsonArray,
    begun: bool,
}

impl Page<'_> {
    fn queues(&mut self, context: &mut Context) -> anyhow::Result<()> {
        const TITLE: &str = "Message queues";
        let Some(columns) = self.columns(context, TITLE, queue::COLUMNS)? else { return Ok(()) };
        let (rows, hidden) = queue::rows()?;
        let messages = Total::of(rows.iter().map(queue::QueueRow::messages));
        let bytes = Total::of(rows.iter().map(queue::QueueRow::bytes));
        let total = [counted(rows.len() as u64, "queue"), messages.counted("message"), bytes.counted("byte")];
        self.section(context, TITLE, &columns, &rows, &total)?;
        rows::tell_hidden(context, "queues", hidden);
        Ok(())
    }

    fn segments(&mut self, context: &mut Context) -> anyhow::Result<()> {
        const TITLE: &str = "Shared memory";
        let Some(columns) = self.columns(context, TITLE, segment::COLUMNS)? else { return Ok(()) };
        let (rows, hidden) = segment::rows(&columns)?;
        let bytes = Total::of(rows.iter().map(|row| Some(row.size())));
        let total = [counted(rows.len() as u64, "segment"), bytes.counted("byte")];
        self.section(context, TITLE, &columns, &rows, &total)?;
        rows::tell_hidden(context, "shared memory", hidden);
        Ok(())
    }

    fn semaphores(&mut self, context: &mut Context) -> anyhow::Result<()> {
        const TITLE: &str = "Semaphores";
        let Some(columns) = self.columns(context, TITLE, semaphore::COLUMNS)? else { return Ok(()) };
        let (rows, hidden) = semaphore::rows()?;
        let semaphores = Total::of(rows.iter().map(|row| Some(row.count())));
        let sets = rows.iter().filter(|row| row.is_set()).count() as u64;
        let total = [counted(sets, "set"), semaphores.counted("semaphore")];
        self.section(context, TITLE, &columns, &rows, &total)?;
        rows::tell_hidden(context, "semaphores", hidden);
        Ok(())
    }

    /// The columns to show of one kind; `None` when it was help about them that was asked for.
    fn columns<R>(
        &mut self,
        context: &mut Context,
        title: &str,
        all: &'static [Column<R>],
    ) -> anyhow::Result<Option<Vec<&'static Column<R>>>> {
        if self.args.wants_help() {
            self.title(context, title)?;
            rows::write_help(context, all)?;
            return Ok(None);
        }
        // A column that only other kinds have is left out here, and a kind that has none of them, too;
        // one that no kind has is an error.
        let here = |word: &str| all.iter().any(|column| column.name.eq_ignore_ascii_case(word));
        let elsewhere = |word: &str| self.names.iter().any(|name| name.eq_ignore_ascii_case(word));
        let mut args = self.args.clone();
        args.columns = args.columns.map(|list| {
            let words = list.split(',').filter(|word| {
                let name = word.trim_start_matches('+');
                here(name) || !elsewhere(name)
            });
            words.collect::<Vec<_>>().join(",")
        });
        let is_left_out = args.columns.as_deref() == Some("") && self.args.columns.as_deref() != Some("");
        if is_left_out { Ok(None) } else { rows::chosen(all, &args).map(Some) }
    }

    fn section<R>(
        &mut self,
        context: &mut Context,
        title: &str,
        columns: &[&'static Column<R>],
        rows: &[R],
        total: &[String],
    ) -> anyhow::Result<()> {
        if self.args.json {
            return Ok(self.array.extend(context, columns, rows)?);
        }
        if self.args.no_header {
            return Ok(write_table(&mut context.out, columns, rows, false)?);
        }
        self.title(context, title)?;
        write_table(&mut context.out, columns, rows, true)?;
        Ok(writeln!(context.out, "{}", total.join(", "))?)
    }

    fn title(&mut self, context: &mut Context, title: &str) -> std::io::Result<()> {
        let gap = if self.begun { "\n" } else { "" };
        self.begun = true;
        writeln!(context.out, "{gap}{title}")
    }

    fn end(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.args.json && !self.args.wants_help() {
            self.array.end(context)?;
        }
        Ok(Status::Done)
    }
}

/// A sum of what we may know.
#[derive(Debug, Default)]
struct Total {
    sum: u64,
    unknown: bool,
}

impl Total {
    fn of(values: impl Iterator<Item = Option<u64>>) -> Self {
        values.fold(Self::default(), |total, value| Self {
            sum: total.sum.saturating_add(value.unwrap_or(0)),
            unknown: total.unknown || value.is_none(),
        })
    }

    /// `3 messages`, `1 message`; `3+? messages` where not every count may be known.
    fn counted(&self, noun: &str) -> String {
        let counted = counted(self.sum, noun);
        if self.unknown { counted.replacen(' ', "+? ", 1) } else { counted }
    }
}

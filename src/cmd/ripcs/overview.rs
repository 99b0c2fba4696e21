//! `ripcs` without a verb: a table per kind, and totals.

use std::io::Write as _;

use clap::Args;

use super::limits;
use super::show::Show;
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

    /// When they were used and changed
    #[arg(short, long, group = "facet")]
    time: bool,

    /// The processes that made them and used them last
    #[arg(short, long, group = "facet")]
    pid: bool,

    /// Who made them, and who owns them
    #[arg(short, long, group = "facet")]
    creator: bool,

    /// Their limits, and how far they are used up
    #[arg(short, long, group = "facet")]
    limits: bool,

    /// The totals alone
    #[arg(short = 'u', long, group = "facet")]
    summary: bool,

    /// Everything about the System V objects of this identifier
    #[arg(short, long, value_name = "ID", group = "facet", value_parser = clap::value_parser!(i32).range(0..))]
    id: Option<i32>,

    /// Sizes in bytes, as they always are here: for those who are used to say so
    #[arg(short, long)]
    bytes: bool,

    #[command(flatten)]
    list: ListArgs,
}

impl Verb for Overview {
    const NAME: &'static str = "";
    const ABOUT: &'static str = "";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let all = self.all || !(self.queues || self.segments || self.semaphores);
        let (queues, segments, semaphores) = (all || self.queues, all || self.segments, all || self.semaphores);
        if let Some(id) = self.id {
            return Show::of_id(id, [queues, segments, semaphores], self.list.json).run(context);
        }
        if self.limits {
            let prefixes = [(queues, "MSG"), (segments, "SHM"), (semaphores, "SEM")];
            let chosen: Vec<&str> = prefixes.iter().filter(|(chosen, _)| *chosen).map(|(_, prefix)| *prefix).collect();
            return limits::write_system_v(context, &self.list, &chosen);
        }
        let mut names = Vec::new();
        names.extend(queues.then_some(queue::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(segments.then_some(segment::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(semaphores.then_some(semaphore::COLUMNS).into_iter().flatten().map(|column| column.name));
        let mut list = self.list.clone();
        if list.columns.is_none() {
            let here = |facet: &str| facet.split(',').filter(|name| names.contains(name)).collect::<Vec<_>>().join(",");
            list.columns = self.facet().map(here);
        }
        let (args, totals_alone) = (&list, self.summary);
        let mut page = Page { args, totals_alone, names, array: JsonArray::default(), begun: false };
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

impl Overview {
    /// The columns that ipcs' own options stand for; those that a kind has not are left out there.
    fn facet(&self) -> Option<&'static str> {
        match self {
            Self { time: true, .. } => Some("name,owner,sent,received,attached,detached,operated,changed"),
            Self { pid: true, .. } => Some("name,owner,sender,receiver,creator,user"),
            Self { creator: true, .. } => Some("name,mode,cuid,cgid,uid,gid"),
            _ => None,
        }
    }
}

/// One table per kind, or one array of all.
struct Page<'a> {
    args: &'a ListArgs,
    totals_alone: bool,
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

    fn section<R: Sync>(
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
        if !self.totals_alone {
            write_table(&mut context.out, columns, rows, true)?;
        }
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

//! `ripcs` without a verb: a table per kind, and totals.

use std::ffi::OsString;
use std::io::Write as _;

use clap::Args;

use super::elsewhere::Elsewhere;
use super::limits;
use super::place::NamespaceArgs;
use super::section::{Form, QUEUES, SEGMENTS, SEMAPHORES, Section};
use super::show::Show;
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, JsonArray, queue, segment, semaphore};
use crate::exit::Status;
use crate::output::{Column, counted};

#[derive(Debug, Default, Args)]
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
    namespace: NamespaceArgs,

    #[command(flatten)]
    list: ListArgs,
}

impl Verb for Overview {
    const NAME: &'static str = "";
    const ABOUT: &'static str = "";

    /// Nothing, or a kind.
    fn quick(words: &[OsString]) -> Option<Self> {
        let mut page = Self::default();
        match words {
            [] => {}
            [word] if word == "-q" || word == "--queues" => page.queues = true,
            [word] if word == "-m" || word == "--segments" => page.segments = true,
            [word] if word == "-s" || word == "--semaphores" => page.semaphores = true,
            _ => return None,
        }
        Some(page)
    }

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let all = self.all || !(self.queues || self.segments || self.semaphores);
        let (queues, segments, semaphores) = (all || self.queues, all || self.segments, all || self.semaphores);
        if let Some(id) = self.id {
            return Show::of_id(id, [queues, segments, semaphores], self.namespace, self.list.json).run(context);
        }
        if self.limits {
            let prefixes = [(queues, "MSG"), (segments, "SHM"), (semaphores, "SEM")];
            let chosen: Vec<&str> = prefixes.iter().filter(|(chosen, _)| *chosen).map(|(_, prefix)| *prefix).collect();
            return limits::write_system_v(context, &self.namespace, &self.list, &chosen);
        }
        if self.namespace.is_given() {
            let page = Elsewhere { args: self.list.clone(), facet: self.facet(), totals_alone: self.summary };
            return page.write(context, &self.namespace, [queues, segments, semaphores]);
        }
        let mut names = Vec::new();
        names.extend(queues.then_some(queue::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(segments.then_some(segment::COLUMNS).into_iter().flatten().map(|column| column.name));
        names.extend(semaphores.then_some(semaphore::COLUMNS).into_iter().flatten().map(|column| column.name));
        let mut list = self.list.clone();
        if list.columns.is_none() {
            list.columns = self.facet().map(|facet| on_page(facet, &names));
        }
        let (args, totals_alone) = (&list, self.summary);
        let mut page = Page { args, totals_alone, names, array: JsonArray::default(), gap: "" };
        if queues {
            page.section(context, &QUEUES)?;
        }
        if segments {
            page.section(context, &SEGMENTS)?;
        }
        if semaphores {
            page.section(context, &SEMAPHORES)?;
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
    /// What stands before the next title.
    gap: &'static str,
}

impl Page<'_> {
    /// Writes the section of a kind.
    fn section<R: Sync>(&mut self, context: &mut Context, section: &Section<R>) -> anyhow::Result<()> {
        let Some(columns) = self.columns(context, section.kind.title, section.columns)? else { return Ok(()) };
        let form = Form { args: self.args, totals_alone: self.totals_alone, gap: self.gap };
        self.gap = "\n";
        section.write(context, &form, &columns, &mut self.array)
    }

    /// The columns to show of one kind; `None` when it was help about them that was asked for.
    fn columns<R>(
        &mut self,
        context: &mut Context,
        title: &str,
        all: &'static [Column<R>],
    ) -> anyhow::Result<Option<Vec<&'static Column<R>>>> {
        if self.args.wants_help() {
            writeln!(context.out, "{}{title}", self.gap)?;
            self.gap = "\n";
            rows::write_help(context, all)?;
            return Ok(None);
        }
        let here = |word: &str| all.iter().any(|column| column.name.eq_ignore_ascii_case(word));
        let columns = self.args.columns.as_deref().map(|list| narrowed(list, here, &self.names));
        if columns == Some(None) {
            return Ok(None);
        }
        rows::chosen(all, &ListArgs { columns: columns.flatten(), ..self.args.clone() }).map(Some)
    }

    fn end(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.args.json && !self.args.wants_help() {
            self.array.end(context)?;
        }
        Ok(Status::Done)
    }
}

/// Those of the columns that a kind on the page has.
pub(super) fn on_page(columns: &str, names: &[&str]) -> String {
    columns.split(',').filter(|name| names.contains(name)).collect::<Vec<_>>().join(",")
}

/// The list of columns for one kind: a column that only other kinds have is left out. `None` for a kind that
/// has none of them; a column that no kind has stays, and is an error.
pub(super) fn narrowed(list: &str, is_here: impl Fn(&str) -> bool, on_page: &[&str]) -> Option<String> {
    let is_elsewhere = |word: &str| on_page.iter().any(|name| name.eq_ignore_ascii_case(word));
    let words = list.split(',').filter(|word| {
        let name = word.trim_start_matches('+');
        is_here(name) || !is_elsewhere(name)
    });
    let left = words.collect::<Vec<_>>().join(",");
    (!left.is_empty() || list.is_empty()).then_some(left)
}

/// A sum of what we may know.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Total {
    sum: u64,
    unknown: bool,
}

impl Total {
    pub(super) fn of(values: impl Iterator<Item = Option<u64>>) -> Self {
        values.fold(Self::default(), |mut total, value| {
            total.add(Self { sum: value.unwrap_or(0), unknown: value.is_none() });
            total
        })
    }

    /// So many, and no doubt about it.
    pub(super) fn count(number: usize) -> Self {
        Self { sum: number as u64, unknown: false }
    }

    pub(super) fn add(&mut self, more: Self) {
        self.sum = self.sum.saturating_add(more.sum);
        self.unknown |= more.unknown;
    }

    /// `3 messages`, `1 message`; `3+? messages` where not every count may be known.
    pub(super) fn counted(&self, noun: &str) -> String {
        let counted = counted(self.sum, noun);
        if self.unknown { counted.replacen(' ', "+? ", 1) } else { counted }
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches as _};

    use super::*;

    #[test]
    fn what_is_read_quickly_is_what_clap_reads() {
        for words in [&[][..], &["-q"], &["--queues"], &["-m"], &["--segments"], &["-s"], &["--semaphores"]] {
            let quick = Overview::quick(&words.iter().map(OsString::from).collect::<Vec<_>>()).expect("plain words");
            let command = Overview::augment_args(Command::new("ripcs").no_binary_name(true));
            let slow = Overview::from_arg_matches(&command.get_matches_from(words)).expect("good words");
            assert_eq!(format!("{quick:?}"), format!("{slow:?}"), "{words:?}");
        }
        assert!(Overview::quick(&["-q".into(), "-q".into()]).is_none());
    }
}

//! `ripcs why`: what an errno means, and whether the limit behind it is reached.

use anyhow::anyhow;
use clap::Args;

use super::limits::{LimitRow, Measured, measure};
use super::place::NamespaceArgs;
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::exit::{Status, UsageError, words};
use crate::ipc::limits::{Cause, Refusal, errno_name, errno_number};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Why {
    /// The error: a name (ENOSPC) or a number (28)
    #[arg(value_name = "ERRNO", value_parser = number)]
    errno: i32,

    /// The call that gave it (semget); without it, all calls that do
    call: Option<String>,

    /// Ask for the limits of this process and its user instead of our own
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,

    #[command(flatten)]
    namespace: NamespaceArgs,

    #[command(flatten)]
    list: ListArgs,
}

fn number(text: &str) -> Result<i32, String> {
    let known = if text.starts_with(['+', '-']) { None } else { errno_number(text) };
    known.ok_or_else(|| "Linux has no error of this name or number".into())
}

impl Verb for Why {
    const NAME: &'static str = "why";
    const ABOUT: &'static str = "Tell what an errno means, and whether a limit behind it is reached now";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen_in(COLUMNS, &self.list, self.namespace.is_given())?;
        let call = self.call.as_deref().map(known).transpose()?;
        let refusals: Vec<&Refusal> = Refusal::find(self.errno, call).collect();
        if refusals.is_empty() {
            let error = errno::error(self.errno);
            let name = errno_name(self.errno).unwrap_or_default();
            let call = call.unwrap_or("any call that is known here");
            context.note(&format!("{name} ({}) has no meaning of its own for {call}", words(&error)));
            return Ok(Status::NotFound);
        }
        let limits = measure(context, &self.namespace, self.pid)?;
        let mut rows = Vec::new();
        for refusal in refusals {
            let calls = call.map_or_else(|| refusal.calls.join(","), str::to_owned);
            for cause in refusal.causes {
                rows.extend(Reason::of(self.errno, &calls, cause, &limits));
            }
        }
        rows::write_list(context, &self.list, &columns, &rows)?;
        Ok(Status::Done)
    }
}

/// The call of this name, which may have the number of a manual page's section behind it.
fn known(name: &str) -> anyhow::Result<&'static str> {
    let bare = name.split_once('(').map_or(name, |(name, _)| name);
    let calls = Refusal::calls();
    let found = calls.iter().find(|call| call.eq_ignore_ascii_case(bare));
    found
        .copied()
        .ok_or_else(|| anyhow!(UsageError(format!("no call is known as '{name}'; there are {}", calls.join(", ")))))
}

/// Something that the errno can mean.
#[derive(Debug)]
struct Reason {
    errno: i32,
    calls: String,
    cause: &'static Cause,
    /// The limit, where it is one.
    limit: Option<LimitRow>,
}

impl Reason {
    /// One row, or one for each that the limit exists for.
    fn of(errno: i32, calls: &str, cause: &'static Cause, limits: &[Measured]) -> Vec<Self> {
        let row = |limit| Self { errno, calls: calls.to_owned(), cause, limit };
        let these: Vec<Measured> = limits.iter().filter(|one| cause.limit == Some(one.limit.name)).cloned().collect();
        if these.is_empty() {
            return vec![row(None)];
        }
        LimitRow::all(these).into_iter().map(|limit| row(Some(limit))).collect()
    }

    fn of_limit<'a>(&'a self, cell: impl FnOnce(&'a LimitRow) -> Cell<'a>) -> Cell<'a> {
        self.limit.as_ref().map_or(Cell::None, cell)
    }

    /// Whether the limit is reached; nothing is where it bounds each call by itself.
    fn reached(&self) -> Cell<'_> {
        self.of_limit(|row| match row.limit.is_reached() {
            Some(true) => Cell::text("yes"),
            Some(false) => Cell::text("no"),
            None if row.limit.is_unseen() => Cell::Unknown,
            None => Cell::None,
        })
    }
}

static COLUMNS: &[Column<Reason>] = &[
    column("call", "the call, or calls that fail alike", Left, |row: &Reason| Cell::text(&row.calls)),
    column("reached", "whether the limit is reached now", Left, Reason::reached),
    column("limit", "the limit that it means", Left, |row: &Reason| row.of_limit(|limit| Cell::text(limit.limit.name))),
    column("used", "how much of it is used", Right, |row: &Reason| row.of_limit(LimitRow::used)),
    column("max", "how much may be used", Right, |row: &Reason| row.of_limit(LimitRow::bound)),
    column("by", "object, user or process that takes the most", Left, |row: &Reason| row.of_limit(LimitRow::by))
        .hidden(),
    column("meaning", "what the error says", Left, |row: &Reason| Cell::text(row.cause.meaning)),
    column("raise", "what would double the limit", Left, |row: &Reason| row.of_limit(LimitRow::raise)),
    column("set_by", "what sets the limit", Left, |row: &Reason| {
        row.of_limit(|limit| Cell::shown(limit.limit.setting))
    })
    .hidden(),
    column("errno", "the name of the error", Left, |row: &Reason| Cell::or_none(errno_name(row.errno), Cell::shown))
        .hidden(),
    column("number", "its number", Right, |row: &Reason| Cell::Signed(row.errno.into())).hidden(),
    column("words", "what strerror calls it", Left, |row: &Reason| Cell::shown(words(&errno::error(row.errno))))
        .hidden(),
    column("namespace", rows::NAMESPACE, Right, |row: &Reason| row.of_limit(LimitRow::namespace)).hidden(),
    column("container", rows::CONTAINER, Left, |row: &Reason| row.of_limit(LimitRow::container)).hidden(),
];

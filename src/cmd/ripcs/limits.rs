//! `ripcs limits`: how far each limit is used up, what sets it, and how to raise it.

use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::verdict::{self, Thresholds};
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, named};
use crate::exit::{Status, UsageError};
use crate::ipc::limits::{self, Bound, Consumer, Limit, Use};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

#[derive(Debug, Args)]
pub(super) struct Limits {
    /// Only these limits, by the names of the first column
    #[arg(value_name = "LIMIT")]
    names: Vec<String>,

    /// Ask for the limits of this process and its user instead of our own
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,

    /// Say in one line whether a limit is used by WARN or CRIT percent; the status is 0, 1, 2 or 3
    #[arg(long, value_name = "WARN[:CRIT]", value_parser = verdict::thresholds, conflicts_with_all = ["columns", "no_header", "json"])]
    check: Option<Thresholds>,

    #[command(flatten)]
    list: ListArgs,
}

impl Verb for Limits {
    const NAME: &'static str = "limits";
    const ABOUT: &'static str = "Show the limits of all mechanisms, and how far they are used up";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.list)?;
        let limits = measure(self.pid).and_then(|limits| self.only_named(limits));
        if let Some(thresholds) = self.check {
            return verdict::write(context, limits, thresholds);
        }
        rows::write_list(context, &self.list, &columns, &LimitRow::all(limits?))?;
        Ok(Status::Done)
    }
}

impl Limits {
    fn only_named(&self, limits: Vec<Limit>) -> anyhow::Result<Vec<Limit>> {
        let is = |limit: &Limit, name: &String| limit.name.eq_ignore_ascii_case(name);
        if let Some(name) = self.names.iter().find(|name| !limits.iter().any(|limit| is(limit, name))) {
            let known: Vec<&str> = limits.iter().map(|limit| limit.name).collect();
            return Err(UsageError(format!("no limit is called '{name}'; there are {}", known.join(", "))).into());
        }
        let wanted = |limit: &Limit| self.names.is_empty() || self.names.iter().any(|name| is(limit, name));
        Ok(limits.into_iter().filter(wanted).collect())
    }
}

/// Writes the System V limits whose names begin so.
pub(super) fn write_system_v(context: &mut Context, args: &ListArgs, prefixes: &[&str]) -> anyhow::Result<Status> {
    let columns = rows::chosen(COLUMNS, args)?;
    let mut limits = measure(None)?;
    limits.retain(|limit| prefixes.iter().any(|prefix| limit.name.to_ascii_uppercase().starts_with(prefix)));
    rows::write_list(context, args, &columns, &LimitRow::all(limits))?;
    Ok(Status::Done)
}

/// All limits, as this process has them.
pub(super) fn measure(pid: Option<i32>) -> anyhow::Result<Vec<Limit>> {
    limits::all(pid).with_context(|| match pid {
        Some(pid) => format!("cannot ask for the limits of process {pid}"),
        None => "cannot ask for our own limits".into(),
    })
}

/// A limit, and what the users are called.
#[derive(Debug)]
pub(super) struct LimitRow {
    pub(super) limit: Limit,
    names: Arc<Names>,
}

impl LimitRow {
    /// The rows of these limits; each user is looked up once.
    pub(super) fn all(limits: Vec<Limit>) -> Vec<Self> {
        let user = |limit: &Limit| if let Some(&Consumer::User(uid)) = limit.consumer() { Some(uid) } else { None };
        let names = Arc::new(Names::of(Database::Users, limits.iter().filter_map(user)));
        limits.into_iter().map(|limit| Self { limit, names: Arc::clone(&names) }).collect()
    }

    pub(super) fn used(&self) -> Cell<'_> {
        match self.limit.used {
            Use::Passing => Cell::None,
            Use::Unknown => Cell::Unknown,
            Use::Total(used) | Use::Fullest(used, _) | Use::Largest(used, _) => Cell::Number(used),
        }
    }

    pub(super) fn bound(&self) -> Cell<'_> {
        match self.limit.bound {
            Bound::At(bound) => Cell::Number(bound),
            Bound::Unlimited => Cell::None,
            Bound::Unknown => Cell::Unknown,
        }
    }

    pub(super) fn percent(&self) -> Cell<'_> {
        match (self.limit.percent(), &self.limit.used) {
            (Some(percent), _) => Cell::Number(percent),
            (None, Use::Unknown) => Cell::Unknown,
            (None, _) => Cell::None,
        }
    }

    /// Who takes the most, or whose share it is.
    pub(super) fn by(&self) -> Cell<'_> {
        match self.limit.consumer() {
            None => Cell::None,
            Some(Consumer::Id(id)) => Cell::Label(id.get().cast_unsigned().into()),
            Some(Consumer::Name(name)) => Cell::Foreign(name.as_bytes().into()),
            Some(Consumer::User(uid)) => named(&self.names, *uid),
            Some(Consumer::Process(pid)) => Cell::Label(pid.cast_unsigned().into()),
        }
    }

    pub(super) fn raise(&self) -> Cell<'_> {
        Cell::or_none(self.limit.raise(), Cell::shown)
    }

    fn counts(&self) -> &'static str {
        match self.limit.used {
            Use::Total(_) => "all",
            Use::Fullest(..) => "fullest",
            Use::Largest(..) => "largest",
            Use::Passing => "each",
            Use::Unknown => "unseen",
        }
    }
}

/// Every column of a limit.
pub(super) static COLUMNS: &[Column<LimitRow>] = &[
    column("limit", "what manual pages call it", Left, |row: &LimitRow| Cell::text(row.limit.name)),
    column("used", "how much is used", Right, LimitRow::used),
    column("max", "how much may be used", Right, LimitRow::bound),
    column("percent", "hundredths of max that are used", Right, LimitRow::percent),
    column("by", "object, user or process that takes the most", Left, LimitRow::by),
    column("what", "what is counted", Left, |row: &LimitRow| Cell::text(row.limit.what)),
    column("set_by", "sysctl, or who else sets it", Left, |row: &LimitRow| Cell::shown(row.limit.setting)),
    column("raise", "what would double it", Left, LimitRow::raise),
    column("unit", "what it is counted in", Left, |row: &LimitRow| Cell::text(row.limit.unit)).hidden(),
    column("counts", "whether used is all, that of the fullest or of the largest one", Left, |row: &LimitRow| {
        Cell::text(row.counts())
    })
    .hidden(),
];

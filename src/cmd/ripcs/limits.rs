//! `ripcs limits`: how far each limit is used up, what sets it, and how to raise it.

use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use super::place::{NamespaceArgs, Place};
use super::verdict::{self, Thresholds};
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows::{self, named};
use crate::exit::{Status, UsageError};
use crate::ipc::limits::{self, Bound, Consumer, Limit, Use};
use crate::ipc::namespace::Namespace;
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
    namespace: NamespaceArgs,

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
        let columns = rows::chosen_in(COLUMNS, &self.list, self.namespace.is_given())?;
        let limits = measure(context, &self.namespace, self.pid).and_then(|limits| self.only_named(limits));
        if let Some(thresholds) = self.check {
            return verdict::write(context, limits, thresholds, self.namespace.is_all());
        }
        rows::write_list(context, &self.list, &columns, &LimitRow::all(limits?))?;
        Ok(Status::Done)
    }
}

impl Limits {
    fn only_named(&self, limits: Vec<Measured>) -> anyhow::Result<Vec<Measured>> {
        let is = |one: &Measured, name: &String| one.limit.name.eq_ignore_ascii_case(name);
        if let Some(name) = self.names.iter().find(|name| !limits.iter().any(|limit| is(limit, name))) {
            let mut known: Vec<&str> = Vec::new();
            for Measured { limit, .. } in &limits {
                if !known.contains(&limit.name) {
                    known.push(limit.name);
                }
            }
            return Err(UsageError(format!("no limit is called '{name}'; there are {}", known.join(", "))).into());
        }
        let wanted = |limit: &Measured| self.names.is_empty() || self.names.iter().any(|name| is(limit, name));
        Ok(limits.into_iter().filter(wanted).collect())
    }
}

/// Writes the System V limits whose names begin so.
pub(super) fn write_system_v(
    context: &mut Context,
    namespaces: &NamespaceArgs,
    args: &ListArgs,
    prefixes: &[&str],
) -> anyhow::Result<Status> {
    let columns = rows::chosen_in(COLUMNS, args, namespaces.is_given())?;
    let mut limits = measure(context, namespaces, None)?;
    limits.retain(|one| prefixes.iter().any(|prefix| one.limit.name.to_ascii_uppercase().starts_with(prefix)));
    rows::write_list(context, args, &columns, &LimitRow::all(limits))?;
    Ok(Status::Done)
}

/// A limit, and the namespace that has it where one was asked for: `None`, too, where it is the same in all.
#[derive(Debug, Clone)]
pub(super) struct Measured {
    pub limit: Limit,
    /// What would double it, where it was measured.
    pub raise: Option<String>,
    pub namespace: Option<Arc<Namespace>>,
}

/// All limits, as this process has them.
pub(super) fn measure(
    context: &mut Context,
    namespaces: &NamespaceArgs,
    pid: Option<i32>,
) -> anyhow::Result<Vec<Measured>> {
    measure_at(&namespaces.places(context)?, pid)
}

/// The same in these places.
pub(super) fn measure_at(places: &[Place], pid: Option<i32>) -> anyhow::Result<Vec<Measured>> {
    let cannot = |place: String| match pid {
        Some(pid) => format!("cannot ask for the limits of process {pid}{place}"),
        None => format!("cannot ask for our own limits{place}"),
    };
    let mut all = Vec::new();
    for place in places {
        let namespace = place.namespace.as_ref();
        let measure = || Ok(measured(limits::of_namespace(pid)?, namespace));
        all.extend(place.visit(measure).with_context(|| cannot(place.told()))?.into_iter().flatten());
    }
    all.extend(measured(limits::beyond_namespaces(pid).with_context(|| cannot(String::new()))?, None));
    Ok(all)
}

/// What would double them is asked where they are: a sysctl may have other numbers there, which have to stay.
fn measured(limits: Vec<Limit>, namespace: Option<&Arc<Namespace>>) -> Vec<Measured> {
    let there = |raise: String| match (namespace.map(Arc::as_ref), raise.split_once(' ')) {
        (Some(Namespace { pid, .. }), Some(("sysctl", _))) => format!("nsenter -t {pid} -i {raise}"),
        (Some(Namespace { pid, .. }), Some(("mount", _))) => format!("nsenter -t {pid} -m {raise}"),
        _ => raise,
    };
    let one = |limit: Limit| Measured { raise: limit.raise().map(there), limit, namespace: namespace.cloned() };
    limits.into_iter().map(one).collect()
}

/// A limit, and what the users are called.
#[derive(Debug)]
pub(super) struct LimitRow {
    pub(super) limit: Limit,
    raise: Option<String>,
    pub(super) namespace: Option<Arc<Namespace>>,
    names: Arc<Names>,
}

impl LimitRow {
    /// The rows of these limits; each user is looked up once.
    pub(super) fn all(limits: Vec<Measured>) -> Vec<Self> {
        let user = |one: &Measured| match one.limit.consumer() {
            Some(&Consumer::User(uid)) => Some(uid),
            _ => None,
        };
        let names = Arc::new(Names::of(Database::Users, limits.iter().filter_map(user)));
        let row = |Measured { limit, raise, namespace }| Self { limit, raise, namespace, names: Arc::clone(&names) };
        limits.into_iter().map(row).collect()
    }

    pub(super) fn namespace(&self) -> Cell<'_> {
        rows::namespace(self.namespace.as_deref())
    }

    pub(super) fn container(&self) -> Cell<'_> {
        rows::container(self.namespace.as_deref())
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
        Cell::or_none(self.raise.as_deref(), Cell::text)
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
    column("namespace", rows::NAMESPACE, Right, LimitRow::namespace).hidden(),
    column("container", rows::CONTAINER, Left, LimitRow::container).hidden(),
];

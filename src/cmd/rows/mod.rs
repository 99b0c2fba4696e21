//! The rows that tools list: per kind of object a record and its columns.
//!
//! A column is one line in a static table; header, JSON and `-o` follow from it.

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::sync::{Arc, OnceLock};

use anyhow::Context as _;

use crate::app::Context;
use crate::args::{ListArgs, ReportArgs};
use crate::exit::{UsageError, words};
use crate::ipc::namespace::Namespace;
use crate::ipc::users::{Database, Names};
use crate::ipc::{PosixObject, SystemVObject, Timestamp};
use crate::output::{Cell, Column, choose};
use crate::proc::process;

pub(super) mod held;
pub(super) mod holder;
pub(super) mod lock;
pub(super) mod mapping;
pub(super) mod orphan;
pub(super) mod pipe;
pub(super) mod queue;
pub(super) mod segment;
pub(super) mod semaphore;
pub(super) mod socket;
pub(super) mod unnamed;
pub(super) mod user;
mod writing;

pub(super) use writing::{
    JsonArray, records, write_help, write_list, write_object_and_users, write_records, write_report, write_shown,
};

/// An object of either family, and the names of its owners.
#[derive(Debug)]
pub(super) struct Row<S, P> {
    object: Object<S, P>,
    owners: Arc<Owners>,
}

/// System V and POSIX objects of one kind stand side by side.
#[derive(Debug)]
pub(super) enum Object<S, P> {
    SystemV(S),
    Posix(P),
}

use Object::{Posix, SystemV};

/// The names of everybody who owns a row; shared by the rows, and looked up when all of them are there.
#[derive(Debug, Default)]
struct Owners(OnceLock<(Names, Names)>);

impl Owners {
    fn look_up(&self, users: impl IntoIterator<Item = u32>, groups: impl IntoIterator<Item = u32>) {
        self.0.get_or_init(|| (Names::of(Database::Users, users), Names::of(Database::Groups, groups)));
    }

    fn user(&self, number: u32) -> Cell<'_> {
        Cell::or_none(self.0.get(), |(users, _)| named(users, number))
    }

    fn group(&self, number: u32) -> Cell<'_> {
        Cell::or_none(self.0.get(), |(_, groups)| named(groups, number))
    }
}

impl<S: SystemVObject, P: PosixObject> Row<S, P> {
    /// The rows of these objects; each owner is looked up once.
    pub(super) fn all(objects: impl IntoIterator<Item = Object<S, P>>) -> Vec<Self> {
        let owners = Arc::<Owners>::default();
        let (mut users, mut groups) = (BTreeSet::new(), BTreeSet::new());
        let row = |object: Object<S, P>| {
            let (user, group) = object.owner();
            users.insert(user);
            groups.insert(group);
            Self { object, owners: Arc::clone(&owners) }
        };
        let rows = objects.into_iter().map(row).collect();
        owners.look_up(users, groups);
        rows
    }

    /// The row of this one object.
    pub(super) fn one(object: Object<S, P>) -> Self {
        let (uid, gid) = object.owner();
        let owners = Arc::<Owners>::default();
        owners.look_up([uid], [gid]);
        Self { object, owners }
    }

    /// A value that only System V objects have.
    fn system_v<'a>(&'a self, cell: impl FnOnce(&'a S) -> Cell<'a>) -> Cell<'a> {
        if let SystemV(object) = &self.object { cell(object) } else { Cell::None }
    }

    /// A value that only POSIX objects have.
    fn posix<'a>(&'a self, cell: impl FnOnce(&'a P) -> Cell<'a>) -> Cell<'a> {
        if let Posix(object) = &self.object { cell(object) } else { Cell::None }
    }

    fn name(&self) -> Cell<'_> {
        match &self.object {
            SystemV(object) => Cell::Label(object.id().get().cast_unsigned().into()),
            Posix(object) => Cell::Foreign(object.file().name.as_bytes().into()),
        }
    }

    fn mode(&self) -> Cell<'_> {
        let mode = match &self.object {
            SystemV(object) => object.permissions().mode,
            Posix(object) => object.file().mode,
        };
        Cell::Octal(mode.bits().into())
    }

    /// Puts the name as it stands, without its kind, behind what `text` holds.
    pub(super) fn push_name(&self, text: &mut Vec<u8>) {
        match &self.object {
            SystemV(object) => text.extend_from_slice(itoa::Buffer::new().format(object.id().get()).as_bytes()),
            Posix(object) => text.extend_from_slice(object.file().name.as_bytes()),
        }
    }

    /// When something happened to it last.
    pub(super) fn last_used(&self) -> Timestamp {
        match &self.object {
            SystemV(object) => object.last_used(),
            Posix(object) => Some(object.file().modified),
        }
    }

    fn changed(&self) -> Cell<'_> {
        match &self.object {
            SystemV(object) => Cell::or_none(object.changed(), Cell::Time),
            Posix(object) => Cell::Time(object.file().modified),
        }
    }
}

impl<S: SystemVObject, P: PosixObject> Object<S, P> {
    fn owner(&self) -> (u32, u32) {
        match self {
            SystemV(object) => (object.permissions().uid, object.permissions().gid),
            Posix(object) => (object.file().uid, object.file().gid),
        }
    }
}

/// Why the POSIX objects of a kind are not among its rows, where they are not.
type Hidden = Option<io::Error>;

/// What could be listed, or nothing and the reason where it is that we may not or this kernel cannot.
fn or_hidden<T>(listed: io::Result<Vec<T>>, what: &str) -> anyhow::Result<(Vec<T>, Hidden)> {
    match listed {
        Ok(all) => Ok((all, None)),
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            Ok((Vec::new(), Some(error)))
        }
        Err(error) => Err(error).with_context(|| format!("cannot list POSIX {what}")),
    }
}

/// Says once why the POSIX objects of this kind are not among the rows.
pub(super) fn tell_hidden(context: &mut Context, what: &str, hidden: Hidden) {
    if let Some(error) = hidden {
        context.note(&format!("POSIX {what} are not listed: {}", words(&error)));
    }
}

/// A user or group: the name, or the number of one that nobody knows.
pub(super) fn named(names: &Names, number: u32) -> Cell<'_> {
    names.get(number).map_or_else(|| Cell::shown(number), |name| Cell::Foreign(name.as_bytes().into()))
}

/// 0 stands for "nobody yet", and for a process outside our pid namespace.
fn pid(pid: i32) -> Cell<'static> {
    if pid == 0 { Cell::None } else { Cell::Signed(pid.into()) }
}

/// All columns of one record; behind each of `processes` (columns that hold a pid) what that process is
/// called, under the second name.
pub(super) fn details<'a, R>(
    columns: &'static [Column<R>],
    row: &'a R,
    processes: &[(&str, &'static str)],
) -> Vec<(&'static str, Cell<'a>)> {
    let mut fields = Vec::new();
    for column in columns {
        let cell = (column.get)(row);
        let pid = if let Cell::Signed(pid) = cell { i32::try_from(pid).ok() } else { None };
        fields.push((column.name, cell));
        let called = processes.iter().find(|(name, _)| *name == column.name).map(|(_, called)| called);
        if let (Some(pid), Some(called)) = (pid, called) {
            fields.push((called, command(pid)));
        }
    }
    fields
}

/// What a process is called, while it runs.
fn command(pid: i32) -> Cell<'static> {
    process::command(pid).map_or(Cell::Gone, |name| Cell::Foreign(name.into_bytes().into()))
}

/// The columns of every kind of object, before and behind those of its own.
macro_rules! columns {
    ($row:ty, $($own:expr),+ $(,)?) => {
        &[
            column("name", "identifier or POSIX name", Left, |row: &$row| row.name()),
            column("key", "System V key", Left, |row: &$row| {
                row.system_v(|object| Cell::or_none(object.permissions.key, |key| Cell::Hex(key.get().cast_unsigned())))
            }),
            column("owner", "user who owns it", Left, |row: &$row| row.owners.user(row.object.owner().0)),
            column("mode", "permission bits", Left, Row::mode),
            $($own,)+
            column("kind", "what it is", Left, |row: &$row| Cell::text(<$row>::kind(row))).hidden(),
            column("group", "group that owns it", Left, |row: &$row| row.owners.group(row.object.owner().1)).hidden(),
            column("uid", "number of the owner", Right, |row: &$row| Cell::Number(row.object.owner().0.into())).hidden(),
            column("gid", "number of the group", Right, |row: &$row| Cell::Number(row.object.owner().1.into())).hidden(),
            column("cuid", "number of the user who made it (System V)", Right, |row: &$row| {
                row.system_v(|object| Cell::Number(object.permissions.creator_uid.into()))
            })
            .hidden(),
            column("cgid", "number of the group that made it (System V)", Right, |row: &$row| {
                row.system_v(|object| Cell::Number(object.permissions.creator_gid.into()))
            })
            .hidden(),
            column("changed", "time of creation or of the last change", Left, Row::changed).hidden(),
        ]
    };
}
use columns;

/// The columns that the options choose: JSON has all of them unless told otherwise.
pub(super) fn chosen<R>(all: &'static [Column<R>], args: &ListArgs) -> anyhow::Result<Vec<&'static Column<R>>> {
    let list = args.columns.as_deref().or(args.json.then_some("all"));
    choose(all, list).map_err(|error| UsageError(error.to_string()).into())
}

/// The same; people get those of the namespace, too, where one was named.
pub(super) fn chosen_in<R>(
    all: &'static [Column<R>],
    args: &ListArgs,
    namespaces: bool,
) -> anyhow::Result<Vec<&'static Column<R>>> {
    let columns = args.columns.clone().or((namespaces && !args.json).then(|| "+namespace,container".into()));
    chosen(all, &ListArgs { columns, ..args.clone() })
}

/// The same for a report: programs get all columns.
pub(super) fn chosen_with<R>(
    all: &'static [Column<R>],
    args: &ReportArgs,
    namespaces: bool,
) -> anyhow::Result<Vec<&'static Column<R>>> {
    chosen_in(all, &ListArgs { json: args.form_has_all(), ..args.list.clone() }, namespaces)
}

/// Help for the two columns that tell of a namespace.
pub(super) const NAMESPACE: &str = "IPC namespace, where --namespace asks for it";
/// See [`NAMESPACE`].
pub(super) const CONTAINER: &str = "what the namespace's control group is called";

/// The number of a namespace, where one was asked for.
pub(super) fn namespace(namespace: Option<&Namespace>) -> Cell<'_> {
    Cell::or_none(namespace, |namespace| Cell::Number(namespace.number))
}

/// What its container is called.
pub(super) fn container(namespace: Option<&Namespace>) -> Cell<'_> {
    let container = namespace.and_then(|namespace| namespace.container.as_deref());
    Cell::or_none(container, |name| Cell::Foreign(name.as_bytes().into()))
}

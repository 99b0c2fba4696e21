//! Semaphores as rows: sets and named semaphores, and the semaphores of one set.

use super::{Hidden, Posix, Row, SystemV, columns, or_hidden, pid};
use crate::ipc::Timestamp;
use crate::ipc::sem::posix::{self, NamedSemaphore};
use crate::ipc::sem::sysv::{self, SemaphoreStatus, SetStatus};
use crate::ipc::sem::users::How;
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};
use crate::proc::process;

/// A System V set or a POSIX named semaphore.
pub(crate) type SemaphoreRow = Row<SetStatus, NamedSemaphore>;

/// The rows of all System V sets and, as far as they can be listed, the POSIX semaphores; with what these
/// columns ask of each set: values cost a call for every set, and who waits three for every semaphore.
pub(crate) fn rows(columns: &[&Column<SemaphoreRow>]) -> anyhow::Result<(Vec<SemaphoreRow>, Hidden)> {
    let mut sets = sysv::list()?;
    if columns.iter().any(|column| column.name == "value") {
        sysv::add_values(&mut sets);
    }
    if columns.iter().any(|column| column.name == "waiting") {
        sysv::add_waiting(&mut sets);
    }
    let (posix, hidden) = or_hidden(posix::list(), "semaphores")?;
    Ok((Row::all(sets.into_iter().map(SystemV).chain(posix.into_iter().map(Posix))), hidden))
}

impl SemaphoreRow {
    /// Semaphores in it.
    pub(crate) fn count(&self) -> u64 {
        match &self.object {
            SystemV(set) => set.count,
            Posix(_) => 1,
        }
    }

    /// Its value, where we may know (POSIX).
    pub(crate) fn value(&self) -> Option<u32> {
        if let Posix(semaphore) = &self.object { semaphore.value } else { None }
    }

    /// Whether its value has been asked for.
    pub(crate) fn has_value(&self) -> bool {
        if let SystemV(set) = &self.object { set.values.is_some() } else { true }
    }

    /// Whether it is a System V set.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.object, SystemV(_))
    }

    fn kind(row: &Self) -> &'static str {
        match row.object {
            SystemV(_) => "set",
            Posix(_) => "semaphore",
        }
    }
}

/// The columns of the inventory.
pub(crate) static COLUMNS: &[Column<SemaphoreRow>] = columns![
    SemaphoreRow,
    column("count", "semaphores in it", Right, |row: &SemaphoreRow| Cell::Number(row.count())),
    column("value", "its value (POSIX)", Right, |row: &SemaphoreRow| row.posix(|_| value(row))),
    column("operated", "time of the last semop (System V)", Left, operated).hidden(),
];

/// The columns of rows that [`rows`] has filled.
pub(crate) static FULL_COLUMNS: &[Column<SemaphoreRow>] = columns![
    SemaphoreRow,
    column("count", "semaphores in it", Right, |row: &SemaphoreRow| Cell::Number(row.count())),
    column("value", "its value, or the values of a set", Right, value),
    column("waiting", "processes that sleep on it", Right, waiting),
    column("operated", "time of the last semop (System V)", Left, operated).hidden(),
];

fn operated(row: &SemaphoreRow) -> Cell<'_> {
    row.system_v(|set| Cell::or_none(set.operated, Cell::Time))
}

fn value(row: &SemaphoreRow) -> Cell<'_> {
    match &row.object {
        SystemV(set) => Cell::or_unknown(set.values.as_ref(), |values| {
            Cell::Numbers(values.iter().map(|&value| value.into()).collect())
        }),
        Posix(semaphore) => Cell::or_unknown(semaphore.value, |value| Cell::Number(value.into())),
    }
}

fn waiting(row: &SemaphoreRow) -> Cell<'_> {
    match &row.object {
        SystemV(set) => Cell::or_unknown(set.waiting, Cell::Number),
        Posix(semaphore) => Cell::or_unknown(semaphore.waiting, |waiting| Cell::Number(waiting.into())),
    }
}

/// One semaphore of a set, and what its last operator is called while it runs.
#[derive(Debug)]
pub(crate) struct MemberRow {
    pub(crate) status: SemaphoreStatus,
    pub(crate) command: Option<String>,
}

impl MemberRow {
    /// The row of a semaphore of a set that was used or changed last at this time. A process that started
    /// after it should have operated has only got the same number.
    pub(crate) fn of(status: SemaphoreStatus, last: Timestamp) -> Self {
        let pid = status.last_pid;
        let is_too_young = process::started(pid).zip(last).is_some_and(|(started, operated)| started > operated + 1);
        Self { command: if pid == 0 || is_too_young { None } else { process::command(pid) }, status }
    }
}

/// Every column of a semaphore in a set.
pub(crate) static MEMBER_COLUMNS: &[Column<MemberRow>] = &[
    column("index", "its index in the set", Right, |row: &MemberRow| Cell::Number(row.status.index.into())),
    column("value", "its value", Right, |row| Cell::Number(row.status.value.into())),
    column("increase", "processes that wait for it to increase", Right, |row| Cell::Number(row.status.increase.into())),
    column("zero", "processes that wait for it to become 0", Right, |row| Cell::Number(row.status.zero.into())),
    column("last", "process that operated on it last", Right, |row| pid(row.status.last_pid)),
    column("command", "what that is called, while it runs", Left, |row| match &row.command {
        _ if row.status.last_pid == 0 => Cell::None,
        None => Cell::Gone,
        Some(command) => Cell::Foreign(command.as_bytes().into()),
    }),
    column("textbook", "free units M and waiting processes N", Left, |row| {
        Cell::Text(textbook(row.status.value.into(), row.status.increase).into())
    }),
];

/// Free units and waiting processes, as textbooks call them.
pub(crate) fn textbook(value: u32, waiting: u32) -> String {
    format!("M={value}, N={waiting}")
}

/// What a process does at a semaphore, in words.
pub(crate) fn how(how: &How) -> String {
    match how {
        How::Mapped => "has it mapped".into(),
        How::Sleeping => "waiting".into(),
        How::Waiting(None) => "waiting, for what may not be seen".into(),
        How::Waiting(Some(operations)) => {
            let words: Vec<String> = operations.iter().map(ToString::to_string).collect();
            format!("waiting for {}", words.join(" "))
        }
    }
}

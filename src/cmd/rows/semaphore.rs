//! Semaphores as rows.

use super::{Hidden, Posix, Row, SystemV, columns, named, or_hidden};
use crate::ipc::sem::{self, NamedSemaphore, SetStatus};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A System V set or a POSIX named semaphore.
pub(crate) type SemaphoreRow = Row<SetStatus, NamedSemaphore>;

/// The rows of all System V sets and, as far as they can be listed, the POSIX semaphores.
pub(crate) fn rows() -> anyhow::Result<(Vec<SemaphoreRow>, Hidden)> {
    let (posix, hidden) = or_hidden(sem::named(), "semaphores")?;
    let system_v = sem::sets()?.into_iter().map(SystemV);
    Ok((Row::all(system_v.chain(posix.into_iter().map(Posix))), hidden))
}

impl SemaphoreRow {
    /// Semaphores in it.
    pub(crate) fn count(&self) -> u64 {
        match &self.object {
            SystemV(set) => set.count,
            Posix(_) => 1,
        }
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

/// Every column of a semaphore.
pub(crate) static COLUMNS: &[Column<SemaphoreRow>] = columns![
    SemaphoreRow,
    column("count", "semaphores in it", Right, |row: &SemaphoreRow| Cell::Number(row.count())),
    column("value", "its value (POSIX)", Right, |row: &SemaphoreRow| {
        row.posix(|semaphore| Cell::or_unknown(semaphore.value, |value| Cell::Number(value.into())))
    }),
    column("operated", "time of the last semop (System V)", Left, |row: &SemaphoreRow| {
        row.system_v(|set| Cell::or_none(set.operated, Cell::Time))
    })
    .hidden(),
];

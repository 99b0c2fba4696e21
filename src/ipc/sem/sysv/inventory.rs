//! What is known of the sets that there are, and the limits they live under: semctl(2).

use std::io;

use super::Set;
use crate::ipc::object::{self, SlotTable, timestamp};
use crate::ipc::{Id, Permissions, Timestamp};
use crate::proc::sysvipc::{Row, Table};
use crate::sys::sem::{self, semid_ds};

/// Limits of this IPC namespace: sysctl `kernel.sem`.
#[doc(alias = "seminfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Semaphores in a set: SEMMSL.
    pub max_semaphores: usize,
    /// Semaphores in all sets: SEMMNS.
    pub max_all_semaphores: usize,
    /// Operations in one step: SEMOPM.
    pub max_operations: usize,
    /// Sets: SEMMNI.
    pub max_sets: usize,
    /// The highest value of a semaphore, which the kernel is built with: SEMVMX.
    pub max_value: usize,
}

/// The limits of this IPC namespace.
#[doc(alias = "IPC_INFO")]
pub fn limits() -> io::Result<Limits> {
    let limits = sem::limits()?;
    Ok(Limits {
        max_semaphores: limits.semmsl,
        max_all_semaphores: limits.semmns,
        max_operations: limits.semopm,
        max_sets: limits.semmni,
        max_value: limits.semvmx,
    })
}

pub use crate::sys::sem::Usage;

/// What there is in this IPC namespace, all owners together.
#[doc(alias = "SEM_INFO")]
pub fn usage() -> io::Result<Usage> {
    sem::usage()
}

/// A set, as `IPC_STAT`, `SEM_STAT_ANY` or `/proc/sysvipc/sem` shows it.
#[doc(alias = "semid_ds")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetStatus {
    /// Identifier.
    pub id: Id,
    /// Owner, creator, mode, key.
    pub permissions: Permissions,
    /// Semaphores in the set.
    pub count: u64,
    /// Last semop(2); `None` also for a set that is not initialised yet.
    pub operated: Timestamp,
    /// Creation or last change by semctl(2).
    pub changed: Timestamp,
    /// The values; `None` unless [`add_values`] has asked, and may.
    pub values: Option<Vec<u16>>,
    /// How many processes sleep on it, whatever for; `None` unless [`add_waiting`] has asked, and may.
    pub waiting: Option<u64>,
}

object::system_v_object!(SetStatus: operated);

/// One semaphore of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SemaphoreStatus {
    /// Its index in the set.
    pub index: u16,
    /// Its value: units that can be taken.
    pub value: u16,
    /// How many processes wait for it to increase (`GETNCNT`).
    pub increase: u32,
    /// How many processes wait for it to become 0 (`GETZCNT`).
    pub zero: u32,
    /// The process that operated on it or set it last, 0 for none (`GETPID`). Undoing counts, too.
    pub last_pid: i32,
}

/// Every set of this IPC namespace, whoever owns it, in slot order.
pub fn list() -> io::Result<Vec<SetStatus>> {
    SLOTS.all()
}

/// The kernel's table of sets.
pub(in crate::ipc) static SLOTS: SlotTable<semid_ds, SetStatus> =
    SlotTable { highest: sem::highest_index, stat_any: sem::stat_any, status: of_stat, listed: Table::sets, of_row };

/// Asks for the values of these sets; those that we may not read keep none.
pub fn add_values<'a>(sets: impl IntoIterator<Item = &'a mut SetStatus>) {
    for set in sets {
        set.values = sem::values(set.id.get()).ok();
    }
}

/// Asks how many processes sleep on these sets; those that we may not read keep no number.
pub fn add_waiting<'a>(sets: impl IntoIterator<Item = &'a mut SetStatus>) {
    for set in sets {
        set.waiting = Set::at(set.id).waiting().ok();
    }
}

pub(super) fn semaphore(id: Id, index: u16) -> io::Result<SemaphoreStatus> {
    let id = id.get();
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    Ok(SemaphoreStatus {
        index,
        value: sem::value(id, index)?,
        increase: count(sem::waiting_for_increase(id, index)?),
        zero: count(sem::waiting_for_zero(id, index)?),
        last_pid: sem::last_pid(id, index)?,
    })
}

pub(super) fn of_stat(id: Id, stat: &semid_ds) -> SetStatus {
    SetStatus {
        id,
        permissions: object::permissions(&stat.sem_perm),
        count: stat.sem_nsems,
        operated: timestamp(stat.sem_otime),
        changed: timestamp(stat.sem_ctime),
        values: None,
        waiting: None,
    }
}

fn of_row(row: &Row<'_>) -> Option<SetStatus> {
    let (permissions, _) = object::permissions_of_row(row)?;
    Some(SetStatus {
        id: Id::new(row.number("semid")?)?,
        permissions,
        count: row.number("nsems")?,
        operated: timestamp(row.number("otime")?),
        changed: timestamp(row.number("ctime")?),
        values: None,
        waiting: None,
    })
}

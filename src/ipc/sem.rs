//! Semaphores: System V sets (semget(2)) and POSIX named semaphores (sem_overview(7)).

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::object::{self, timestamp, walk};
use super::posix_files::{self, PosixFile, SHARED_MEMORY};
use super::{Id, Permissions, PosixName, PosixObject, Timestamp};
use crate::proc::sysvipc::{Row, Table};
use crate::sys::sem::{self, semid_ds};

/// A System V semaphore set, as `SEM_STAT_ANY` or `/proc/sysvipc/sem` shows it.
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
}

/// A POSIX named semaphore, as its file in `/dev/shm` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSemaphore {
    /// Name, owner and mode.
    pub file: PosixFile,
    /// Its value; `None` where we may not read it, or where it is not glibc's 32 bytes.
    pub value: Option<u32>,
}

object::system_v_object!(SetStatus);

impl PosixObject for NamedSemaphore {
    fn file(&self) -> &PosixFile {
        &self.file
    }
}

/// Size of glibc's `sem_t` on 64-bit machines; the value is its first 32 bits (nptl/sem_init.c).
const SEM_T: u64 = 32;

/// Every System V set of this IPC namespace, whoever owns it, in slot order.
pub fn sets() -> io::Result<Vec<SetStatus>> {
    let highest = sem::highest_index()?;
    let found = walk(highest, sem::stat_any, of_stat)?;
    if object::no_such_slot_table(highest, &found) {
        return Ok(Table::sets()?.rows().filter_map(|row| of_row(&row)).collect());
    }
    Ok(found)
}

/// Every POSIX named semaphore.
pub fn named() -> io::Result<Vec<NamedSemaphore>> {
    let name_of = |entry: &[u8]| entry.strip_prefix(b"sem.").and_then(PosixName::of_entry);
    let files = posix_files::list(SHARED_MEMORY, name_of)?;
    Ok(files.into_iter().map(|file| NamedSemaphore { value: value_of(&file).ok(), file }).collect())
}

/// Read, not mapped: any user may leave an empty file there, and mapping that ends in SIGBUS.
fn value_of(file: &PosixFile) -> io::Result<u32> {
    if file.size != SEM_T {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    }
    let mut entry = b"sem.".to_vec();
    entry.extend_from_slice(&file.name.as_bytes()[1..]);
    let mut value = [0; 4];
    posix_files::look(&Path::new(SHARED_MEMORY).join(OsStr::from_bytes(&entry)))?.read_exact(&mut value)?;
    Ok(u32::from_ne_bytes(value))
}

fn of_stat(id: Id, stat: &semid_ds) -> SetStatus {
    SetStatus {
        id,
        permissions: object::permissions(&stat.sem_perm),
        count: stat.sem_nsems,
        operated: timestamp(stat.sem_otime),
        changed: timestamp(stat.sem_ctime),
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
    })
}

//! Shared memory: System V segments (shmget(2)) and POSIX objects (shm_overview(7)).

use std::collections::HashMap;
use std::io;

use super::object::{self, timestamp, walk};
use super::posix_files::{self, PosixFile, SHARED_MEMORY};
use super::{Id, Permissions, PosixName, Timestamp};
use crate::proc::sysvipc::{Row, Table};
use crate::sys::shm::{self, shmid_ds};

/// A System V segment, as `SHM_STAT_ANY` or `/proc/sysvipc/shm` shows it.
#[doc(alias = "shmid_ds")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStatus {
    /// Identifier.
    pub id: Id,
    /// Owner, creator, mode, key. The key is gone once the segment is marked for removal.
    pub permissions: Permissions,
    /// Size in bytes.
    pub size: u64,
    /// How many times it is attached.
    pub attaches: u64,
    /// Process that made it.
    pub creator_pid: i32,
    /// Process that attached or detached it last, 0 for none.
    pub last_pid: i32,
    /// Last attach.
    pub attached: Timestamp,
    /// Last detach.
    pub detached: Timestamp,
    /// Creation or last `IPC_SET`.
    pub changed: Timestamp,
    /// Marked for removal: gone with the last detach (`SHM_DEST`).
    pub removal_pending: bool,
    /// Its pages are kept out of swap (`SHM_LOCKED`).
    pub locked: bool,
    /// What of it is in memory and in swap; `None` unless [`add_residence`] has asked.
    pub residence: Option<Residence>,
}

object::system_v_object!(SegmentStatus);

/// Bytes of a segment in memory and in swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Residence {
    /// In memory.
    pub resident: u64,
    /// In swap.
    pub swapped: u64,
}

/// Every System V segment of this IPC namespace, whoever owns it, in slot order.
pub fn segments() -> io::Result<Vec<SegmentStatus>> {
    let highest = shm::highest_index()?;
    let found = walk(highest, shm::stat_any, of_stat)?;
    if object::no_such_slot_table(highest, &found) {
        return Ok(Table::segments()?.rows().filter_map(|row| of_row(&row)).collect());
    }
    Ok(found)
}

/// Asks what of these segments lies in memory and in swap (`/proc/sysvipc/shm`); the kernel walks
/// over all their pages for it.
pub fn add_residence(segments: &mut [SegmentStatus]) -> io::Result<()> {
    let table = Table::segments()?;
    let of_row = |row: Row<'_>| {
        let residence = Residence { resident: row.number("rss")?, swapped: row.number("swap")? };
        Some((Id::new(row.number("shmid")?)?, residence))
    };
    let residences: HashMap<Id, Residence> = table.rows().filter_map(of_row).collect();
    for segment in segments {
        segment.residence = residences.get(&segment.id).copied();
    }
    Ok(())
}

/// Every POSIX shared memory object, as its file in `/dev/shm` shows it.
pub fn posix_objects() -> io::Result<Vec<PosixFile>> {
    let name_of = |entry: &[u8]| (!entry.starts_with(b"sem.")).then(|| PosixName::of_entry(entry)).flatten();
    posix_files::list(SHARED_MEMORY, name_of)
}

fn of_stat(id: Id, stat: &shmid_ds) -> SegmentStatus {
    let mode = u32::from(stat.shm_perm.mode);
    SegmentStatus {
        id,
        permissions: object::permissions(&stat.shm_perm),
        size: stat.shm_segsz as u64,
        attaches: stat.shm_nattch,
        creator_pid: stat.shm_cpid,
        last_pid: stat.shm_lpid,
        attached: timestamp(stat.shm_atime),
        detached: timestamp(stat.shm_dtime),
        changed: timestamp(stat.shm_ctime),
        removal_pending: mode & shm::SHM_DEST != 0,
        locked: mode & shm::SHM_LOCKED != 0,
        residence: None,
    }
}

fn of_row(row: &Row<'_>) -> Option<SegmentStatus> {
    let (permissions, mode) = object::permissions_of_row(row)?;
    Some(SegmentStatus {
        id: Id::new(row.number("shmid")?)?,
        permissions,
        size: row.number("size")?,
        attaches: row.number("nattch")?,
        creator_pid: row.number("cpid")?,
        last_pid: row.number("lpid")?,
        attached: timestamp(row.number("atime")?),
        detached: timestamp(row.number("dtime")?),
        changed: timestamp(row.number("ctime")?),
        removal_pending: mode & shm::SHM_DEST != 0,
        locked: mode & shm::SHM_LOCKED != 0,
        residence: None,
    })
}

//! What is known of the shared memory that there is: shmctl(2), `/dev/shm`, `/proc`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::ipc::object::{self, SlotTable, timestamp};
use crate::ipc::posix_files::{self, PosixFile, SHARED_MEMORY};
use crate::ipc::{Id, Mode, Permissions, PosixName, Timestamp};
use crate::proc::maps::{self, Mapping};
use crate::proc::process;
use crate::proc::sysvipc::{Row, Table};
use crate::sys::perm;
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

object::system_v_object!(SegmentStatus: attached, detached);

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
    SLOTS.all()
}

/// The kernel's table of segments.
pub(in crate::ipc) static SLOTS: SlotTable<shmid_ds, SegmentStatus> = SlotTable {
    highest: shm::highest_index,
    stat_any: shm::stat_any,
    status: of_stat,
    listed: Table::segments,
    of_row,
};

/// Asks what of these segments lies in memory and in swap (`/proc/sysvipc/shm`); the kernel walks
/// over all their pages for it.
pub fn add_residence<'a>(segments: impl IntoIterator<Item = &'a mut SegmentStatus>) -> io::Result<()> {
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

pub(super) fn of_stat(id: Id, stat: &shmid_ds) -> SegmentStatus {
    let mode = perm::mode(&stat.shm_perm);
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

/// Shared memory that no directory has (any more), kept by processes: a POSIX object after shm_unlink(3),
/// or a memfd, memfd_create(2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnamed {
    /// A file of `/proc` that opens it, as long as its process lives.
    pub path: PathBuf,
    /// What it was called: `/name` or `memfd:name`.
    pub was: Vec<u8>,
    /// The first process found that has it.
    pub pid: i32,
    /// Owner; `None`, as what follows, where only the mapping may be seen.
    pub uid: Option<u32>,
    /// Permission bits.
    pub mode: Option<Mode>,
    /// Size in bytes.
    pub size: Option<u64>,
}

/// The objects without a name that processes have open or mapped; how many processes could not be
/// looked at.
pub fn unnamed_objects() -> io::Result<(Vec<Unnamed>, usize)> {
    let mut found = BTreeMap::new();
    let mut hidden = 0;
    for pid in process::all()?.pids {
        let Ok(mappings) = maps::mappings(pid) else {
            hidden += usize::from(process::command(pid).is_some());
            continue;
        };
        // Descriptors first: who may look can open them, a mapping takes a privilege.
        for number in process::descriptors(pid) {
            if let Some((inode, object)) = open_one(pid, format!("/proc/{pid}/fd/{number}").into()) {
                found.entry(inode).or_insert(object);
            }
        }
        for mapping in mappings.iter().filter(|mapping| mapping.shared) {
            if found.contains_key(&mapping.inode) {
                continue;
            }
            found.extend(mapped_one(pid, mapping).map(|object| (mapping.inode, object)));
        }
    }
    // The creator of an object may have mapped it under another name: "(deleted)" alone says little.
    let named: HashSet<(u64, u64)> = posix_objects()?.into_iter().map(|object| object.inode).collect();
    let nameless = found.into_iter().filter(|(inode, _)| !named.contains(inode));
    Ok((nameless.map(|(_, object)| object).collect(), hidden))
}

/// What a descriptor is open on, if that is an object without a name.
fn open_one(pid: i32, path: PathBuf) -> Option<((u64, u64), Unnamed)> {
    let was = former_name(fs::read_link(&path).ok()?.as_os_str().as_bytes())?;
    let file = fs::metadata(&path).ok().filter(Metadata::is_file)?;
    Some(((file.dev(), file.ino()), Unnamed::of(pid, path, was, Some(&file))))
}

/// What is mapped, if that is an object without a name.
fn mapped_one(pid: i32, mapping: &Mapping) -> Option<Unnamed> {
    let was = former_name(&mapping.path)?;
    let path = PathBuf::from(format!("/proc/{pid}/map_files/{:x}-{:x}", mapping.start, mapping.end));
    let file = fs::metadata(&path).ok();
    Some(Unnamed::of(pid, path, was, file.as_ref()))
}

impl Unnamed {
    fn of(pid: i32, path: PathBuf, was: Vec<u8>, file: Option<&Metadata>) -> Self {
        let (uid, mode) = (file.map(Metadata::uid), file.map(|file| Mode::of(file.mode())));
        Self { path, was, pid, uid, mode, size: file.map(Metadata::len) }
    }
}

/// The name that an object without one had, from the path that `/proc` shows; `None` for what is no such
/// object, or a semaphore.
fn former_name(path: &[u8]) -> Option<Vec<u8>> {
    let path = path.strip_suffix(b" (deleted)")?;
    if let Some(name) = path.strip_prefix(b"/memfd:") {
        return Some([b"memfd:", name].concat());
    }
    let name = Path::new(std::ffi::OsStr::from_bytes(path)).strip_prefix(SHARED_MEMORY).ok()?.as_os_str().as_bytes();
    (!name.starts_with(b"sem.")).then(|| [b"/", name].concat())
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

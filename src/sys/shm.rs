//! System V shared memory: shmget(2), shmctl(2). Attaching it is in [`memory`](super::memory).

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use super::check;

pub(crate) use libc::{IPC_CREAT, IPC_EXCL, IPC_PRIVATE, SHM_HUGETLB, SHM_NORESERVE, shmid_ds};

/// `SHM_STAT_ANY` of `<linux/shm.h>`: `SHM_STAT` without the read permission check (Linux 4.17).
const SHM_STAT_ANY: libc::c_int = 15;
/// `SHM_INFO` of `<linux/shm.h>`.
const SHM_INFO: libc::c_int = 14;
/// `SHM_DEST` of `<linux/shm.h>`: marked for removal, gone with the last detach.
pub(crate) const SHM_DEST: u32 = 0o1000;
/// `SHM_LOCKED` of `<linux/shm.h>`: its pages are not swapped out.
pub(crate) const SHM_LOCKED: u32 = 0o2000;

/// `struct shm_info` of `<linux/shm.h>`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct ShmInfo {
    used_ids: libc::c_int,
    shm_tot: libc::c_ulong,
    shm_rss: libc::c_ulong,
    shm_swp: libc::c_ulong,
    swap_attempts: libc::c_ulong,
    swap_successes: libc::c_ulong,
}

/// The size of a segment's huge pages, for [`get`]: its binary logarithm from this bit on (`MAP_HUGE_SHIFT`).
pub(crate) const HUGE_SHIFT: u32 = libc::MAP_HUGE_SHIFT.cast_unsigned();

/// `struct shminfo` of `<linux/shm.h>`, as `IPC_INFO` fills it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct ShmLimits {
    shmmax: libc::c_ulong,
    shmmin: libc::c_ulong,
    shmmni: libc::c_ulong,
    shmseg: libc::c_ulong,
    /// In pages.
    shmall: libc::c_ulong,
    unused: [libc::c_ulong; 4],
}

/// The limits of this IPC namespace (`IPC_INFO`), and what is used of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of one segment (`kernel.shmmax`).
    pub shmmax: u64,
    /// Segments (`kernel.shmmni`).
    pub shmmni: u64,
    /// Pages of all segments (`kernel.shmall`).
    pub shmall: u64,
    /// Pages that all segments have.
    pub used: u64,
}

/// Gets the segment of `key`, or makes one (`IPC_PRIVATE` makes a new one).
pub(crate) fn get(key: i32, size: usize, flags: libc::c_int) -> io::Result<i32> {
    // SAFETY: no pointers.
    check(unsafe { libc::shmget(key, size, flags) })
}

/// `IPC_STAT`.
pub(crate) fn stat(id: i32) -> io::Result<shmid_ds> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: IPC_STAT writes one shmid_ds.
    check(unsafe { libc::shmctl(id, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: zeroed is a valid shmid_ds (integers only), and the call filled it.
    Ok(unsafe { stat.assume_init() })
}

/// `IPC_SET`: owner and mode of `stat`.
pub(crate) fn set(id: i32, stat: &mut shmid_ds) -> io::Result<()> {
    // SAFETY: IPC_SET reads one shmid_ds.
    check(unsafe { libc::shmctl(id, libc::IPC_SET, stat) }).map(drop)
}

/// `IPC_RMID`: gone with the last detach.
pub(crate) fn remove(id: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID reads no buffer.
    check(unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// `SHM_LOCK` and `SHM_UNLOCK`.
pub(crate) fn lock(id: i32, locked: bool) -> io::Result<()> {
    let command = if locked { libc::SHM_LOCK } else { libc::SHM_UNLOCK };
    // SAFETY: neither reads a buffer.
    check(unsafe { libc::shmctl(id, command, ptr::null_mut()) }).map(drop)
}

/// `IPC_INFO` and `SHM_INFO`.
pub(crate) fn limits() -> io::Result<Limits> {
    let ((limits, _), info) = (bounds()?, info()?);
    Ok(Limits { shmmax: limits.shmmax, shmmni: limits.shmmni, shmall: limits.shmall, used: info.shm_tot })
}

/// Identifier and `shmid_ds` of the segment in slot `index`, whoever owns it (`SHM_STAT_ANY`).
pub(crate) fn stat_any(index: i32) -> io::Result<(i32, shmid_ds)> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: SHM_STAT_ANY writes one shmid_ds.
    let id = check(unsafe { libc::shmctl(index, SHM_STAT_ANY, stat.as_mut_ptr()) })?;
    // SAFETY: zeroed is a valid shmid_ds (integers only), and the call filled it.
    Ok((id, unsafe { stat.assume_init() }))
}

/// The highest slot in use, for [`stat_any`]; `None` when there is no segment.
pub(crate) fn highest_index() -> io::Result<Option<i32>> {
    // For SHM_INFO the kernel looks at every segment; here it only says 0 for the first slot and for none.
    match bounds()? {
        (_, 0) => Ok((info()?.used_ids > 0).then_some(0)),
        (_, highest) => Ok(Some(highest)),
    }
}

/// What there is of segments in this IPC namespace (`SHM_INFO`).
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Segments.
    pub segments: u64,
    /// Pages that they have.
    pub pages: u64,
    /// Pages of these in memory.
    pub resident: u64,
    /// Pages of these in swap.
    pub swapped: u64,
    /// Times that one was to be put into swap: always 0 since Linux 2.4.
    pub swap_attempts: u64,
    /// Times that one was: always 0 since Linux 2.4.
    pub swap_successes: u64,
}

/// What there is of segments in this IPC namespace.
pub(crate) fn usage() -> io::Result<Usage> {
    let info = info()?;
    Ok(Usage {
        segments: u64::try_from(info.used_ids).unwrap_or(0),
        pages: info.shm_tot,
        resident: info.shm_rss,
        swapped: info.shm_swp,
        swap_attempts: info.swap_attempts,
        swap_successes: info.swap_successes,
    })
}

/// `IPC_INFO`, and the highest slot in use or 0.
fn bounds() -> io::Result<(ShmLimits, i32)> {
    let mut limits = MaybeUninit::<ShmLimits>::zeroed();
    // SAFETY: IPC_INFO writes one struct shminfo, whatever the pointer's declared type.
    let highest = check(unsafe { libc::shmctl(0, libc::IPC_INFO, limits.as_mut_ptr().cast()) })?;
    // SAFETY: zeroed is a valid ShmLimits (integers only), and the call filled it.
    Ok((unsafe { limits.assume_init() }, highest))
}

/// `SHM_INFO`
fn info() -> io::Result<ShmInfo> {
    let mut info = MaybeUninit::<ShmInfo>::zeroed();
    // SAFETY: SHM_INFO writes one struct shm_info, whatever the pointer's declared type.
    check(unsafe { libc::shmctl(0, SHM_INFO, info.as_mut_ptr().cast()) })?;
    // SAFETY: zeroed is a valid ShmInfo (integers only), and the call filled it.
    Ok(unsafe { info.assume_init() })
}

//! System V shared memory, as far as listing needs it: shmctl(2).

use std::io;
use std::mem::MaybeUninit;

use super::check;

pub(crate) use libc::shmid_ds;

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
    let mut info = MaybeUninit::<ShmInfo>::zeroed();
    // SAFETY: SHM_INFO writes one struct shm_info, whatever the pointer's declared type.
    let highest = check(unsafe { libc::shmctl(0, SHM_INFO, info.as_mut_ptr().cast()) })?;
    // SAFETY: zeroed is a valid ShmInfo (integers only), and the call filled it.
    let info = unsafe { info.assume_init() };
    Ok((info.used_ids > 0).then_some(highest))
}

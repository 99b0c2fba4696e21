//! System V semaphore sets, as far as listing needs them: semctl(2).

use std::io;
use std::mem::MaybeUninit;

use super::check;

pub(crate) use libc::semid_ds;

/// `SEM_STAT_ANY` of `<linux/sem.h>`: `SEM_STAT` without the read permission check (Linux 4.17).
const SEM_STAT_ANY: libc::c_int = 20;
/// `SEM_INFO` of `<linux/sem.h>`.
const SEM_INFO: libc::c_int = 19;

/// `struct seminfo` of `<linux/sem.h>`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct SemInfo {
    semmap: libc::c_int,
    semmni: libc::c_int,
    semmns: libc::c_int,
    semmnu: libc::c_int,
    semmsl: libc::c_int,
    semopm: libc::c_int,
    semume: libc::c_int,
    /// `SEM_INFO`: number of sets.
    semusz: libc::c_int,
    semvmx: libc::c_int,
    /// `SEM_INFO`: semaphores in all sets.
    semaem: libc::c_int,
}

/// `union semun`, the fourth argument of semctl(2), which `libc` leaves to the caller to declare.
#[repr(C)]
union SemUn {
    buf: *mut semid_ds,
    info: *mut SemInfo,
}

/// Identifier and `semid_ds` of the set in slot `index`, whoever owns it (`SEM_STAT_ANY`).
pub(crate) fn stat_any(index: i32) -> io::Result<(i32, semid_ds)> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: SEM_STAT_ANY writes one semid_ds.
    let id = check(unsafe { libc::semctl(index, 0, SEM_STAT_ANY, SemUn { buf: stat.as_mut_ptr() }) })?;
    // SAFETY: zeroed is a valid semid_ds (integers only), and the call filled it.
    Ok((id, unsafe { stat.assume_init() }))
}

/// The highest slot in use, for [`stat_any`]; `None` when there is no set.
pub(crate) fn highest_index() -> io::Result<Option<i32>> {
    let mut info = MaybeUninit::<SemInfo>::zeroed();
    // SAFETY: SEM_INFO writes one struct seminfo.
    let highest = check(unsafe { libc::semctl(0, 0, SEM_INFO, SemUn { info: info.as_mut_ptr() }) })?;
    // SAFETY: zeroed is a valid SemInfo (integers only), and the call filled it.
    let info = unsafe { info.assume_init() };
    Ok((info.semusz > 0).then_some(highest))
}

//! System V semaphore sets: semget(2), semop(2), semctl(2).

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use super::{check, errno, timespec};

#[cfg(target_env = "musl")]
pub(crate) use layout::semid_ds;
#[cfg(not(target_env = "musl"))]
pub(crate) use libc::semid_ds;
pub(crate) use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE, SEM_UNDO, sembuf};

#[cfg(target_env = "musl")]
mod layout;

/// `SEM_STAT_ANY` of `<linux/sem.h>`: `SEM_STAT` without the read permission check (Linux 4.17).
const SEM_STAT_ANY: libc::c_int = 20;
/// `SEM_INFO` of `<linux/sem.h>`.
const SEM_INFO: libc::c_int = 19;

/// Bytes that one operation takes in memory.
pub(crate) const OPERATION: usize = size_of::<sembuf>();

/// The operation in these bytes, as a process has it in its memory.
pub(crate) fn operation_of(bytes: [u8; OPERATION]) -> sembuf {
    let [number0, number1, amount0, amount1, flags0, flags1] = bytes;
    sembuf {
        sem_num: u16::from_ne_bytes([number0, number1]),
        sem_op: i16::from_ne_bytes([amount0, amount1]),
        sem_flg: i16::from_ne_bytes([flags0, flags1]),
    }
}

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
    val: libc::c_int,
    buf: *mut semid_ds,
    array: *mut libc::c_ushort,
    info: *mut SemInfo,
}

/// The limits of this IPC namespace (`IPC_INFO`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Sets (SEMMNI).
    pub semmni: usize,
    /// Semaphores in all sets (SEMMNS).
    pub semmns: usize,
    /// Semaphores in a set (SEMMSL).
    pub semmsl: usize,
    /// Operations in a semop(2) (SEMOPM).
    pub semopm: usize,
    /// The highest value (SEMVMX).
    pub semvmx: usize,
}

/// Gets the set of `key`, or makes one of `count` semaphores (`IPC_PRIVATE` makes a new one).
pub(crate) fn get(key: i32, count: libc::c_int, flags: libc::c_int) -> io::Result<i32> {
    // SAFETY: no pointers.
    check(unsafe { libc::semget(key, count, flags) })
}

/// Does all operations at once or none (semtimedop(2)); waits at most `timeout`, then EAGAIN.
pub(crate) fn operate(id: i32, operations: &[sembuf], timeout: Option<Duration>) -> io::Result<()> {
    let limit = timeout.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the kernel reads `operations.len()` sembufs and, unless it is null, one timespec.
    let done = unsafe { libc::syscall(libc::SYS_semtimedop, id, operations.as_ptr(), operations.len(), limit) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The value of a semaphore (`GETVAL`).
pub(crate) fn value(id: i32, number: u16) -> io::Result<u16> {
    ask(id, number, libc::GETVAL).map(|value| u16::try_from(value).unwrap_or(u16::MAX))
}

/// The process that operated on a semaphore last, 0 for none (`GETPID`).
pub(crate) fn last_pid(id: i32, number: u16) -> io::Result<i32> {
    ask(id, number, libc::GETPID)
}

/// How many wait for a semaphore to increase (`GETNCNT`).
pub(crate) fn waiting_for_increase(id: i32, number: u16) -> io::Result<i32> {
    ask(id, number, libc::GETNCNT)
}

/// How many wait for a semaphore to become 0 (`GETZCNT`).
pub(crate) fn waiting_for_zero(id: i32, number: u16) -> io::Result<i32> {
    ask(id, number, libc::GETZCNT)
}

/// What semctl(2) returns as its value.
fn ask(id: i32, number: u16, command: libc::c_int) -> io::Result<i32> {
    // SAFETY: these commands take no fourth argument.
    check(unsafe { libc::semctl(id, number.into(), command) })
}

/// Sets the value of a semaphore, and forgets what processes have to undo on it (`SETVAL`).
pub(crate) fn set_value(id: i32, number: u16, value: u16) -> io::Result<()> {
    // SAFETY: SETVAL takes an int.
    check(unsafe { libc::semctl(id, number.into(), libc::SETVAL, SemUn { val: value.into() }) }).map(drop)
}

/// All values of a set (`GETALL`).
pub(crate) fn values(id: i32) -> io::Result<Vec<u16>> {
    let count = stat(id)?.sem_nsems;
    let mut values = vec![0; usize::try_from(count).map_err(io::Error::other)?];
    // SAFETY: GETALL writes one ushort per semaphore, and their number never changes in a set; its
    // identifier is not given to another set before thousands have come and gone.
    check(unsafe { libc::semctl(id, 0, libc::GETALL, SemUn { array: values.as_mut_ptr() }) })?;
    Ok(values)
}

/// Sets all values of a set (`SETALL`), EINVAL unless there are as many as it has semaphores.
pub(crate) fn set_values(id: i32, values: &[u16]) -> io::Result<()> {
    if stat(id)?.sem_nsems != values.len() as u64 {
        return Err(errno::error(errno::EINVAL));
    }
    // SAFETY: SETALL reads one ushort per semaphore, as many as there are: see `values`.
    check(unsafe { libc::semctl(id, 0, libc::SETALL, SemUn { array: values.as_ptr().cast_mut() }) }).map(drop)
}

/// The set's `semid_ds` (`IPC_STAT`, needs read permission).
pub(crate) fn stat(id: i32) -> io::Result<semid_ds> {
    control_stat(id, libc::IPC_STAT).map(|(_, stat)| stat)
}

/// Sets owner and mode from `stat` (`IPC_SET`).
pub(crate) fn set(id: i32, stat: &mut semid_ds) -> io::Result<()> {
    // SAFETY: IPC_SET reads one semid_ds.
    check(unsafe { libc::semctl(id, 0, libc::IPC_SET, SemUn { buf: stat }) }).map(drop)
}

/// Removes the set and wakes whoever sleeps on it with EIDRM (`IPC_RMID`).
pub(crate) fn remove(id: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID takes no fourth argument.
    check(unsafe { libc::semctl(id, 0, libc::IPC_RMID) }).map(drop)
}

/// Identifier and `semid_ds` of the set in slot `index`, whoever owns it (`SEM_STAT_ANY`).
pub(crate) fn stat_any(index: i32) -> io::Result<(i32, semid_ds)> {
    control_stat(index, SEM_STAT_ANY)
}

fn control_stat(id: i32, command: libc::c_int) -> io::Result<(i32, semid_ds)> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: both commands write one semid_ds.
    let returned = check(unsafe { libc::semctl(id, 0, command, SemUn { buf: stat.as_mut_ptr() }) })?;
    // SAFETY: zeroed is a valid semid_ds (integers only), and the call filled it.
    Ok((returned, unsafe { stat.assume_init() }))
}

/// The highest slot in use, for [`stat_any`]; `None` when there is no set.
pub(crate) fn highest_index() -> io::Result<Option<i32>> {
    let (highest, info) = info(SEM_INFO)?;
    Ok((info.semusz > 0).then_some(highest))
}

/// The limits of this IPC namespace.
pub(crate) fn limits() -> io::Result<Limits> {
    let (_, info) = info(libc::IPC_INFO)?;
    let number = |value: libc::c_int| usize::try_from(value).unwrap_or(0);
    Ok(Limits {
        semmni: number(info.semmni),
        semmns: number(info.semmns),
        semmsl: number(info.semmsl),
        semopm: number(info.semopm),
        semvmx: number(info.semvmx),
    })
}

/// What there is of sets in this IPC namespace (`SEM_INFO`).
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Sets.
    pub sets: u64,
    /// Semaphores in all of them.
    pub semaphores: u64,
}

/// What there is of sets in this IPC namespace.
pub(crate) fn usage() -> io::Result<Usage> {
    let (_, info) = info(SEM_INFO)?;
    let count = |value: libc::c_int| u64::try_from(value).unwrap_or(0);
    Ok(Usage { sets: count(info.semusz), semaphores: count(info.semaem) })
}

fn info(command: libc::c_int) -> io::Result<(i32, SemInfo)> {
    let mut info = MaybeUninit::<SemInfo>::zeroed();
    // SAFETY: IPC_INFO and SEM_INFO write one struct seminfo.
    let highest = check(unsafe { libc::semctl(0, 0, command, SemUn { info: info.as_mut_ptr() }) })?;
    // SAFETY: zeroed is a valid SemInfo (integers only), and the call filled it.
    Ok((highest, unsafe { info.assume_init() }))
}

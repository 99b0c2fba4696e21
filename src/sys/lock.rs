//! Locks on files: flock(2), and the record locks of fcntl(2), whether a process or an open file
//! description holds them.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::check;

/// What flock(2) is asked for: `LOCK_SH`, `LOCK_EX`, `LOCK_UN`, perhaps with `LOCK_NB`.
pub(crate) use libc::{LOCK_EX as EXCLUSIVE, LOCK_NB as NO_WAIT, LOCK_SH as SHARED, LOCK_UN as UNLOCK};

/// Who a record lock belongs to, and so which of fcntl(2)'s commands speak of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The process: `F_SETLK`.
    Process,
    /// The open file description: `F_OFD_SETLK`.
    Description,
}

/// What is done to a range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// `F_RDLCK`
    Share,
    /// `F_WRLCK`
    Exclude,
    /// `F_UNLCK`
    Release,
}

/// A record lock that is in the way: `struct flock` as `F_GETLK` fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InTheWay {
    /// It excludes everybody.
    pub exclusive: bool,
    /// Its first byte.
    pub start: u64,
    /// How many bytes; 0 for all from there on.
    pub length: u64,
    /// The process that has it; -1 for an open file description.
    pub pid: i32,
}

/// flock(2).
pub(crate) fn flock(fd: impl AsFd, operation: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::flock(fd.as_fd().as_raw_fd(), operation) }).map(drop)
}

/// Sets a record lock, or waits until it can be set (`F_SETLKW`, `F_OFD_SETLKW`).
pub(crate) fn set(fd: impl AsFd, owner: Owner, action: Action, range: (u64, u64), wait: bool) -> io::Result<()> {
    let command = match (owner, wait) {
        (Owner::Process, false) => libc::F_SETLK,
        (Owner::Process, true) => libc::F_SETLKW,
        (Owner::Description, false) => libc::F_OFD_SETLK,
        (Owner::Description, true) => libc::F_OFD_SETLKW,
    };
    let lock = record(action, range)?;
    // SAFETY: the kernel reads one struct flock.
    check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), command, &raw const lock) }).map(drop)
}

/// A lock that stands in the way of this one, if there is any (`F_GETLK`, `F_OFD_GETLK`).
pub(crate) fn get(fd: impl AsFd, owner: Owner, action: Action, range: (u64, u64)) -> io::Result<Option<InTheWay>> {
    let command = match owner {
        Owner::Process => libc::F_GETLK,
        Owner::Description => libc::F_OFD_GETLK,
    };
    let mut lock = record(action, range)?;
    // SAFETY: the kernel reads and writes one struct flock.
    check(unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), command, &raw mut lock) })?;
    Ok((i32::from(lock.l_type) != libc::F_UNLCK).then(|| of_record(&lock)))
}

/// The number of bytes of a struct flock.
pub(crate) const RECORD: usize = size_of::<libc::flock>();

/// What a process asks for that waits for a record lock: its struct flock, as it lies in its memory. `None` where
/// the range does not count from the start of the file.
pub(crate) fn read_record(bytes: &[u8; RECORD]) -> Option<InTheWay> {
    // SAFETY: a struct flock is integers, and the array has its size; it need not be aligned.
    let lock: libc::flock = unsafe { std::ptr::read_unaligned(bytes.as_ptr().cast()) };
    (i32::from(lock.l_whence) == libc::SEEK_SET && lock.l_start >= 0 && lock.l_len >= 0).then(|| of_record(&lock))
}

/// Whether this is the command of an fcntl(2) that waits for a lock; and of which owner.
pub(crate) fn waits(command: u64) -> Option<Owner> {
    match i32::try_from(command).ok()? {
        libc::F_SETLKW => Some(Owner::Process),
        libc::F_OFD_SETLKW => Some(Owner::Description),
        _ => None,
    }
}

fn of_record(lock: &libc::flock) -> InTheWay {
    InTheWay {
        exclusive: i32::from(lock.l_type) == libc::F_WRLCK,
        start: lock.l_start.cast_unsigned(),
        length: lock.l_len.cast_unsigned(),
        pid: lock.l_pid,
    }
}

/// EOVERFLOW for what no offset of a file reaches.
fn record(action: Action, (start, length): (u64, u64)) -> io::Result<libc::flock> {
    let offset = |bytes| libc::off_t::try_from(bytes).map_err(|_| io::Error::from_raw_os_error(libc::EOVERFLOW));
    // SAFETY: integers only; an OFD command wants l_pid to be 0.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    (lock.l_start, lock.l_len) = (offset(start)?, offset(length)?);
    // Both are small numbers in an int, and a short in the structure.
    let kind = match action {
        Action::Share => libc::F_RDLCK,
        Action::Exclude => libc::F_WRLCK,
        Action::Release => libc::F_UNLCK,
    };
    #[allow(clippy::cast_possible_truncation, reason = "constants below 3")]
    {
        lock.l_type = kind as libc::c_short;
        lock.l_whence = libc::SEEK_SET as libc::c_short;
    }
    Ok(lock)
}

/// Whether two descriptors of two processes are one open file description: kcmp(2), `KCMP_FILE`.
///
/// EPERM where we may not look, ENOSYS where the kernel was built without.
pub(crate) fn is_same_description(one: (i32, u64), other: (i32, u64)) -> io::Result<bool> {
    const KCMP_FILE: i32 = 0;
    // SAFETY: no pointers.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, one.0, other.0, KCMP_FILE, one.1, other.1) };
    if order == -1 { Err(io::Error::last_os_error()) } else { Ok(order == 0) }
}

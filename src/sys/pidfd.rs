//! Processes held by a descriptor: pidfd_open(2), pidfd_getfd(2), pidfd_send_signal(2),
//! `PIDFD_GET_INFO`.
//!
//! A pid is a number that the kernel gives out again; a pidfd means one process for ever.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use super::siginfo::Sent;
use super::{check, errno};

/// Holds the process of this pid; it may have ended, but not have been waited for.
pub(crate) fn open(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let returned = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = check(libc::c_int::try_from(returned).unwrap_or(-1))?;
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Sends a signal, 0 for none, with a value where there is one.
pub(crate) fn send(pidfd: impl AsFd, signal: i32, value: Option<i32>) -> io::Result<()> {
    let fd = pidfd.as_fd().as_raw_fd();
    let info = value.map(|value| Sent::queued(signal, value));
    let info = info.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `info` is NULL or points to a whole siginfo_t, which the kernel reads.
    let returned = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, info, 0) };
    check(libc::c_int::try_from(returned).unwrap_or(-1)).map(drop)
}

/// A descriptor of a process as one of ours: pidfd_getfd(2). It is the same open file, so a pipe gets no
/// further reader or writer by it; EPERM without the right to trace the process.
pub(crate) fn duplicate(pidfd: impl AsFd, descriptor: u32) -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let returned = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_fd().as_raw_fd(), descriptor, 0) };
    let fd = check(libc::c_int::try_from(returned).unwrap_or(-1))?;
    // SAFETY: a new descriptor that nobody else owns; the kernel makes it close-on-exec.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// The wait status of a process that was waited for, by whomever; `None` before that, and where the
/// kernel is older than Linux 6.15 and keeps none.
pub(crate) fn exit_status(pidfd: impl AsFd) -> io::Result<Option<i32>> {
    // SAFETY: integers only.
    let mut info: libc::pidfd_info = unsafe { std::mem::zeroed() };
    info.mask = u64::from(libc::PIDFD_INFO_EXIT);
    // SAFETY: reads and writes one pidfd_info, whose size is in the number of the call.
    let asked = check(unsafe { libc::ioctl(pidfd.as_fd().as_raw_fd(), libc::PIDFD_GET_INFO, &raw mut info) });
    match asked {
        Ok(_) => Ok((info.mask & u64::from(libc::PIDFD_INFO_EXIT) != 0).then_some(info.exit_code)),
        // Older kernels do not know the call, or nothing of a process that has ended.
        Err(error) if [libc::ENOTTY, libc::EINVAL, libc::ESRCH].iter().any(|&code| errno::is(&error, code)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What statfs(2) calls the file system of pidfds since Linux 6.9: there an inode is one process.
pub(crate) const FILE_SYSTEM: i64 = 0x5049_4446;

//! A private mount of the queue file system: fsopen(2), fsconfig(2), fsmount(2).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// Mounts the POSIX queues of this IPC namespace, attached to no directory; it is gone with the
/// descriptor (an `O_PATH` one). Needs `CAP_SYS_ADMIN` over the mount namespace, Linux 5.2.
pub(crate) fn mqueue() -> io::Result<OwnedFd> {
    // SAFETY: a NUL-terminated name and flags.
    let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, c"mqueue".as_ptr(), libc::FSOPEN_CLOEXEC) })?;
    // SAFETY: FSCONFIG_CMD_CREATE takes no key, no value and no number.
    let created = unsafe {
        libc::syscall(
            libc::SYS_fsconfig,
            context.as_raw_fd(),
            libc::FSCONFIG_CMD_CREATE,
            ptr::null::<libc::c_char>(),
            ptr::null::<libc::c_char>(),
            0,
        )
    };
    if created == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: no pointers.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context.as_raw_fd(), libc::FSMOUNT_CLOEXEC, 0) })
}

fn owned(returned: libc::c_long) -> io::Result<OwnedFd> {
    match i32::try_from(returned) {
        // SAFETY: a new descriptor that nobody else owns.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

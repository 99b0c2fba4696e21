//! Mounts that nobody else sees: a queue file system of our own, fsopen(2), fsconfig(2), fsmount(2); and
//! the mount of another namespace taken over into ours, open_tree(2), move_mount(2).

use std::ffi::CStr;
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

/// A copy of what is mounted at this path, attached to no directory: open_tree(2), Linux 5.2.
pub(crate) fn copy_of(path: &CStr) -> io::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    // SAFETY: a NUL-terminated path and flags.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) })
}

/// Attaches such a copy over this path: move_mount(2), Linux 5.2.
pub(crate) fn attach(copy: &OwnedFd, path: &CStr) -> io::Result<()> {
    let fd = copy.as_raw_fd();
    // SAFETY: NUL-terminated paths, the first of them empty, and flags.
    let moved = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            fd,
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    if moved == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Lets no mount of this namespace show in another: mount(2), `MS_PRIVATE`.
pub(crate) fn keep_to_ourselves() -> io::Result<()> {
    let flags = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: a NUL-terminated path; the other strings are not looked at with these flags.
    super::check(unsafe { libc::mount(ptr::null(), c"/".as_ptr(), ptr::null(), flags, ptr::null()) }).map(drop)
}

/// Covers a directory with an empty one.
pub(crate) fn cover(path: &CStr) -> io::Result<()> {
    // SAFETY: NUL-terminated strings.
    let mounted =
        unsafe { libc::mount(c"none".as_ptr(), path.as_ptr(), c"tmpfs".as_ptr(), 0, c"size=4k".as_ptr().cast()) };
    super::check(mounted).map(drop)
}

fn owned(returned: libc::c_long) -> io::Result<OwnedFd> {
    match i32::try_from(returned) {
        // SAFETY: a new descriptor that nobody else owns.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

//! Namespaces entered and left: setns(2), unshare(2). They belong to a thread; nothing here is seen by the
//! other threads of this process.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::check;

/// The kinds of namespace that we enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Objects of inter-process communication.
    Ipc,
    /// Mounts.
    Mount,
    /// Network devices, and names of sockets that are no files.
    Network,
    /// Users and privileges; only for a process of one thread.
    User,
}

impl Kind {
    const fn flag(self) -> libc::c_int {
        match self {
            Self::Ipc => libc::CLONE_NEWIPC,
            Self::Mount => libc::CLONE_NEWNS,
            Self::Network => libc::CLONE_NEWNET,
            Self::User => libc::CLONE_NEWUSER,
        }
    }
}

/// Enters a namespace: a file of `/proc/PID/ns`.
pub(crate) fn enter(namespace: impl AsFd, kind: Kind) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::setns(namespace.as_fd().as_raw_fd(), kind.flag()) }).map(drop)
}

/// Gives this thread a copy of the mounts for itself, and a working directory of its own.
pub(crate) fn copy_mounts() -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::unshare(libc::CLONE_FS | libc::CLONE_NEWNS) }).map(drop)
}

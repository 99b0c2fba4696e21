//! Who is at the other end.

use std::io;
use std::os::fd::AsFd as _;

use nix::sys::stat::fstat;
use nix::sys::statfs::fstatfs;

use super::Socket;
use crate::sys::{pidfd, socket as sys};

/// A process at the other end of a unix socket: who it was when it connected, listened or made the pair.
///
/// It may have passed its end on since, and ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its pid; 0 where it lives in a pid namespace that we cannot see.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
    /// Its supplementary groups.
    pub groups: Vec<u32>,
    /// The inode of its pidfd, which no other process ever has; `None` where the kernel gives no pidfd
    /// (before Linux 6.5), or pidfds without inodes of their own (before 6.9).
    pub pidfd_inode: Option<u64>,
}

impl Peer {
    /// Asks the kernel: `SO_PEERCRED`, `SO_PEERGROUPS`, `SO_PEERPIDFD` of unix(7).
    #[doc(alias = "SO_PEERCRED")]
    pub(super) fn of(socket: &Socket) -> io::Result<Self> {
        let credentials = socket.credentials()?;
        let pidfd_inode = socket.pidfd().ok().and_then(|held| {
            let is_own = fstatfs(&held)
                .is_ok_and(|system| i128::from(system.filesystem_type().0) == i128::from(pidfd::FILE_SYSTEM));
            is_own.then(|| fstat(&held).ok().map(|status| status.st_ino)).flatten()
        });
        Ok(Self {
            pid: credentials.pid(),
            uid: credentials.uid(),
            gid: credentials.gid(),
            groups: sys::peer_groups(socket.as_fd()).unwrap_or_default(),
            pidfd_inode,
        })
    }
}

//! Directories read without allocation, and inodes looked at without waiting: getdents64(2), statx(2).

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::check_len;

/// Where the length of an entry, and its name, lie in `struct linux_dirent64`.
const LENGTH: usize = 16;
const NAME: usize = 19;

/// What the longest entry takes, its name of 255 bytes with it.
const LARGEST: usize = 280;

/// Calls `each` with the name of every entry of a directory in `/proc`.
pub(crate) fn entries(directory: impl AsFd, buffer: &mut [u8], mut each: impl FnMut(&CStr)) -> io::Result<()> {
    while more_entries(&directory, buffer, &mut each)? {}
    Ok(())
}

/// The same with the next of them, as many as there is room for in `buffer`: whether there may be more.
pub(crate) fn more_entries(directory: impl AsFd, buffer: &mut [u8], mut each: impl FnMut(&CStr)) -> io::Result<bool> {
    let fd = directory.as_fd().as_raw_fd();
    // SAFETY: writes at most buffer.len() bytes into `buffer`.
    let got = unsafe { libc::syscall(libc::SYS_getdents64, fd, buffer.as_mut_ptr(), buffer.len()) };
    let filled = check_len(got.try_into().unwrap_or(-1))?;
    let mut rest = &buffer[..filled];
    while rest.len() > NAME {
        let length = usize::from(u16::from_ne_bytes([rest[LENGTH], rest[LENGTH + 1]]));
        let Some(entry) = rest.get(NAME..length) else { break };
        if let Ok(name) = CStr::from_bytes_until_nul(entry) {
            each(name);
        }
        rest = &rest[length..];
    }
    // There the kernel only stops at the end, or at an entry that has no room.
    Ok(buffer.len() - filled < LARGEST)
}

/// What an inode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Inode {
    /// Type and permission bits.
    pub mode: u32,
    /// Device and inode.
    pub number: (u64, u64),
    /// Names it has.
    pub links: u32,
    /// Owner.
    pub uid: u32,
    /// Bytes.
    pub size: u64,
}

impl Inode {
    /// A pipe or FIFO.
    pub(crate) const fn is_fifo(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFIFO
    }

    /// A socket.
    pub(crate) const fn is_socket(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFSOCK
    }

    /// A regular file.
    pub(crate) const fn is_file(&self) -> bool {
        self.mode & libc::S_IFMT == libc::S_IFREG
    }

    /// Whether its owner may read and write: of a link in `/proc/PID/fd`, whether the descriptor may.
    pub(crate) const fn access(&self) -> (bool, bool) {
        (self.mode & libc::S_IRUSR != 0, self.mode & libc::S_IWUSR != 0)
    }
}

/// What a link in a directory points to, as much of it as there is room for.
pub(crate) fn link<'a>(directory: impl AsFd, name: &CStr, room: &'a mut [u8]) -> io::Result<&'a [u8]> {
    // SAFETY: a NUL-terminated name, and at most room.len() bytes are written into `room`.
    let length = check_len(unsafe {
        libc::readlinkat(directory.as_fd().as_raw_fd(), name.as_ptr(), room.as_mut_ptr().cast(), room.len())
    })?;
    Ok(&room[..length])
}

/// Looks at a name in a directory; a link is followed where that is said. A server that does not answer is
/// not waited for: what is known of its files counts.
pub(crate) fn look(directory: impl AsFd, name: &CStr, follow: bool) -> io::Result<Inode> {
    let flags = libc::AT_STATX_DONT_SYNC | libc::AT_NO_AUTOMOUNT | if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let mask = libc::STATX_BASIC_STATS;
    // SAFETY: integers only.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    // SAFETY: a NUL-terminated name, and one struct statx that the kernel fills.
    let looked = unsafe { libc::statx(directory.as_fd().as_raw_fd(), name.as_ptr(), flags, mask, &raw mut found) };
    super::check(looked)?;
    let device = libc::makedev(found.stx_dev_major, found.stx_dev_minor);
    Ok(Inode {
        mode: found.stx_mode.into(),
        number: (device, found.stx_ino),
        links: found.stx_nlink,
        uid: found.stx_uid,
        size: found.stx_size,
    })
}

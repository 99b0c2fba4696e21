//! Locks on files: flock(2), and the record locks of fcntl(2).
//!
//! [`LockFile`] takes them, [`inventory`] tells who holds which and who waits for whom. What can be locked is any
//! file, also a directory. A lock keeps nobody from reading or writing: it holds off those alone who ask
//! for one of the same family. `flock` and record locks do not see each other.

mod build;
mod file;
mod graph;
mod holders;
mod inventory;
mod probe;
mod waiters;

use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::os::fd::{AsFd, AsRawFd};
use std::path::Path;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat};

pub use file::{Converted, LockFile, Opening, Writing};
pub use holders::Holder;
pub use inventory::{Family, Inventory, Lock, Standing, inventory, inventory_of};
pub(in crate::ipc) use inventory::{Gathered, Table};
pub use probe::Probe;

use crate::proc::locks;

/// The ways to lock a file; they differ in whose a lock is, and so in when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It belongs to the open file description, and ends with the last descriptor of that, in whichever process.
    #[doc(alias = "LOCK_EX")]
    Flock,
    /// The same for a range of bytes. It is between processes and between threads, and excludes `Posix`, too.
    #[doc(alias = "F_OFD_SETLK")]
    Ofd,
    /// It belongs to the process, and ends when that closes any descriptor of the file at all. A child has it
    /// not; who execs keeps it.
    #[doc(alias = "F_SETLK")]
    Posix,
}

/// Who else may have a lock at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Others who share.
    #[doc(alias = "F_RDLCK")]
    #[doc(alias = "LOCK_SH")]
    Shared,
    /// Nobody.
    #[doc(alias = "F_WRLCK")]
    Exclusive,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Flock => "flock",
            Self::Ofd => "ofd",
            Self::Posix => "posix",
        })
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Shared => "shared",
            Self::Exclusive => "exclusive",
        })
    }
}

/// Bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first.
    pub start: u64,
    /// How many; `None` for all from there on, however long the file becomes.
    pub length: Option<NonZeroU64>,
}

impl Range {
    /// The whole file, whatever it becomes.
    pub const WHOLE: Self = Self { start: 0, length: None };

    /// From the first byte to the last, or to the end.
    pub(crate) fn between(start: u64, last: Option<u64>) -> Self {
        // The kernel's last byte is never before the first, nor the last there is.
        let length = last.and_then(|last| NonZeroU64::new(last.saturating_sub(start).saturating_add(1)));
        Self { start, length }
    }

    /// The last byte; `None` where there is no end.
    #[must_use]
    pub fn last(self) -> Option<u64> {
        self.length.map(|length| self.start.saturating_add(length.get() - 1))
    }

    /// Whether they have a byte in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let reaches = |one: Self, start| one.last().is_none_or(|last| last >= start);
        reaches(self, other.start) && reaches(other, self.start)
    }

    /// As fcntl(2) takes it: 0 bytes are all from there on.
    fn to_kernel(self) -> (u64, u64) {
        (self.start, self.length.map_or(0, NonZeroU64::get))
    }
}

/// `whole`, `0:1` (one byte at 0), `100:` (all from 100 on).
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { start: 0, length: None } => f.pad("whole"),
            Self { start, length: None } => f.pad(&format!("{start}:")),
            Self { start, length: Some(length) } => f.pad(&format!("{start}:{length}")),
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// How.
    pub kind: Kind,
    /// Together with whom.
    pub claim: Claim,
    /// Of which bytes; flock(2) has the whole file alone.
    pub range: Range,
}

impl Request {
    /// Whether a lock of another one's stands in the way.
    #[must_use]
    pub fn conflicts_with(&self, other: &Self) -> bool {
        // flock(2) and fcntl(2) do not see each other; the two owners of record locks do.
        let same_family = (self.kind == Kind::Flock) == (other.kind == Kind::Flock);
        let exclusive = self.claim == Claim::Exclusive || other.claim == Claim::Exclusive;
        same_family && exclusive && self.range.overlaps(other.range)
    }
}

/// A file as the kernel's tables of locks name it: there the device is that of the whole file system, which
/// stat(2) divides where there are subvolumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    /// The device, as makedev(3) makes it.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

impl FileId {
    /// That of a path; neither is it opened for reading, nor a FIFO waited for.
    pub fn of_path(path: &Path) -> io::Result<Self> {
        Self::of(open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?)
    }

    /// That of an open file.
    pub fn of(file: impl AsFd) -> io::Result<Self> {
        let stat = fstat(&file)?;
        let info = locks::of_own_descriptor(file.as_fd().as_raw_fd())?;
        let device = locks::device_of_mount(info.mount)?.unwrap_or(stat.st_dev);
        Ok(Self { device, inode: info.inode.unwrap_or(stat.st_ino) })
    }
}

/// `fe:00:5316681`, as `/proc/locks` has it.
impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (major, minor) = (nix::sys::stat::major(self.device), nix::sys::stat::minor(self.device));
        write!(f, "{major:02x}:{minor:02x}:{}", self.inode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u64, length: u64) -> Range {
        Range { start, length: NonZeroU64::new(length) }
    }

    #[test]
    fn the_whole_file_is_not_its_first_byte() {
        assert_eq!(Range::WHOLE.to_string(), "whole");
        assert_eq!(Range::between(0, Some(0)).to_string(), "0:1");
        assert_eq!(Range::between(100, None).to_string(), "100:");
        assert_eq!(Range::between(10, Some(19)), range(10, 10));
        assert_eq!(Range::between(0, Some(u64::MAX)).last(), Some(u64::MAX - 1));
    }

    #[test]
    fn ranges_overlap_where_they_share_a_byte() {
        let table = [
            (Range::WHOLE, range(5, 1), true),
            (range(0, 5), range(5, 1), false),
            (range(0, 6), range(5, 1), true),
            (range(6, 0), range(5, 1), false),
            (range(6, 0), range(5, 2), true),
            (range(6, 0), range(100, 0), true),
        ];
        for (one, other, overlap) in table {
            assert_eq!((one.overlaps(other), other.overlaps(one)), (overlap, overlap), "{one} {other}");
        }
    }

    #[test]
    fn flock_and_record_locks_do_not_see_each_other() {
        let request = |kind, claim| Request { kind, claim, range: Range::WHOLE };
        let exclusive = |kind| request(kind, Claim::Exclusive);
        assert!(exclusive(Kind::Ofd).conflicts_with(&exclusive(Kind::Posix)));
        assert!(!exclusive(Kind::Ofd).conflicts_with(&exclusive(Kind::Flock)));
        let shared = request(Kind::Flock, Claim::Shared);
        assert!(!shared.conflicts_with(&shared) && shared.conflicts_with(&exclusive(Kind::Flock)));
    }
}

//! A file that locks are taken on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::{Claim, Kind, Range, Request};
use crate::ipc::wait::blocking;
use crate::ipc::{Mode, Wait};
use crate::proc::locks;
use crate::sys::lock::{self, Action, Owner};
use crate::sys::{errno, fd};

/// Where the descriptor of a lock lies: above those that scripts open by number. A redirection in the command
/// that inherits it would close it, and so let the lock go. Below 64, so that the table of descriptors, which
/// every fork copies, needs not grow.
const OUT_OF_THE_WAY: i32 = 50;

/// How a file is opened to be locked.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    /// Make it with this mode where it does not exist.
    pub create: Option<Mode>,
    /// Whether for writing: record locks that exclude want that.
    pub writing: Writing,
    /// What we become or start inherits the descriptor.
    pub inherited: bool,
}

/// Whether a file is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Not unless it may not be read.
    No,
    /// Where that is allowed.
    Wanted,
    /// Else not at all.
    Needed,
}

/// An open file to lock. What is locked through it is let go when it is dropped, unless somebody inherited the
/// descriptor; a POSIX lock with any descriptor of the file that the process closes.
#[derive(Debug)]
pub struct LockFile(OwnedFd);

/// What came of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Converted {
    /// The lock is as it was asked for.
    Done,
    /// It could not be had in time, and is held as before. Of a flock(2) lock, another one may have had it
    /// in between: see [`LockFile::convert`].
    Kept,
    /// It could not be had in time, and is lost: another one was faster.
    Lost,
}

impl LockFile {
    /// Opens it, perhaps makes it. What cannot be made because it is a directory is opened as one.
    pub fn open(path: &Path, how: Opening) -> io::Result<Self> {
        let options = |read, write, create: Option<Mode>| {
            let flags = fd::NON_BLOCKING | fd::NO_TERMINAL | if create.is_some() { fd::CREATE } else { 0 };
            let mut options = OpenOptions::new();
            options.read(read).write(write).custom_flags(flags);
            options.mode(create.map_or(0, |mode| mode.bits().into()));
            options
        };
        let reading = || match options(true, false, how.create).open(path) {
            // A directory; or another user's file in a directory for all, which may be opened, but not by O_CREAT.
            Err(error) if errno::is(&error, errno::EISDIR) || errno::is(&error, errno::EACCES) => {
                options(true, false, None).open(path).map_err(|_| error)
            }
            opened => opened,
        };
        let denied = |error: &io::Error| {
            matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::IsADirectory
            )
        };
        let file = match how.writing {
            // One that may be written alone can be locked by flock(2), too.
            Writing::No => match reading() {
                Err(error) if denied(&error) => options(false, true, None).open(path).map_err(|_| error),
                opened => opened,
            },
            Writing::Wanted => match options(true, true, how.create).open(path) {
                Err(error) if denied(&error) => reading(),
                opened => opened,
            },
            Writing::Needed => options(true, true, how.create).open(path),
        }?;
        Self::out_of_the_way(&file, how.inherited)
    }

    /// Before anything is locked: whoever closes a file lets its POSIX locks go.
    fn out_of_the_way(file: &File, inherited: bool) -> io::Result<Self> {
        match fd::duplicate_from(file.as_raw_fd(), OUT_OF_THE_WAY, !inherited) {
            // Not that many descriptors are allowed: any will do.
            Err(error) if errno::is(&error, errno::EINVAL) => fd::duplicate_from(file.as_raw_fd(), 0, !inherited),
            moved => moved,
        }
        .map(Self)
    }

    /// The file of a descriptor that we inherited; through it, the locks of its open file description can be
    /// converted and let go.
    ///
    /// Ours is another descriptor of it, which a command inherits or not.
    pub fn inherited(descriptor: i32, inherited: bool) -> io::Result<Self> {
        fd::duplicate_from(descriptor, OUT_OF_THE_WAY, !inherited).map(Self)
    }

    /// Whether a lock was refused because the file is not open for writing, which NFS asks of flock(2), too.
    #[must_use]
    pub fn wants_writing(error: &io::Error) -> bool {
        errno::is(error, errno::EBADF) || errno::is(error, errno::EIO)
    }

    /// What is held through a descriptor that we inherited, one by one. POSIX locks are not among it: they are
    /// the parent's.
    pub fn held_through(descriptor: i32) -> io::Result<Vec<Request>> {
        let info = locks::of_own_descriptor(descriptor)?;
        Ok(info.locks.iter().filter_map(super::inventory::request_of).collect())
    }

    /// The number of its descriptor.
    #[must_use]
    pub fn descriptor(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Whether the path still names this file. Where it does not, a lock on it excludes nobody who comes now.
    pub fn is_still(&self, path: &Path) -> io::Result<bool> {
        let own = nix::sys::stat::fstat(&self.0)?;
        match fs::metadata(path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (own.st_dev, own.st_ino)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes a lock, or converts what is held.
    ///
    /// EAGAIN under [`Wait::Never`] when another one is in the way, ETIMEDOUT when one still is after the limit,
    /// EINTR when a signal came that we caught, EDEADLK when it would close a circle of POSIX locks, EBADF when
    /// the file is not open for what is asked, ENOLCK when the system has no room for more.
    #[doc(alias = "flock")]
    #[doc(alias = "F_SETLKW")]
    pub fn take(&self, request: Request, wait: Wait) -> io::Result<()> {
        blocking(wait, errno::EAGAIN, |waits| match request.kind {
            Kind::Flock => {
                let operation = if request.claim == Claim::Shared { lock::SHARED } else { lock::EXCLUSIVE };
                lock::flock(self, if waits { operation } else { operation | lock::NO_WAIT })
            }
            Kind::Ofd => self.set(Owner::Description, action(request.claim), request.range, waits),
            Kind::Posix => self.set(Owner::Process, action(request.claim), request.range, waits),
        })
    }

    /// Lets a lock go; nothing happens where there is none.
    #[doc(alias = "LOCK_UN")]
    #[doc(alias = "F_UNLCK")]
    pub fn release(&self, kind: Kind, range: Range) -> io::Result<()> {
        match kind {
            Kind::Flock => lock::flock(self, lock::UNLOCK),
            Kind::Ofd => self.set(Owner::Description, Action::Release, range, false),
            Kind::Posix => self.set(Owner::Process, Action::Release, range, false),
        }
    }

    /// Makes a lock that is held another one.
    ///
    /// A record lock stays as it is until it can be had otherwise. flock(2) lets the old one go first:
    /// another one who waits may have the lock in between, and where it cannot be had in time the old one is
    /// taken again, if that is possible at once.
    pub fn convert(&self, held: Request, claim: Claim, wait: Wait) -> io::Result<Converted> {
        match self.take(Request { claim, ..held }, wait) {
            Ok(()) => Ok(Converted::Done),
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(error),
            Err(_) if held.kind != Kind::Flock => Ok(Converted::Kept),
            Err(_) => match self.take(held, Wait::Never) {
                Ok(()) => Ok(Converted::Kept),
                Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Converted::Lost),
                Err(error) => Err(error),
            },
        }
    }

    /// Whether a record lock of this kind could be taken now, without taking it. flock(2) cannot be asked that.
    #[doc(alias = "F_GETLK")]
    pub fn is_free(&self, request: Request) -> io::Result<bool> {
        let owner = match request.kind {
            Kind::Flock => return Err(ErrorKind::Unsupported.into()),
            Kind::Ofd => Owner::Description,
            Kind::Posix => Owner::Process,
        };
        lock::get(self, owner, action(request.claim), request.range.to_kernel()).map(|found| found.is_none())
    }

    fn set(&self, owner: Owner, action: Action, range: Range, waits: bool) -> io::Result<()> {
        lock::set(self, owner, action, range.to_kernel(), waits)
    }
}

impl AsFd for LockFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn action(claim: Claim) -> Action {
    match claim {
        Claim::Shared => Action::Share,
        Claim::Exclusive => Action::Exclude,
    }
}

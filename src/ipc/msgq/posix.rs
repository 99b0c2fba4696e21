//! POSIX message queues: mq_overview(7).

use std::fs::{File, Permissions as FileMode};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

use super::Changes;
use crate::ipc::{Mode, PosixName, Wait};
use crate::sys::{errno, mq, signal};

mod inventory;
mod limits;

pub use inventory::{Directory, QueueStatus, list, status};
pub use limits::{Capacity, Limits, limits};

pub use crate::sys::mq::Attributes;

/// The highest priority of a message: `MQ_PRIO_MAX` - 1.
pub const HIGHEST_PRIORITY: u32 = 32_767;

/// What a queue is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To receive.
    Receive,
    /// To send.
    Send,
    /// Both.
    Both,
}

impl Access {
    const fn flags(self) -> i32 {
        match self {
            Self::Receive => mq::O_RDONLY,
            Self::Send => mq::O_WRONLY,
            Self::Both => mq::O_RDWR,
        }
    }

    /// The access in the flags of an open descriptor.
    pub(super) const fn of_flags(flags: u32) -> Self {
        match flags.cast_signed() & (mq::O_WRONLY | mq::O_RDWR) {
            mq::O_WRONLY => Self::Send,
            mq::O_RDWR => Self::Both,
            _ => Self::Receive,
        }
    }
}

/// An open queue.
#[derive(Debug)]
pub struct Queue(OwnedFd);

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Queue {
    /// Opens the queue of this name, ENOENT where there is none.
    #[doc(alias = "mq_open")]
    pub fn open(name: &PosixName, access: Access) -> io::Result<Self> {
        mq::open(name.as_c_str(), access.flags()).map(Self)
    }

    /// A new queue, EEXIST where there is one. The mode is what is asked for, whatever the umask.
    ///
    /// EINVAL when the capacity is above the system's limits, ENOSPC when there are
    /// `fs.mqueue.queues_max` queues, EMFILE mostly when the user's queues take `RLIMIT_MSGQUEUE`.
    #[doc(alias = "O_CREAT")]
    pub fn create(name: &PosixName, mode: Mode, capacity: Option<Capacity>) -> io::Result<Self> {
        let capacity = capacity.map(|capacity| (capacity.max_messages.into(), capacity.max_size.into()));
        let bits = u32::from(mode.bits());
        let queue = mq::create(name.as_c_str(), mq::O_RDWR | mq::O_EXCL, bits, capacity)?;
        // The umask may have taken bits away; giving them here touches this queue alone.
        File::from(queue.try_clone()?).set_permissions(FileMode::from_mode(bits))?;
        Ok(Self(queue))
    }

    /// Removes the name; who has the queue open keeps it.
    #[doc(alias = "mq_unlink")]
    pub fn remove(name: &PosixName) -> io::Result<()> {
        mq::unlink(name.as_c_str())
    }

    /// What it can hold, and holds.
    #[doc(alias = "mq_getattr")]
    pub fn attributes(&self) -> io::Result<Attributes> {
        mq::attributes(&self.0)
    }

    /// Changes owner and mode; the rest of `changes` is the caller's to refuse.
    #[doc(alias = "fchmod")]
    #[doc(alias = "fchown")]
    pub fn set(&self, changes: &Changes) -> io::Result<()> {
        changes.permissions.apply_to_file(&self.0)
    }

    /// Sends. EAGAIN or ETIMEDOUT when the queue stayed full, EMSGSIZE when the text is longer than
    /// the queue's `max_size`, EINTR when a signal came that somebody has to look at: one that ends
    /// the process, or a child's end where those are caught.
    #[doc(alias = "mq_send")]
    pub fn send(&self, text: &[u8], priority: u32, wait: Wait) -> io::Result<()> {
        until(wait, |deadline| mq::send(&self.0, text, priority, deadline))
    }

    /// Takes the oldest message of the highest priority into `buffer`: its length and priority.
    ///
    /// EAGAIN or ETIMEDOUT when none came, EMSGSIZE when the buffer is shorter than `max_size`.
    #[doc(alias = "mq_receive")]
    pub fn receive(&self, buffer: &mut [u8], wait: Wait) -> io::Result<(usize, u32)> {
        until(wait, |deadline| mq::receive(&self.0, buffer, deadline))
    }
}

/// Makes a call with a deadline wait as long as asked, over signals that end nothing.
fn until<T>(wait: Wait, mut call: impl FnMut(Option<Duration>) -> io::Result<T>) -> io::Result<T> {
    let deadline = match wait {
        Wait::Forever => None,
        // A deadline that has passed: what can be done at once is done, ETIMEDOUT otherwise.
        Wait::Never => Some(Duration::ZERO),
        Wait::For(limit) => Some(since_epoch().saturating_add(limit)),
    };
    loop {
        // What cannot block needs no interrupting: messages go back while the signal is still up.
        if wait != Wait::Never && signal::wants_attention() {
            return Err(errno::error(errno::EINTR));
        }
        match call(deadline) {
            Err(error) if errno::is(&error, errno::EINTR) => {}
            Err(error) if wait == Wait::Never && errno::is(&error, errno::ETIMEDOUT) => {
                return Err(errno::error(errno::EAGAIN));
            }
            done => return done,
        }
    }
}

/// The real-time clock, which the deadlines of mq_timedsend(3) are on.
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

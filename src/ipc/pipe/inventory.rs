//! Every pipe and FIFO that processes have open: who reads, who writes, who sleeps there, what is in it.
//!
//! One walk over `/proc` finds the descriptors and the calls that threads sleep in. What is in a pipe is
//! asked of a descriptor of somebody who has it open, as a duplicate (pidfd_getfd(2)): that is the same open
//! file, so the pipe gets no further reader or writer. Where we may not trace the process, its descriptor is
//! opened anew through `/proc/PID/fd`, the same way round: for that moment the pipe has one reader or writer
//! more, so a writer whose last reader ends just then learns of it a little later.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::sys::stat::fstat;

use crate::sys::{errno, fd, pidfd};

mod chain;
mod sleep;
mod walk;

pub use chain::{Chain, Stage, Stall, Why};
pub use sleep::{Doing, Sleeper};

/// By what a pipe is known while it exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// A pipe without a name: its inode on the file system of pipes.
    Anonymous(u64),
    /// A FIFO.
    Fifo {
        /// The device of its file system.
        device: u64,
        /// Its inode there.
        inode: u64,
    },
}

impl Identity {
    /// Its inode.
    #[must_use]
    pub fn inode(self) -> u64 {
        match self {
            Self::Anonymous(inode) | Self::Fifo { inode, .. } => inode,
        }
    }
}

/// What a descriptor may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// To read.
    Read,
    /// To write.
    Write,
    /// Both: a FIFO opened with O_RDWR is its own partner.
    Both,
}

impl Access {
    /// Whether it reads.
    #[must_use]
    pub fn reads(self) -> bool {
        self != Self::Write
    }

    /// Whether it writes.
    #[must_use]
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

/// A descriptor that is open on a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Whose it is: a key of [`Inventory::processes`].
    pub pid: i32,
    /// Its number there.
    pub descriptor: u32,
    /// What it may be used for.
    pub access: Access,
}

/// A process at some pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its command name.
    pub command: String,
    /// Its effective user.
    pub uid: u32,
    /// Its parent.
    pub parent: i32,
    /// The letter of its state: proc_pid_stat(5).
    pub state: char,
}

/// A pipe or FIFO.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipe {
    /// By what it is known.
    pub identity: Identity,
    /// The path of a FIFO, as the first process that was seen at it has it.
    pub path: Option<PathBuf>,
    /// Bytes that it has room for (F_GETPIPE_SZ); `None` where nobody has it open or we may not know.
    pub capacity: Option<usize>,
    /// Bytes written and not read yet (FIONREAD); `None` where we may not know.
    pub unread: Option<usize>,
    /// The descriptors that are open on it, by pid and number.
    pub ends: Vec<End>,
    /// The threads that sleep there.
    pub sleepers: Vec<Sleeper>,
}

impl Pipe {
    /// A pipe that nobody is at.
    #[must_use]
    pub fn unused(identity: Identity) -> Self {
        Self { unread: Some(0), ..Self::new(identity) }
    }

    fn new(identity: Identity) -> Self {
        Self { identity, path: None, capacity: None, unread: None, ends: Vec::new(), sleepers: Vec::new() }
    }

    fn forget(&mut self, pid: i32) {
        self.ends.retain(|end| end.pid != pid);
        self.sleepers.retain(|sleeper| sleeper.pid != pid);
    }

    /// The descriptors that may read from it.
    pub fn readers(&self) -> impl Iterator<Item = &End> {
        self.ends.iter().filter(|end| end.access.reads())
    }

    /// The descriptors that may write to it.
    pub fn writers(&self) -> impl Iterator<Item = &End> {
        self.ends.iter().filter(|end| end.access.writes())
    }

    /// Who sleeps in open(2) for want of a partner.
    pub fn openers(&self) -> impl Iterator<Item = &Sleeper> {
        self.sleepers.iter().filter(|sleeper| matches!(sleeper.doing, Doing::Opening(_)))
    }

    /// Whether somebody sleeps because it is empty, because it is full, or for want of a partner.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.sleepers.iter().any(|sleeper| match sleeper.doing {
            Doing::Reading => self.unread.is_none_or(|unread| unread == 0),
            Doing::Writing | Doing::Opening(_) => true,
            // An event loop waits for many things.
            Doing::Polling(_) => false,
        })
    }
}

/// The pipes that we may see.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The pipes: those without a name by their inode, then the FIFOs.
    pub pipes: Vec<Pipe>,
    /// The processes at them, by pid.
    pub processes: BTreeMap<i32, Process>,
    /// How many processes may be at some pipe that we may not look at.
    pub hidden: usize,
    /// How many of those that we see may sleep in calls that we may not see.
    pub hidden_sleepers: usize,
}

impl Inventory {
    /// All pipes and FIFOs.
    pub fn read() -> io::Result<Self> {
        Self::walk(None)
    }

    /// One pipe or FIFO alone; it is in [`Inventory::pipes`] even where nobody is at it.
    pub fn of(identity: Identity) -> io::Result<Self> {
        let mut found = Self::walk(Some(identity))?;
        if found.pipes.is_empty() {
            found.pipes.push(Pipe::unused(identity));
        }
        Ok(found)
    }

    /// The pipe of this identity.
    #[must_use]
    pub fn get(&self, identity: Identity) -> Option<&Pipe> {
        self.pipes.iter().find(|pipe| pipe.identity == identity)
    }

    /// The pipe that a descriptor of a process is open on.
    #[must_use]
    pub fn at(&self, pid: i32, descriptor: u32) -> Option<&Pipe> {
        self.pipes.iter().find(|pipe| pipe.ends.iter().any(|end| (end.pid, end.descriptor) == (pid, descriptor)))
    }
}

/// Asks how much is in a pipe, and how much could be.
fn measure(pipe: &mut Pipe) {
    if pipe.ends.is_empty() {
        // The kernel keeps what is in a FIFO only while somebody has it open.
        pipe.unread = Some(0);
        return;
    }
    let Some(descriptor) = pipe.ends.iter().find_map(|end| open(pipe.identity, end).ok()) else { return };
    pipe.unread = fd::unread(&descriptor).ok();
    pipe.capacity = fd::pipe_capacity(&descriptor);
}

/// A descriptor of ours on the pipe that this end belongs to: a duplicate of it where we may have one, else
/// opened anew. ESTALE where the end belongs to another pipe by now.
pub fn open(identity: Identity, end: &End) -> io::Result<OwnedFd> {
    let duplicate = pidfd::open(end.pid).and_then(|process| pidfd::duplicate(process, end.descriptor));
    let descriptor = match duplicate {
        Ok(descriptor) => descriptor,
        Err(_) => reopen(&PathBuf::from(format!("/proc/{}/fd/{}", end.pid, end.descriptor)), end.access)?,
    };
    let is_it = fstat(descriptor.as_fd())?.st_ino == identity.inode() && fd::pipe_capacity(&descriptor).is_some();
    if is_it { Ok(descriptor) } else { Err(errno::error(errno::ESTALE)) }
}

/// Opened in the way that its owner has it, so that nobody who waits for a partner takes us for one.
fn reopen(path: &Path, access: Access) -> io::Result<OwnedFd> {
    let mut options = OpenOptions::new();
    options.read(access.reads()).write(access.writes()).custom_flags(fd::NON_BLOCKING);
    options.open(path).map(OwnedFd::from)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn our_own_pipe_is_in_the_inventory() {
        let (read, mut write) = io::pipe().expect("a pipe");
        write.write_all(b"seven b").expect("room");
        let file = std::fs::File::from(OwnedFd::from(read.try_clone().expect("a descriptor")));
        let identity = Identity::Anonymous(file.metadata().expect("open").ino());
        let found = Inventory::of(identity).expect("/proc");
        let [pipe] = found.pipes.as_slice() else { panic!("{found:?}") };
        let own = std::process::id().cast_signed();
        assert_eq!((pipe.unread, pipe.capacity), (Some(7), fd::pipe_capacity(&read)));
        assert!(pipe.readers().filter(|end| end.pid == own).count() >= 2, "{pipe:?}");
        assert_eq!(pipe.writers().filter(|end| end.pid == own).count(), 1, "{pipe:?}");
        assert!(found.processes.contains_key(&own));
        assert!(!pipe.is_stuck());
    }

    #[test]
    fn a_pipe_that_nobody_has_is_empty() {
        let found = Inventory::of(Identity::Fifo { device: u64::MAX, inode: 1 }).expect("/proc");
        assert_eq!((found.pipes.len(), found.pipes[0].unread, found.pipes[0].ends.len()), (1, Some(0), 0));
    }
}

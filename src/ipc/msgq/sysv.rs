//! System V message queues: msgget(2), msgop(2), msgctl(2).

use std::io;

use super::Changes;
use crate::ipc::object::no_such_id;
use crate::ipc::wait::blocking;
use crate::ipc::{Id, Key, Mode, Name, Wait};
use crate::sys::{errno, msg};

mod inventory;

pub(in crate::ipc) use inventory::SLOTS;
pub use inventory::{Limits, QueueStatus, Usage, limits, list, usage};

/// Bytes that stand before the text of a message in memory: its type, as `struct msgbuf` has it.
pub const HEADER: usize = msg::HEADER;

/// The type of a message: 1 to 2^63-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Type(i64);

impl Type {
    /// The type of a message that nobody gave one.
    pub const ONE: Self = Self(1);

    /// The type of this number, which must be above 0.
    #[must_use]
    pub const fn new(number: i64) -> Option<Self> {
        if number > 0 { Some(Self(number)) } else { None }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The header of a message of this type, in native byte order.
    #[must_use]
    pub const fn header(self) -> [u8; HEADER] {
        self.0.to_ne_bytes()
    }

    fn of_header(message: &[u8]) -> Self {
        let mut header = [0; HEADER];
        header.copy_from_slice(&message[..HEADER]);
        Self(i64::from_ne_bytes(header))
    }
}

/// Which message to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Select {
    /// The oldest of all.
    Any,
    /// The oldest of this type.
    Exactly(Type),
    /// The oldest of the lowest type that is at most this.
    UpTo(Type),
    /// The oldest of any other type (`MSG_EXCEPT`).
    Not(Type),
}

/// Which message to take, and whether what does not fit into the buffer may be cut off and lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Take {
    /// Which.
    pub select: Select,
    /// `MSG_NOERROR`.
    pub truncate: bool,
}

impl From<Select> for Take {
    fn from(select: Select) -> Self {
        Self { select, truncate: false }
    }
}

/// A message that [`Queue::receive`] put into the caller's buffer, behind its [`HEADER`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its type.
    pub kind: Type,
    /// Length of its text.
    pub length: usize,
}

/// A queue, by its identifier. Nothing is held open: the kernel finds it anew in every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue(Id);

impl Queue {
    /// The queue of this identifier; whether there is one shows at the first call.
    #[must_use]
    pub const fn at(id: Id) -> Self {
        Self(id)
    }

    /// The queue of this key, ENOENT where there is none.
    #[doc(alias = "msgget")]
    pub fn open(key: Key) -> io::Result<Self> {
        msg::get(key.get(), 0).map(Self::of_kernel)
    }

    /// The queue that a System V name names; EINVAL for any other name.
    pub fn named(name: &Name) -> io::Result<Self> {
        match (name, name.key()?) {
            (Name::Id(id), _) => Ok(Self::at(*id)),
            (_, Some(key)) => Self::open(key),
            _ => Err(errno::error(errno::EINVAL)),
        }
    }

    /// A new queue that no key finds.
    #[doc(alias = "IPC_PRIVATE")]
    pub fn create_private(mode: Mode) -> io::Result<Self> {
        msg::get(msg::IPC_PRIVATE, i32::from(mode.bits())).map(Self::of_kernel)
    }

    /// A new queue of this key, EEXIST where there is one.
    #[doc(alias = "IPC_EXCL")]
    pub fn create(key: Key, mode: Mode) -> io::Result<Self> {
        msg::get(key.get(), msg::IPC_CREAT | msg::IPC_EXCL | i32::from(mode.bits())).map(Self::of_kernel)
    }

    fn of_kernel(id: i32) -> Self {
        Self(Id::new(id).expect("the kernel hands out no negative identifier"))
    }

    /// Its identifier.
    #[must_use]
    pub const fn id(self) -> Id {
        self.0
    }

    /// Sends a message: [`Type::header`], then the text.
    ///
    /// EAGAIN or ETIMEDOUT when the queue stayed full, EIDRM when it was removed meanwhile, EMSGSIZE
    /// when the text is longer than [`Limits::max_message`], EINTR when a signal came.
    #[doc(alias = "msgsnd")]
    pub fn send(self, message: &[u8], wait: Wait) -> io::Result<()> {
        let sent = blocking(wait, errno::EAGAIN, |waits| msg::send(self.0.get(), message, or_not(waits)));
        // To the kernel both are an invalid argument.
        sent.map_err(|error| match limits() {
            Ok(limits) if errno::is(&error, errno::EINVAL) && message.len() - HEADER > limits.max_message => {
                errno::error(errno::EMSGSIZE)
            }
            _ => no_such_id(error),
        })
    }

    /// Takes a message into `buffer`, behind [`HEADER`] bytes.
    ///
    /// ENOMSG or ETIMEDOUT when none came, EIDRM when the queue was removed meanwhile, EINTR when a
    /// signal came, E2BIG when the text does not fit and may not be cut; then the message stays.
    #[doc(alias = "msgrcv")]
    pub fn receive(self, buffer: &mut [u8], take: impl Into<Take>, wait: Wait) -> io::Result<Received> {
        let take = take.into();
        let (number, flag) = match take.select {
            Select::Any => (0, 0),
            Select::Exactly(kind) => (kind.get(), 0),
            Select::UpTo(kind) => (-kind.get(), 0),
            Select::Not(kind) => (kind.get(), msg::MSG_EXCEPT),
        };
        let flag = if take.truncate { flag | msg::MSG_NOERROR } else { flag };
        let length =
            blocking(wait, errno::ENOMSG, |waits| msg::receive(self.0.get(), buffer, number, or_not(waits) | flag))
                .map_err(no_such_id)?;
        Ok(Received { kind: Type::of_header(buffer), length })
    }

    /// Copies the message at `index`, 0 being the oldest, and leaves it there (Linux 3.8).
    ///
    /// ENOMSG when there are not that many, E2BIG when it does not fit, EMSGSIZE when it is longer than
    /// `kernel.msgmax` is by now, ENOSYS when the kernel was built without `CONFIG_CHECKPOINT_RESTORE`.
    #[doc(alias = "MSG_COPY")]
    pub fn peek(self, buffer: &mut [u8], index: u32) -> io::Result<Received> {
        let flags = msg::MSG_COPY | msg::IPC_NOWAIT;
        let length = msg::receive(self.0.get(), buffer, index.into(), flags).map_err(|error| {
            // To the kernel both are an invalid argument.
            let is_there = errno::is(&error, errno::EINVAL) && self.status().is_ok();
            if is_there { errno::error(errno::EMSGSIZE) } else { no_such_id(error) }
        })?;
        Ok(Received { kind: Type::of_header(buffer), length })
    }

    /// What the kernel knows of it, whoever owns it.
    #[doc(alias = "IPC_STAT")]
    pub fn status(self) -> io::Result<QueueStatus> {
        self.stat().map(|stat| inventory::of_stat(self.0, &stat))
    }

    fn stat(self) -> io::Result<msg::msqid_ds> {
        inventory::SLOTS.stat_or_listed(self.0, msg::stat)
    }

    /// Changes what `changes` names, and leaves the rest (`IPC_SET`).
    ///
    /// For its owner, its creator or `CAP_SYS_ADMIN`; more bytes than `kernel.msgmnb` need
    /// `CAP_SYS_RESOURCE`, else EPERM.
    #[doc(alias = "IPC_SET")]
    pub fn set(self, changes: &Changes) -> io::Result<()> {
        let mut stat = self.stat()?;
        changes.permissions.apply_to(&mut stat.msg_perm);
        stat.msg_qbytes = changes.max_bytes.unwrap_or(stat.msg_qbytes);
        msg::set(self.0.get(), &mut stat).map_err(no_such_id)
    }

    /// Removes it; whoever sleeps on it gets EIDRM.
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> io::Result<()> {
        msg::remove(self.0.get()).map_err(no_such_id)
    }
}

/// The flag of a call that shall wait, or not.
const fn or_not(waits: bool) -> i32 {
    if waits { 0 } else { msg::IPC_NOWAIT }
}

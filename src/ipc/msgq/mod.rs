//! Message queues: System V ([`sysv`], msgget(2)) and POSIX ([`posix`], mq_overview(7)), and
//! [`Queue`] for whoever takes both.

use std::io;

use super::{Mode, Name, Wait};
use crate::sys::errno;

pub mod posix;
pub mod sysv;
pub mod users;

use posix::{Access, Capacity};
use sysv::{HEADER, Select, Take, Type};

/// A queue of either kind.
#[derive(Debug)]
pub enum Queue {
    /// System V: messages have types.
    SystemV(sysv::Queue),
    /// POSIX: messages have priorities.
    Posix(posix::Queue),
}

/// What is to be changed of a queue; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Owner and mode.
    pub permissions: super::Changes,
    /// Bytes of text it may hold (System V).
    pub max_bytes: Option<u64>,
}

/// A message in the caller's buffer, behind [`HEADER`] bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Its type (System V) or priority (POSIX).
    pub tag: i64,
    /// Length of its text.
    pub length: usize,
}

impl Queue {
    /// The queue of this name.
    pub fn open(name: &Name, access: Access) -> io::Result<Self> {
        match name {
            Name::Posix(name) => posix::Queue::open(name, access).map(Self::Posix),
            _ => sysv::Queue::named(name).map(Self::SystemV),
        }
    }

    /// A new queue, EEXIST where there is one; `capacity` is for POSIX queues.
    ///
    /// An identifier names no queue that could be made: EINVAL.
    pub fn create(name: &Name, mode: Mode, capacity: Option<Capacity>) -> io::Result<Self> {
        match (name, name.key()?) {
            (Name::Posix(name), _) => posix::Queue::create(name, mode, capacity).map(Self::Posix),
            (Name::Private, _) => sysv::Queue::create_private(mode).map(Self::SystemV),
            (_, Some(key)) => sysv::Queue::create(key, mode).map(Self::SystemV),
            _ => Err(errno::error(errno::EINVAL)),
        }
    }

    /// Removes the queue of this name.
    pub fn remove(name: &Name) -> io::Result<()> {
        match name {
            Name::Posix(name) => posix::Queue::remove(name),
            _ => sysv::Queue::named(name)?.remove(),
        }
    }

    /// The name by which this very queue is found: a System V one by its identifier.
    #[must_use]
    pub fn name(&self, opened_as: &Name) -> Name {
        match self {
            Self::SystemV(queue) => Name::Id(queue.id()),
            Self::Posix(_) => opened_as.clone(),
        }
    }

    /// Sends `message`: [`HEADER`] bytes that this overwrites, then the text. `tag` is its type or
    /// priority.
    ///
    /// EINVAL when the tag is out of range, and the errors of the kind's own `send`.
    pub fn send(&self, message: &mut [u8], tag: i64, wait: Wait) -> io::Result<()> {
        let out_of_range = || errno::error(errno::EINVAL);
        match self {
            Self::SystemV(queue) => {
                let kind = Type::new(tag).ok_or_else(out_of_range)?;
                message[..HEADER].copy_from_slice(&kind.header());
                queue.send(message, wait)
            }
            Self::Posix(queue) => {
                let priority = u32::try_from(tag).map_err(|_| out_of_range())?;
                queue.send(&message[HEADER..], priority, wait)
            }
        }
    }

    /// Takes a message into `buffer`, behind [`HEADER`] bytes; what they held is lost.
    ///
    /// A POSIX queue knows no selection and cuts nothing: EINVAL for any but [`Select::Any`].
    pub fn receive(&self, buffer: &mut [u8], take: impl Into<Take>, wait: Wait) -> io::Result<Received> {
        let take = take.into();
        match self {
            Self::SystemV(queue) => {
                let received = queue.receive(buffer, take, wait)?;
                Ok(Received { tag: received.kind.get(), length: received.length })
            }
            Self::Posix(_) if take != Take::from(Select::Any) => Err(errno::error(errno::EINVAL)),
            Self::Posix(queue) => {
                let (length, priority) = queue.receive(&mut buffer[HEADER..], wait)?;
                Ok(Received { tag: priority.into(), length })
            }
        }
    }
}

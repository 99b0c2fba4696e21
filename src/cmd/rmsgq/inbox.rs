//! A queue that messages are taken from: which of them, how long they can be, how it is opened.

use std::io::{self, ErrorKind};

use anyhow::Context as _;
use clap::Args;

use crate::framing::{Label, Writer};
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::{HEADER, Select, Take, Type};
use crate::ipc::{Name, Wait};
use crate::sys::errno;

/// Which messages to take (System V).
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub(super) struct SelectArgs {
    /// Take messages of type N alone (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    r#type: Option<Type>,

    /// Take messages of the lowest type that is at most N (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    up_to: Option<Type>,

    /// Take messages of any type but N (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    not_type: Option<Type>,
}

impl SelectArgs {
    pub(super) fn select(&self) -> Select {
        match (self.r#type, self.up_to, self.not_type) {
            (Some(kind), _, _) => Select::Exactly(kind),
            (_, Some(kind), _) => Select::UpTo(kind),
            (_, _, Some(kind)) => Select::Not(kind),
            _ => Select::Any,
        }
    }
}

pub(super) fn message_type(text: &str) -> Result<Type, String> {
    text.parse().ok().and_then(Type::new).ok_or_else(|| format!("a type is a number from 1 to {}", i64::MAX))
}

/// What JSON calls the number that a message of this queue has.
pub(super) fn label_of(name: &Name) -> Label {
    if matches!(name, Name::Posix(_)) { Label::Priority } else { Label::Type }
}

/// Opened for sending too where we may: what cannot be delivered goes back.
pub(super) fn open(name: &Name) -> anyhow::Result<Queue> {
    let Name::Posix(_) = name else { return super::open(name, Access::Receive) };
    match Queue::open(name, Access::Both) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => super::open(name, Access::Receive),
        opened => opened.with_context(|| format!("cannot open queue {name}")),
    }
}

/// A queue, and how long its messages can be.
pub(super) struct Inbox {
    pub(super) queue: Queue,
    /// Room for a message; more is made where the kernel says that it is not enough.
    room: usize,
    /// The most that there may be.
    most: usize,
}

impl Inbox {
    pub(super) fn new(queue: Queue, max_size: Option<usize>) -> io::Result<Self> {
        let (room, most) = match &queue {
            // msgmax would not tell of messages from before it was lowered; no message is longer than an int.
            Queue::SystemV(_) => {
                let most = max_size.unwrap_or(usize::MAX).min(i32::MAX as usize);
                (most.min(8192), most)
            }
            Queue::Posix(queue) => {
                let size = usize::try_from(queue.attributes()?.max_size).unwrap_or(0);
                (size, size)
            }
        };
        Ok(Self { queue, room, most })
    }

    /// Takes one message into the writer.
    pub(super) fn take(&mut self, writer: &mut Writer<'_>, take: Take, wait: Wait) -> io::Result<()> {
        let most = self.most;
        self.with_room(|queue, room| {
            // Nothing is cut while there may be more room.
            let take = Take { truncate: take.truncate && room == most, ..take };
            writer.receive_with(HEADER, room, |slot| {
                queue.receive(slot, take, wait).map(|received| (received.length, received.tag))
            })
        })
    }

    /// Tries with more room until the message fits.
    pub(super) fn with_room<T>(&mut self, mut attempt: impl FnMut(&Queue, usize) -> io::Result<T>) -> io::Result<T> {
        loop {
            match attempt(&self.queue, self.room) {
                Err(error) if errno::is(&error, errno::E2BIG) && self.room < self.most => {
                    self.room = (self.room * 2).min(self.most);
                }
                done => return done,
            }
        }
    }
}

/// Nothing to take now: ENOMSG of System V, EAGAIN of POSIX.
pub(super) fn is_empty(error: &io::Error) -> bool {
    errno::is(error, errno::ENOMSG) || error.kind() == ErrorKind::WouldBlock
}

//! What a process does at objects, as `/proc` shows it.

use std::collections::HashSet;

use super::{Class, Destination, Object, Thing};
use crate::ipc::lock::Table;
use crate::ipc::sem::sysv::Operation;
use crate::sys::mapping::Wanted;

/// What a process does at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// It lies in its address space.
    Mapped {
        /// It may be written there.
        writable: bool,
        /// What is written there is seen by others.
        shared: bool,
    },
    /// It has a descriptor.
    Open {
        /// It may read through it.
        reads: bool,
        /// It may write through it.
        writes: bool,
    },
    /// Sleeps in msgsnd(2) until there is room.
    Sending,
    /// Sleeps in msgrcv(2) with this type argument.
    Receiving(i64),
    /// Sleeps in semop(2) or semtimedop(2) until these operations can be done; `None` where its memory
    /// may not be read.
    Operating(Option<Vec<Operation>>),
    /// Sleeps in sem_wait(3).
    Waiting,
    /// Sleeps in mq_send(3).
    MqSending,
    /// Sleeps in mq_receive(3).
    MqReceiving,
    /// Is to be told of the next message: mq_notify(3).
    Notified,
    /// Sleeps in open(2) until a FIFO has its other end.
    Opening {
        /// Its own end will be for writing.
        writes: bool,
    },
    /// Sleeps in read(2) or the like.
    Reading,
    /// Sleeps in write(2) or the like.
    Writing,
    /// It has a socket that others can connect to.
    Listening,
    /// It has a socket with another end.
    Connected(OtherEnd),
    /// Sleeps in accept(2) until somebody connects.
    Accepting,
    /// Sleeps in connect(2) until there is room for one more; `None` where that may not be seen.
    Connecting(Option<Destination>),
    /// Sleeps in recv(2) or the like.
    SocketReceiving,
    /// Sleeps in send(2) or the like.
    SocketSending,
    /// Sleeps in poll(2) or the like until it can do this here, or something elsewhere.
    Polling {
        /// What the call is called.
        call: &'static str,
        /// For what.
        until: Until,
    },
    /// Holds a lock on a file.
    Locked(Lock),
    /// Sleeps until it can have a lock on a file.
    Locking {
        /// Which.
        lock: Lock,
        /// The processes that it waits for.
        blocked_by: Vec<i32>,
        /// The circle that it is part of: each of these processes waits for the next.
        circle: Vec<i32>,
    },
}

/// What a call such as poll(2) waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Something can be read.
    Readable,
    /// Something can be written.
    Writable,
    /// One of these two.
    Either,
    /// Somebody connects.
    Connection,
    /// The other end is gone: nothing else was asked for.
    Gone,
}

/// The other end of a connected socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherEnd {
    /// Who has it, as far as that can be seen.
    pub ends: Vec<End>,
    /// It still waits to be accepted: they have the socket that listens.
    pub is_waiting: bool,
}

/// A descriptor of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// The process.
    pub pid: i32,
    /// Its number there; `None` where that could not be seen.
    pub descriptor: Option<u32>,
    /// The command name, exactly.
    pub command: Vec<u8>,
}

/// A lock, in the words of [`lock`](crate::ipc::lock).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// flock, posix or ofd; or lease.
    pub kind: String,
    /// shared or exclusive.
    pub claim: String,
    /// Which bytes.
    pub range: String,
}

impl How {
    /// Whether it sleeps there until somebody else does something. Who waits for many things at once, as an
    /// event loop does, is blocked at none of them.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        let stays = matches!(self, Self::Mapped { .. } | Self::Open { .. } | Self::Listening | Self::Connected(_));
        !stays && !matches!(self, Self::Notified | Self::Polling { .. } | Self::Locked(_))
    }
}

/// A process at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The object.
    pub thing: Thing,
    /// What it does there.
    pub how: How,
    /// The thread that sleeps there.
    pub thread: Option<i32>,
    /// The descriptors that it has or sleeps at, where it has some.
    pub descriptors: Vec<u32>,
    /// Since when, in seconds since the epoch; `None` where nobody keeps account of it.
    pub since: Option<i64>,
}

/// What a walk looks for.
#[derive(Debug, Clone, Default)]
pub struct Attention {
    /// Device and inode of the objects that are files.
    inodes: HashSet<(u64, u64)>,
    /// The kinds of what exists only while it is held.
    classes: HashSet<Class>,
    /// The IPC namespace whose System V objects count; `None` for all.
    namespace: Option<u64>,
    pub(super) descriptors: bool,
    /// Which mappings count: all where among the inodes are some that a process may have mapped for itself
    /// alone, and uses thereby.
    pub(super) mappings: Option<Wanted>,
    pub(super) calls: bool,
}

impl Attention {
    /// For the users of these objects, and of all that is held of these kinds.
    #[must_use]
    pub fn to<'a>(objects: impl IntoIterator<Item = &'a Object>, classes: &[Class], namespace: Option<u64>) -> Self {
        let held: HashSet<Class> = classes.iter().copied().filter(|class| !Class::LASTING.contains(class)).collect();
        let mut attention = Self { namespace, ..Self::default() };
        let (mut is_attached, mut can_be_mapped) = (false, false);
        for object in objects {
            attention.calls |= !matches!(object, Object::Segment(_) | Object::Memory(_));
            match (object, object.thing()) {
                // The kernel counts them: one without any needs no search.
                (Object::Segment(_), _) => is_attached |= object.is_attached(),
                (_, Thing::Inode(device, inode)) => {
                    can_be_mapped |= matches!(object, Object::Memory(_) | Object::Semaphore(_));
                    attention.inodes.insert((device, inode));
                }
                _ => {}
            }
        }
        let has_files = !attention.inodes.is_empty();
        // Where locks are to be looked for, the kernel's table says first: see `regard_locks`.
        attention.descriptors = has_files || held.iter().any(|class| *class != Class::Lock);
        attention.mappings = if can_be_mapped {
            Some(Wanted::Any)
        } else {
            (is_attached || held.contains(&Class::File)).then_some(Wanted::Shared)
        };
        attention.calls |= held.iter().any(|class| !matches!(class, Class::File | Class::Lock));
        attention.classes = held;
        attention
    }

    /// Looks at what processes sleep in, whatever there is.
    pub fn add_calls(&mut self) {
        self.calls = true;
    }

    /// Where locks are looked for, this is the kernel's table of them; there are none without one.
    pub(super) fn regard_locks(&mut self, table: Option<&Table>) {
        if let Some(table) = table {
            self.descriptors = true;
            self.calls |= table.has_waiters();
        } else {
            self.classes.remove(&Class::Lock);
        }
    }

    /// Whether all processes together tell what one does: who has the other end of its socket, whom it waits
    /// for.
    pub(super) fn is_about_others(&self) -> bool {
        self.wants(Class::Socket) || self.wants(Class::Lock)
    }

    /// Whether there is nothing to see.
    pub(super) const fn is_nothing(&self) -> bool {
        !(self.descriptors || self.mappings.is_some() || self.calls)
    }

    pub(super) fn includes(&self, namespace: Option<u64>) -> bool {
        self.namespace.is_none() || self.namespace == namespace
    }

    pub(super) fn wants(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }

    pub(super) fn knows(&self, inode: (u64, u64)) -> bool {
        self.inodes.contains(&inode)
    }
}

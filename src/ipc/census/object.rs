//! Objects of any kind under one roof.

use std::fmt;
use std::io;

use super::Held;
use crate::ipc::msgq::{posix as posix_queue, sysv as queue};
use crate::ipc::sem::{posix as semaphore, sysv as set};
use crate::ipc::shm::{self, SegmentStatus};
use crate::ipc::{Id, Key, PosixFile, PosixObject, SystemVObject, Timestamp, posix_files};
use crate::sys::errno;

/// The kinds of object that a census knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// A message queue, System V or POSIX.
    Queue,
    /// Shared memory: a System V segment or a POSIX object.
    Segment,
    /// A System V semaphore set.
    Set,
    /// A POSIX named semaphore.
    Semaphore,
    /// A file that is mapped to be shared, or memory without a name.
    File,
    /// A FIFO that somebody has open.
    Fifo,
    /// A pipe without a name.
    Pipe,
    /// A unix socket.
    Socket,
    /// A file that is locked.
    Lock,
}

impl Class {
    /// Those that exist whether or not a process has them.
    pub const LASTING: [Self; 4] = [Self::Queue, Self::Segment, Self::Set, Self::Semaphore];

    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Queue,
        Self::Segment,
        Self::Set,
        Self::Semaphore,
        Self::File,
        Self::Fifo,
        Self::Pipe,
        Self::Socket,
        Self::Lock,
    ];

    /// Its name, which stands before an object's where its kind has to be told: `set:3`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Segment => "segment",
            Self::Set => "set",
            Self::Semaphore => "semaphore",
            Self::File => "file",
            Self::Fifo => "fifo",
            Self::Pipe => "pipe",
            Self::Socket => "socket",
            Self::Lock => "lock",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What makes an object itself, as processes are seen to use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// A System V queue; as the next two, of one IPC namespace.
    Queue(Id),
    /// A System V segment.
    Segment(Id),
    /// A System V set.
    Set(Id),
    /// Whatever is a file to the kernel, by device and inode.
    Inode(u64, u64),
    /// The locks on a file, by its device and inode.
    Lock(u64, u64),
}

impl Thing {
    /// The identifier, if it is a set.
    #[must_use]
    pub const fn as_set(self) -> Option<Id> {
        if let Self::Set(id) = self { Some(id) } else { None }
    }

    /// Whether it means something in one IPC namespace alone.
    #[must_use]
    pub const fn is_of_namespace(self) -> bool {
        matches!(self, Self::Queue(_) | Self::Segment(_) | Self::Set(_))
    }
}

/// An object, and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A System V queue.
    Queue(queue::QueueStatus),
    /// A POSIX queue.
    PosixQueue(posix_queue::QueueStatus),
    /// A System V segment.
    Segment(SegmentStatus),
    /// A POSIX shared memory object.
    Memory(PosixFile),
    /// A System V set.
    Set(set::SetStatus),
    /// A POSIX semaphore.
    Semaphore(semaphore::NamedSemaphore),
    /// What exists only as long as processes have it.
    Held(Held),
}

impl Object {
    /// What kind of object it is.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Queue(_) | Self::PosixQueue(_) => Class::Queue,
            Self::Segment(_) | Self::Memory(_) => Class::Segment,
            Self::Set(_) => Class::Set,
            Self::Semaphore(_) => Class::Semaphore,
            Self::Held(held) => held.class,
        }
    }

    /// By what its users are known.
    #[must_use]
    pub fn thing(&self) -> Thing {
        let (device, inode) = match self {
            Self::Queue(queue) => return Thing::Queue(queue.id),
            Self::Segment(segment) => return Thing::Segment(segment.id),
            Self::Set(set) => return Thing::Set(set.id),
            Self::PosixQueue(queue) => queue.file.inode,
            Self::Memory(file) => file.inode,
            Self::Semaphore(semaphore) => semaphore.file.inode,
            Self::Held(Held { class: Class::Lock, inode: (device, inode), .. }) => return Thing::Lock(*device, *inode),
            Self::Held(held) => held.inode,
        };
        Thing::Inode(device, inode)
    }

    /// What all System V objects have, if it is one.
    #[must_use]
    pub fn system_v(&self) -> Option<&dyn SystemVObject> {
        match self {
            Self::Queue(object) => Some(object),
            Self::Segment(object) => Some(object),
            Self::Set(object) => Some(object),
            _ => None,
        }
    }

    /// The file that a POSIX object is.
    #[must_use]
    pub fn file(&self) -> Option<&PosixFile> {
        match self {
            Self::PosixQueue(object) => Some(object.file()),
            Self::Memory(object) => Some(object),
            Self::Semaphore(object) => Some(object.file()),
            _ => None,
        }
    }

    /// Its name: an identifier or a POSIX name.
    #[must_use]
    pub fn name(&self) -> Vec<u8> {
        let mut name = Vec::new();
        self.push_name(&mut name);
        name
    }

    /// Puts its name behind what `text` holds.
    fn push_name(&self, text: &mut Vec<u8>) {
        match (self, self.system_v(), self.file()) {
            (Self::Held(held), ..) => text.extend_from_slice(&held.name),
            (_, Some(object), _) => text.extend_from_slice(itoa::Buffer::new().format(object.id().get()).as_bytes()),
            (_, None, file) => text.extend_from_slice(file.map(|file| file.name.as_bytes()).unwrap_or_default()),
        }
    }

    /// Its name with its kind before it: `set:3`, `queue:/jobs`, `fifo:/tmp/x`.
    #[must_use]
    pub fn full_name(&self) -> Vec<u8> {
        let mut name = Vec::with_capacity(24);
        name.extend_from_slice(self.class().word().as_bytes());
        name.push(b':');
        self.push_name(&mut name);
        name
    }

    /// The user who owns it.
    #[must_use]
    pub fn owner(&self) -> Option<u32> {
        match self {
            Self::Held(held) => held.uid,
            _ => self.system_v().map(|object| object.permissions().uid).or(self.file().map(|file| file.uid)),
        }
    }

    /// Its System V key.
    #[must_use]
    pub fn key(&self) -> Option<Key> {
        self.system_v()?.permissions().key
    }

    /// When something happened to it last.
    #[must_use]
    pub fn last_used(&self) -> Timestamp {
        self.system_v().map_or_else(|| self.file().map(|file| file.modified), SystemVObject::last_used)
    }
}

/// Asks for the values of the sets among them; those that we may not read keep none.
pub fn add_values(objects: &mut [&mut Object]) {
    set::add_values(sets(objects));
}

/// Asks how many processes sleep on the sets among them; those that we may not read keep no number.
pub fn add_waiting(objects: &mut [&mut Object]) {
    set::add_waiting(sets(objects));
}

/// Asks what of the segments among them lies in memory and in swap.
pub fn add_residence(objects: &mut [&mut Object]) -> io::Result<()> {
    shm::add_residence(objects.iter_mut().filter_map(|object| match object {
        Object::Segment(segment) => Some(segment),
        _ => None,
    }))
}

fn sets<'a>(objects: &'a mut [&mut Object]) -> impl Iterator<Item = &'a mut set::SetStatus> {
    objects.iter_mut().filter_map(|object| match object {
        Object::Set(set) => Some(set),
        _ => None,
    })
}

impl Object {
    /// Whether the kernel names this process as one that made it or used it last.
    #[must_use]
    pub fn names(&self, pid: i32) -> bool {
        match self {
            Self::Queue(queue) => [queue.last_sender, queue.last_receiver].contains(&pid),
            Self::Segment(segment) => [segment.creator_pid, segment.last_pid].contains(&pid),
            Self::PosixQueue(queue) => queue.notified == Some(pid),
            _ => false,
        }
    }

    /// Whether somebody has it attached, as the kernel counts it.
    #[must_use]
    pub const fn is_attached(&self) -> bool {
        matches!(self, Self::Segment(segment) if segment.attaches > 0)
    }
}

impl Object {
    /// Removes it: a System V object with all that is in it, of a POSIX object the name.
    ///
    /// EINVAL for what ends with its processes.
    pub fn remove(&self) -> io::Result<()> {
        match self {
            Self::Queue(status) => queue::Queue::at(status.id).remove(),
            Self::Segment(status) => shm::sysv::Segment::at(status.id).remove(),
            Self::Set(status) => set::Set::at(status.id).remove(),
            Self::PosixQueue(status) => posix_queue::Queue::remove(&status.file.name),
            Self::Memory(file) => shm::object::remove(&posix_files::path(b"", &file.name)),
            Self::Semaphore(status) => semaphore::Semaphore::remove(&status.file.name),
            Self::Held(_) => Err(errno::error(errno::EINVAL)),
        }
    }

    /// The same object as the kernel shows it now; `None` when it is gone, or another has its name.
    pub fn again(&self) -> io::Result<Option<Self>> {
        let now = match self {
            Self::Queue(status) => queue::Queue::at(status.id).status().map(Self::Queue),
            Self::Segment(status) => shm::sysv::Segment::at(status.id).status().map(Self::Segment),
            Self::Set(status) => set::Set::at(status.id).status().map(Self::Set),
            Self::PosixQueue(status) => posix_queue::status(&status.file.name).map(Self::PosixQueue),
            Self::Memory(file) => {
                let path = posix_files::path(b"", &file.name);
                path.symlink_metadata().map(|now| Self::Memory(posix_files::describe(file.name.clone(), &now)))
            }
            Self::Semaphore(status) => semaphore::status(&status.file.name).map(Self::Semaphore),
            Self::Held(held) => Ok(Self::Held(held.clone())),
        };
        match now {
            Ok(now) => Ok(Some(now).filter(|now| now.is_same(self))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// An identifier comes back after a long time, a name at once: key, creator and inode tell.
    fn is_same(&self, other: &Self) -> bool {
        let made = |object: &Self| {
            object.system_v().map(|object| {
                let permissions = object.permissions();
                (permissions.key, permissions.creator_uid, permissions.creator_gid, object.changed())
            })
        };
        self.thing() == other.thing() && made(self) == made(other)
    }
}

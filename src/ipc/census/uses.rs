//! What a process does at objects, as `/proc` shows it.

use std::collections::{HashMap, HashSet};
use std::io;

use super::held::{self, Held};
use super::{Class, Object, Thing};
use crate::ipc::Id;
use crate::ipc::sem::sysv::Operation;
use crate::ipc::sem::users::operations;
use crate::proc::process::Sleep;
use crate::proc::walk::{Process, Walker};
use crate::sys::call::Call;
use crate::sys::errno;

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
    /// Holds a lock on a file.
    Locked(Lock),
    /// Sleeps until it can have a lock on a file.
    Locking(Lock),
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
    /// Whether it sleeps there until somebody else does something.
    #[must_use]
    pub const fn is_blocked(&self) -> bool {
        !matches!(self, Self::Mapped { .. } | Self::Open { .. } | Self::Notified | Self::Locked(_))
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
    descriptors: bool,
    mappings: bool,
    calls: bool,
}

impl Attention {
    /// For the users of these objects, and of all that is held of these kinds.
    #[must_use]
    pub fn to<'a>(objects: impl IntoIterator<Item = &'a Object>, classes: &[Class], namespace: Option<u64>) -> Self {
        // Locks are not found in the walk.
        let is_walked = |class: &Class| !Class::LASTING.contains(class) && *class != Class::Lock;
        let held: HashSet<Class> = classes.iter().copied().filter(is_walked).collect();
        let mut attention = Self { namespace, ..Self::default() };
        for object in objects {
            attention.calls |= !matches!(object, Object::Segment(_) | Object::Memory(_));
            match (object, object.thing()) {
                // The kernel counts them: one without any needs no search.
                (Object::Segment(segment), _) => attention.mappings |= segment.attaches > 0,
                (_, Thing::Inode(device, inode)) => {
                    attention.inodes.insert((device, inode));
                }
                _ => {}
            }
        }
        let has_files = !attention.inodes.is_empty();
        attention.descriptors = has_files || !held.is_empty();
        attention.mappings |= has_files || held.contains(&Class::File);
        attention.calls |= held.iter().any(|class| *class != Class::File);
        attention.classes = held;
        attention
    }

    /// Looks at what processes sleep in, whatever there is.
    pub fn add_calls(&mut self) {
        self.calls = true;
    }

    /// Whether there is nothing to see.
    pub(super) const fn is_nothing(&self) -> bool {
        !(self.descriptors || self.mappings || self.calls)
    }

    pub(super) fn includes(&self, namespace: Option<u64>) -> bool {
        self.namespace.is_none() || self.namespace == namespace
    }

    pub(super) fn wants(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }
}

/// A look at one process.
pub(super) struct Visit<'a> {
    attention: &'a Attention,
    held: &'a mut HashMap<Thing, Held>,
    pub uses: Vec<Use>,
    pub calls_hidden: bool,
    /// Which descriptors and which addresses belong to things that count.
    open: Vec<(u64, Thing)>,
    mapped: Vec<(u64, u64, Thing)>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(attention: &'a Attention, held: &'a mut HashMap<Thing, Held>) -> Self {
        Self { attention, held, uses: Vec::new(), calls_hidden: false, open: Vec::new(), mapped: Vec::new() }
    }

    /// Sees what the process does; EACCES where nothing of it may be seen.
    pub(super) fn look(&mut self, walker: &mut Walker, process: &Process, threads: u64) -> io::Result<()> {
        if self.attention.descriptors {
            self.see_descriptors(walker, process)?;
        }
        if self.attention.mappings {
            self.see_mappings(process)?;
        }
        if !self.attention.calls {
            return Ok(());
        }
        let anything_seen = self.attention.descriptors || self.attention.mappings;
        match walker.sleeps(process, threads) {
            Ok(sleeps) => sleeps.iter().for_each(|(thread, sleep)| self.see_sleep(process, *thread, sleep)),
            Err(error) if anything_seen && (errno::is(&error, errno::EACCES) || errno::is(&error, errno::EPERM)) => {
                self.calls_hidden = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn add(&mut self, thing: Thing, how: How, thread: Option<i32>) {
        if !self.uses.iter().any(|used| used.thing == thing && used.how == how && used.thread == thread) {
            self.uses.push(Use { thing, how, thread, since: None });
        }
    }

    fn see_descriptors(&mut self, walker: &mut Walker, process: &Process) -> io::Result<()> {
        walker.descriptors(process, |process, descriptor| {
            let (device, inode) = descriptor.inode.number;
            let thing = Thing::Inode(device, inode);
            let is_known = self.attention.inodes.contains(&(device, inode)) || self.held.contains_key(&thing);
            if !is_known {
                let Some(held) = held::of_descriptor(self.attention, process, descriptor) else { return };
                self.held.insert(thing, held);
            }
            let (reads, writes) = process.access(descriptor.name);
            self.add(thing, How::Open { reads, writes }, None);
            self.open.push((descriptor.number(), thing));
        })
    }

    fn see_mappings(&mut self, process: &Process) -> io::Result<()> {
        Walker::mappings(process, |mapped, path| {
            let (device, inode) = mapped.inode;
            let mut thing = Thing::Inode(device, inode);
            let is_known = self.attention.inodes.contains(&mapped.inode);
            if !is_known {
                // Segments are always shared, and what is private tells nobody anything.
                if !mapped.shared {
                    return;
                }
                let path = path();
                if path.starts_with(b"/SYSV") {
                    let Some(id) = i32::try_from(inode).ok().and_then(Id::new) else { return };
                    thing = Thing::Segment(id);
                } else if self.attention.wants(Class::File) {
                    let Some(held) = held::of_mapping(&path, mapped.writable, mapped.inode) else { return };
                    self.held.entry(thing).and_modify(|known| known.written |= held.written).or_insert(held);
                } else {
                    return;
                }
            }
            self.add(thing, How::Mapped { writable: mapped.writable, shared: mapped.shared }, None);
            self.mapped.push((mapped.range.0, mapped.range.1, thing));
        })
    }

    fn see_sleep(&mut self, process: &Process, thread: i32, sleep: &Sleep) {
        let seen = match sleep.call {
            Call::Msgrcv => {
                called_id(sleep).map(|id| (Thing::Queue(id), How::Receiving(sleep.arguments[3].cast_signed())))
            }
            Call::Msgsnd => called_id(sleep).map(|id| (Thing::Queue(id), How::Sending)),
            Call::Semop | Call::Semtimedop => {
                called_id(sleep).map(|id| (Thing::Set(id), How::Operating(operations(process.pid, sleep))))
            }
            Call::Futex => self.mapped_at(sleep.arguments[0]).map(|thing| (thing, How::Waiting)),
            Call::MqReceive => self.open_as(sleep.arguments[0]).map(|thing| (thing, How::MqReceiving)),
            Call::MqSend => self.open_as(sleep.arguments[0]).map(|thing| (thing, How::MqSending)),
            Call::Read | Call::Readv => self.open_as(sleep.arguments[0]).map(|thing| (thing, How::Reading)),
            Call::Write | Call::Writev | Call::Vmsplice => {
                self.open_as(sleep.arguments[0]).map(|thing| (thing, How::Writing))
            }
            Call::Open | Call::Openat => self.opening(process, thread, sleep),
            _ => None,
        };
        if let Some((thing, how)) = seen {
            self.add(thing, how, Some(thread));
        }
    }

    /// The FIFO that a thread waits in open(2) for.
    fn opening(&mut self, process: &Process, thread: i32, sleep: &Sleep) -> Option<(Thing, How)> {
        let (held, writes) = held::opening(process.pid, thread, *sleep)?;
        let (device, inode) = held.inode;
        if !self.attention.wants(Class::Fifo) && !self.attention.inodes.contains(&held.inode) {
            return None;
        }
        let thing = Thing::Inode(device, inode);
        self.held.entry(thing).or_insert(held);
        Some((thing, How::Opening { writes }))
    }

    /// An int argument has 32 meaningful bits.
    fn open_as(&self, descriptor: u64) -> Option<Thing> {
        self.open.iter().find(|(number, _)| *number == descriptor & 0xffff_ffff).map(|(_, thing)| *thing)
    }

    fn mapped_at(&self, address: u64) -> Option<Thing> {
        self.mapped.iter().find(|(start, end, _)| (*start..*end).contains(&address)).map(|(.., thing)| *thing)
    }
}

/// The identifier that is the first argument of a System V call.
fn called_id(sleep: &Sleep) -> Option<Id> {
    u32::try_from(sleep.arguments[0] & 0xffff_ffff).ok().and_then(|id| Id::new(id.cast_signed()))
}

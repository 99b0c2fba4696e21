//! A look at one process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::mem::{self, Discriminant};

use super::held::{self, Held};
use super::uses::{Attention, How, Until, Use};
use super::{Class, Thing, sockets};
use crate::ipc::Id;
use crate::ipc::lock::Gathered;
use crate::ipc::sem::users::operations;
use crate::proc::polls::{self, Wait};
use crate::proc::process::Sleep;
use crate::proc::walk::{Process, Walker};
use crate::sys::call::Call;
use crate::sys::errno;
use crate::sys::mapping::Wanted;

/// A look at one process.
pub(super) struct Visit<'a> {
    attention: &'a Attention,
    held: &'a mut HashMap<Thing, Held>,
    locks: &'a mut Gathered,
    pub uses: Vec<Use>,
    pub calls_hidden: bool,
    /// Where the first use of a thing in each way is among the uses.
    known: HashMap<(Thing, Discriminant<How>, Option<i32>), usize>,
    /// Which descriptors and which addresses belong to things that count.
    open: HashMap<u32, Thing>,
    mapped: Vec<(u64, u64, Thing)>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(attention: &'a Attention, held: &'a mut HashMap<Thing, Held>, locks: &'a mut Gathered) -> Self {
        let (uses, known, open, mapped) = (Vec::new(), HashMap::new(), HashMap::new(), Vec::new());
        Self { attention, held, locks, uses, calls_hidden: false, known, open, mapped }
    }

    /// Sees what the process does; EACCES where nothing of it may be seen.
    pub(super) fn look(&mut self, walker: &mut Walker, process: &Process, threads: u64) -> io::Result<()> {
        if self.attention.descriptors {
            self.see_descriptors(walker, process)?;
        }
        if let Some(wanted) = self.attention.mappings {
            self.see_mappings(process, wanted)?;
        }
        if !self.attention.calls {
            return Ok(());
        }
        let anything_seen = self.attention.descriptors || self.attention.mappings.is_some();
        match walker.sleeps(process, threads) {
            Ok(sleeps) => sleeps.iter().for_each(|(thread, sleep)| self.see_sleep(process, *thread, sleep)),
            Err(error) if anything_seen && (errno::is(&error, errno::EACCES) || errno::is(&error, errno::EPERM)) => {
                self.calls_hidden = true;
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn add(&mut self, thing: Thing, how: How, thread: Option<i32>, descriptor: Option<u32>) {
        let is_it = |used: &&mut Use| used.thing == thing && used.how == how && used.thread == thread;
        let first = match self.known.entry((thing, mem::discriminant(&how), thread)) {
            Entry::Occupied(entry) => Some(*entry.get()),
            Entry::Vacant(entry) => {
                entry.insert(self.uses.len());
                None
            }
        };
        if let Some(used) = first.and_then(|first| self.uses[first..].iter_mut().find(is_it)) {
            used.descriptors.extend(descriptor.filter(|number| !used.descriptors.contains(number)));
        } else {
            self.uses.push(Use { thing, how, thread, descriptors: Vec::from_iter(descriptor), since: None });
        }
    }

    fn see_descriptors(&mut self, walker: &mut Walker, process: &Process) -> io::Result<()> {
        walker.descriptors(process, |process, descriptor| {
            let (device, inode) = descriptor.inode.number;
            let thing = Thing::Inode(device, inode);
            if self.attention.wants(Class::Lock) {
                self.locks.add_descriptor(process, descriptor.name);
            }
            let is_known = self.attention.knows((device, inode)) || self.held.contains_key(&thing);
            if !is_known {
                let Some(held) = held::of_descriptor(self.attention, process, descriptor) else { return };
                self.held.insert(thing, held);
            }
            let (reads, writes) = process.access(descriptor.name);
            self.add(thing, How::Open { reads, writes }, None, Some(descriptor.number()));
            self.open.insert(descriptor.number(), thing);
        })
    }

    fn see_mappings(&mut self, process: &Process, wanted: Wanted) -> io::Result<()> {
        Walker::mappings(process, wanted, |mapped, path| {
            let (device, inode) = mapped.inode;
            let mut thing = Thing::Inode(device, inode);
            let is_known = self.attention.knows(mapped.inode);
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
            self.add(thing, How::Mapped { writable: mapped.writable, shared: mapped.shared }, None, None);
            self.mapped.push((mapped.range.0, mapped.range.1, thing));
        })
    }

    fn see_sleep(&mut self, process: &Process, thread: i32, sleep: &Sleep) {
        if self.attention.wants(Class::Lock) {
            self.locks.add_sleep(process.pid, thread, sleep);
        }
        let seen = match sleep.call {
            Call::Msgrcv => {
                called_id(sleep).map(|id| (Thing::Queue(id), How::Receiving(sleep.arguments[3].cast_signed())))
            }
            Call::Msgsnd => called_id(sleep).map(|id| (Thing::Queue(id), How::Sending)),
            Call::Semop | Call::Semtimedop => {
                called_id(sleep).map(|id| (Thing::Set(id), How::Operating(operations(process.pid, sleep))))
            }
            Call::Futex => self.mapped_at(sleep.arguments[0]).map(|thing| (thing, How::Waiting)),
            Call::Open | Call::Openat => self.opening(process, thread, sleep),
            Call::Poll | Call::Select | Call::Epoll => return self.see_poll(process, thread, sleep),
            _ => return self.see_transfer(process, thread, sleep),
        };
        if let Some((thing, how)) = seen {
            self.add(thing, how, Some(thread), None);
        }
    }

    /// A call that moves something through one descriptor.
    fn see_transfer(&mut self, process: &Process, thread: i32, sleep: &Sleep) {
        // An int argument has 32 meaningful bits.
        let Ok(number) = u32::try_from(sleep.arguments[0] & 0xffff_ffff) else { return };
        let Some(&thing) = self.open.get(&number) else { return };
        let how = match sleep.call {
            Call::MqReceive => How::MqReceiving,
            Call::MqSend => How::MqSending,
            Call::Read | Call::Readv => How::Reading,
            Call::Write | Call::Writev | Call::Vmsplice => How::Writing,
            Call::Accept => How::Accepting,
            Call::Connect => How::Connecting(sockets::connecting(process.pid, thread, sleep)),
            Call::Recv => How::SocketReceiving,
            Call::Send => How::SocketSending,
            _ => return,
        };
        self.add(thing, how, Some(thread), Some(number));
    }

    /// A call that waits for many things.
    fn see_poll(&mut self, process: &Process, thread: i32, sleep: &Sleep) {
        if self.open.is_empty() {
            return;
        }
        let call = match sleep.call {
            Call::Poll => "poll",
            Call::Select => "select",
            _ => "epoll_wait",
        };
        for Wait { descriptor, inode, reads, writes } in polls::of(process.pid, *sleep) {
            let until = match (reads, writes) {
                (true, true) => Until::Either,
                (true, false) => Until::Readable,
                (false, true) => Until::Writable,
                (false, false) => Until::Gone,
            };
            // The number may mean something else by now.
            let by_inode = inode.map(|(device, inode)| Thing::Inode(device, inode));
            let thing = by_inode.or_else(|| self.open.get(&descriptor).copied());
            if let Some(thing) = thing.filter(|thing| self.has_open(*thing)) {
                self.add(thing, How::Polling { call, until }, Some(thread), Some(descriptor));
            }
        }
    }

    /// The FIFO that a thread waits in open(2) for.
    fn opening(&mut self, process: &Process, thread: i32, sleep: &Sleep) -> Option<(Thing, How)> {
        let (held, writes) = held::opening(process.pid, thread, *sleep)?;
        let (device, inode) = held.inode;
        if !self.attention.wants(Class::Fifo) && !self.attention.knows(held.inode) {
            return None;
        }
        let thing = Thing::Inode(device, inode);
        self.held.entry(thing).or_insert(held);
        Some((thing, How::Opening { writes }))
    }

    fn has_open(&self, thing: Thing) -> bool {
        let open = mem::discriminant(&How::Open { reads: true, writes: true });
        self.known.contains_key(&(thing, open, None))
    }

    fn mapped_at(&self, address: u64) -> Option<Thing> {
        self.mapped.iter().find(|(start, end, _)| (*start..*end).contains(&address)).map(|(.., thing)| *thing)
    }
}

/// The identifier that is the first argument of a System V call.
fn called_id(sleep: &Sleep) -> Option<Id> {
    u32::try_from(sleep.arguments[0] & 0xffff_ffff).ok().and_then(|id| Id::new(id.cast_signed()))
}

//! The walk: every process is looked at once, whatever is asked about.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::{Mutex, PoisonError};
use std::{mem, thread};

use super::held::Held;
use super::uses::{Attention, How, Use};
use super::visit::Visit;
use super::{Class, Object, Thing};
use crate::ipc::Id;
use crate::ipc::lock::{Gathered, Table};
use crate::ipc::sem::sysv::{self, Set};
use crate::proc::clocks::Clocks;
use crate::proc::pids::Pids;
use crate::proc::walk::{self, Walker};
use crate::sys::{errno, heap};

/// Processes that a thread takes at a time, of those that were asked for.
const SHARE: usize = 32;

/// Up to how many processes a second thread is not worth its start.
const FEW: usize = 64;

/// Threads that walk: the kernel's locks let no more through.
const THREADS: usize = 2;

/// A process that is at one object at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its pid.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// The command name, exactly.
    pub command: Vec<u8>,
    /// When it started, in seconds since the epoch.
    pub started: i64,
    /// The number of its IPC namespace, where it uses an object of one.
    pub namespace: Option<u64>,
    /// What it does where.
    pub uses: Vec<Use>,
}

/// How many processes could not be looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hidden {
    /// Those of which nothing could be seen.
    pub whole: usize,
    /// Those of which all could be seen but the call that they sleep in.
    pub calls: usize,
}

/// Who is at which object.
#[derive(Debug, Default)]
pub struct Census {
    /// The processes that are at an object, by pid.
    pub processes: Vec<Process>,
    /// What exists only as long as processes have it.
    pub held: HashMap<Thing, Held>,
    /// What could not be seen.
    pub hidden: Hidden,
    /// What the walk has found of locks.
    pub(super) locks: Gathered,
    /// Where the uses of a thing are: process and use.
    index: HashMap<Thing, Vec<(usize, usize)>>,
}

impl Census {
    /// Looks at all processes with this attention. We ourselves do not count.
    pub fn take(attention: &Attention) -> io::Result<Self> {
        Self::of(None, attention)
    }

    /// The same of these processes alone.
    pub fn of(pids: Option<&[i32]>, attention: &Attention) -> io::Result<Self> {
        let mut attention = Cow::Borrowed(attention);
        let mut table = None;
        if attention.wants(Class::Lock) {
            table = Table::read()?;
            attention.to_mut().regard_locks(table.as_ref());
        }
        if attention.is_nothing() {
            return Ok(Self::default());
        }
        let mut census = match pids {
            Some(pids) if !attention.is_about_others() => {
                let mut shares = pids.chunks(SHARE).map(<[i32]>::to_vec);
                Self::walk(|| Ok(shares.next().unwrap_or_default()), &attention)?
            }
            _ => {
                let mut pids = Pids::new()?;
                Self::walk(|| pids.more(), &attention)?
            }
        };
        census.finish(&attention, table.as_ref())?;
        if let Some(pids) = pids {
            census.processes.retain(|process| pids.contains(&process.pid));
            census.reindex();
        }
        Ok(census)
    }

    /// Looks at the processes that `more` gives, some at a time, until it gives none.
    fn walk(mut more: impl FnMut() -> io::Result<Vec<i32>> + Send, attention: &Attention) -> io::Result<Self> {
        let clocks = Clocks::read();
        let first = some(&mut more)?;
        let are_few = first.len() <= FEW;
        let desk = Mutex::new((first, more));
        let next = || {
            let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
            let (first, more) = &mut *desk;
            if first.is_empty() { more() } else { Ok(mem::take(first)) }
        };
        let own = std::process::id().cast_signed();
        let walk = || -> io::Result<Self> {
            let mut walker = Walker::new()?;
            let mut census = Self::default();
            loop {
                let share = next()?;
                if share.is_empty() {
                    return Ok(census);
                }
                for pid in share.into_iter().filter(|&pid| pid != own) {
                    census.visit(&mut walker, pid, attention, &clocks);
                }
            }
        };
        if are_few {
            return walk();
        }
        heap::keep_freed();
        let parts = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(walk)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Ok(Self::default()))).collect::<Vec<_>>()
        });
        let mut all = Self::default();
        for part in parts {
            all.join(part?);
        }
        Ok(all)
    }

    fn join(&mut self, part: Self) {
        self.processes.extend(part.processes);
        for (thing, held) in part.held {
            self.held.entry(thing).and_modify(|known| known.written |= held.written).or_insert(held);
        }
        self.hidden.whole += part.hidden.whole;
        self.hidden.calls += part.hidden.calls;
        self.locks.join(part.locks);
    }

    /// Adds what only all processes together tell, and puts them in order.
    fn finish(&mut self, attention: &Attention, table: Option<&Table>) -> io::Result<()> {
        // What is only read by everybody who has it mapped tells nobody anything.
        self.held.retain(|_, held| held.written);
        self.processes.sort_unstable_by_key(|process| process.pid);
        if attention.wants(Class::Socket) {
            self.complete_sockets()?;
        }
        if let Some(table) = table {
            self.add_locks(table)?;
        }
        self.reindex();
        Ok(())
    }

    pub(super) fn reindex(&mut self) {
        self.index.clear();
        for (place, process) in self.processes.iter().enumerate() {
            for (number, used) in process.uses.iter().enumerate() {
                self.index.entry(used.thing).or_default().push((place, number));
            }
        }
    }

    /// Looks at one process.
    fn visit(&mut self, walker: &mut Walker, pid: i32, attention: &Attention, clocks: &Clocks) {
        let Some(process) = walker.hold(pid) else { return };
        let Ok(life) = walker.life(&process) else { return };
        if life.has_nothing {
            return;
        }
        let mut visit = Visit::new(attention, &mut self.held, &mut self.locks);
        match visit.look(walker, &process, life.threads) {
            Ok(()) => {}
            Err(error) if errno::is(&error, errno::EACCES) || errno::is(&error, errno::EPERM) => {
                // The kernel says the same of one that has just ended.
                self.hidden.whole += usize::from(walker.life(&process).is_ok_and(|life| !life.has_nothing));
                return;
            }
            // It has ended.
            Err(_) => return,
        }
        let calls_hidden = visit.calls_hidden;
        let mut uses = visit.uses;
        if calls_hidden {
            self.hidden.calls += usize::from(walker.life(&process).is_ok_and(|life| !life.has_nothing));
        }
        let mut namespace = None;
        if uses.iter().any(|used| used.thing.is_of_namespace()) {
            namespace = process.ipc_namespace().ok();
            let counts = |used: &Use| !used.thing.is_of_namespace() || attention.includes(namespace);
            uses.retain(counts);
        }
        if uses.is_empty() {
            return;
        }
        for used in &mut uses {
            let run = used.thread.and_then(|thread| walker.last_run(&process, thread));
            used.since = run.and_then(|run| clocks.asleep_since(run));
        }
        let Ok(uid) = process.user() else { return };
        let started = clocks.started(life.start);
        self.processes.push(Process { pid, uid, command: life.command, started, namespace, uses });
    }

    /// Adds what objects tell of their users and processes do not: who is to be notified of a message, and
    /// since when the last of a segment has it attached.
    pub fn complete<'a>(&mut self, objects: impl IntoIterator<Item = (&'a Object, Option<u64>)>) {
        let mut has_more = false;
        for (object, namespace) in objects {
            let (pid, how, since) = match object {
                Object::PosixQueue(queue) => (queue.notified, Some(How::Notified), None),
                Object::Segment(segment) if object.is_attached() && segment.attached >= segment.detached => {
                    (Some(segment.last_pid), None, segment.attached)
                }
                _ => continue,
            };
            let thing = object.thing();
            let Some(places) = self.index.get(&thing) else { continue };
            let is_it = |&&(place, _): &&(usize, usize)| {
                let process: &Process = &self.processes[place];
                Some(process.pid) == pid && (process.namespace.is_none() || process.namespace == namespace)
            };
            let Some(&(place, number)) = places.iter().find(is_it) else { continue };
            let uses = &mut self.processes[place].uses;
            match how {
                Some(how) => {
                    uses.push(Use { thing, how, thread: None, descriptors: Vec::new(), since: None });
                    has_more = true;
                }
                None => uses[number].since = since,
            }
        }
        if has_more {
            self.reindex();
        }
    }

    /// Who is at this thing, and how; System V things are those of this IPC namespace.
    pub fn users(&self, thing: Thing, namespace: Option<u64>) -> impl Iterator<Item = (&Process, &Use)> {
        let places = self.index.get(&thing).map(Vec::as_slice).unwrap_or_default();
        let found = places.iter().map(|&(place, number)| {
            let process = &self.processes[place];
            (process, &process.uses[number])
        });
        found.filter(move |(process, _)| {
            !thing.is_of_namespace() || namespace.is_none() || process.namespace == namespace
        })
    }

    /// The sets that processes are at, by identifier; those that have gone meanwhile are left out.
    pub fn sets(&self) -> io::Result<Vec<Object>> {
        let ids: BTreeSet<Id> = self.index.keys().filter_map(|thing| thing.as_set()).collect();
        let status = |id| match Set::at(id).status() {
            Ok(status) => Some(Ok(Object::Set(status))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(Err(error)),
        };
        ids.into_iter().filter_map(status).collect()
    }

    /// How many processes are at this thing.
    #[must_use]
    pub fn count(&self, thing: Thing, namespace: Option<u64>) -> usize {
        self.users(thing, namespace).map(|(process, _)| process.pid).collect::<HashSet<_>>().len()
    }
}

/// The first processes that `more` gives: all, where those are few.
fn some(more: &mut impl FnMut() -> io::Result<Vec<i32>>) -> io::Result<Vec<i32>> {
    let mut some = Vec::new();
    while some.len() <= FEW {
        let share = more()?;
        if share.is_empty() {
            break;
        }
        some.extend(share);
    }
    Ok(some)
}

/// How many sets there are in our IPC namespace; 0 where the kernel does not tell.
#[must_use]
pub fn set_count() -> u64 {
    sysv::usage().map_or(0, |usage| usage.sets)
}

/// The number of the IPC namespace that we are in.
pub fn own_namespace() -> io::Result<u64> {
    walk::own_ipc_namespace()
}

//! All locks, who holds them, who waits, and for whom.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::holders::{Holder, Holding, Holdings};
use super::waiters::{self, Waiter};
use super::{Claim, FileId, Kind, Range, Request};
use crate::proc::locks::{self, Entry};
use crate::proc::process::{self, Sleep};
use crate::proc::walk::Process;

/// What a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// One that is taken to exclude others.
    Lock(Kind),
    /// A lease: its holder is told before others open the file (`F_SETLEASE`).
    Lease,
    /// A lease that the kernel's file server gave away.
    Delegation,
    /// Whatever newer kernels have.
    Other,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock(kind) => kind.fmt(f),
            Self::Lease => f.pad("lease"),
            Self::Delegation => f.pad("delegation"),
            Self::Other => f.pad("other"),
        }
    }
}

/// How a lock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is held.
    Held,
    /// It is waited for: behind the lock of this index in the inventory, which may be waited for itself.
    Waits(usize),
}

/// A lock that is held, or asked for and waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// What it is.
    pub family: Family,
    /// Who else may have one.
    pub claim: Claim,
    /// Of which bytes.
    pub range: Range,
    /// Of which file.
    pub file: FileId,
    /// The path of the file, as a process that has it open names it; " (deleted)" stands behind one that is gone.
    pub path: Option<PathBuf>,
    /// Whether it is held.
    pub standing: Standing,
    /// The process that took it, or waits: it may have ended since, and left the lock to whoever inherited the
    /// descriptor. `None` for an open file description's, and for a process outside our pid namespace.
    pub taker: Option<i32>,
    /// The processes that hold it, as far as we may see them; or the one that waits.
    pub holders: Vec<Holder>,
}

impl Lock {
    /// The process to name: who took it, if that has it still, else the first that holds it.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        let taker = self.holders.iter().find(|holder| Some(holder.pid) == self.taker);
        taker.or(self.holders.first())
    }

    /// Whether it is waited for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.standing, Standing::Waits(_))
    }

    /// What was asked for; `None` for a lease.
    #[must_use]
    pub fn request(&self) -> Option<Request> {
        let Family::Lock(kind) = self.family else { return None };
        Some(Request { kind, claim: self.claim, range: self.range })
    }
}

/// All locks that can be seen.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Those held, and behind each who waits.
    pub locks: Vec<Lock>,
    /// How many processes may hold more that we may not look at.
    pub hidden: usize,
}

/// Every lock of every file, as far as we may see it: without privilege `/proc/locks` tells of others' locks,
/// but not through which descriptors they are held.
pub fn inventory() -> io::Result<Inventory> {
    read(|_| true)
}

/// The locks of one file.
pub fn inventory_of(file: FileId) -> io::Result<Inventory> {
    read(|lock| lock.file == (file.device, file.inode))
}

fn read(wanted: impl Fn(&Entry) -> bool) -> io::Result<Inventory> {
    let table: Vec<Entry> = locks::table()?.into_iter().filter(&wanted).collect();
    let pids = process::all()?.pids;
    let mut build = Build { holdings: Holdings::of(&pids)?, ..Build::default() };
    build.add_table(&table);
    let unseen = build.add_rest(wanted);
    if unseen || build.locks.iter().any(|lock| lock.is_waiting() && lock.holders.is_empty()) {
        build.add_waiters(waiters::of(&pids));
    }
    Ok(build.done())
}

/// The kernel's table, for one who walks over the processes in any case.
#[derive(Debug)]
pub(in crate::ipc) struct Table(Vec<Entry>);

/// What such a walk has found of locks.
#[derive(Debug, Default)]
pub(in crate::ipc) struct Gathered {
    holdings: Holdings,
    waiters: Vec<Waiter>,
}

impl Table {
    /// Reads it; `None` where that tells already that nobody holds a lock.
    pub(in crate::ipc) fn read() -> io::Result<Option<Self>> {
        let table = locks::table()?;
        Ok(Some(Self(table)).filter(|table| !table.0.is_empty() || !locks::table_is_whole()))
    }

    /// Whether somebody may wait for a lock.
    pub(in crate::ipc) fn has_waiters(&self) -> bool {
        self.0.iter().any(|entry| entry.depth > 0) || !locks::table_is_whole()
    }

    /// All locks, with what the walk has found.
    pub(in crate::ipc) fn inventory(&self, gathered: Gathered) -> Inventory {
        let mut build = Build { holdings: gathered.holdings, ..Build::default() };
        build.add_table(&self.0);
        build.add_rest(|_| true);
        build.add_waiters(gathered.waiters);
        build.done()
    }
}

impl Gathered {
    /// Looks at a descriptor of a process.
    pub(in crate::ipc) fn add_descriptor(&mut self, process: &Process, name: &CStr) {
        self.holdings.add(process, name);
    }

    /// Looks at the call that a thread sleeps in: whether it waits for a lock.
    pub(in crate::ipc) fn add_sleep(&mut self, pid: i32, thread: i32, sleep: &Sleep) {
        self.waiters.extend(waiters::waiter(pid, Some(thread), sleep));
    }

    pub(in crate::ipc) fn join(&mut self, other: Self) {
        self.holdings.join(other.holdings);
        self.waiters.extend(other.waiters);
    }
}

/// An inventory that comes into being.
#[derive(Debug, Default)]
struct Build {
    locks: Vec<Lock>,
    /// Per lock, its file as stat(2) has it: those who wait in a system call are found by that.
    stats: Vec<Option<(u64, u64)>>,
    holdings: Holdings,
    hidden: usize,
    commands: HashMap<i32, Option<String>>,
}

impl Build {
    fn add_table(&mut self, table: &[Entry]) {
        let mut alike: HashMap<&Entry, usize> = HashMap::new();
        for entry in table {
            *alike.entry(entry).or_default() += 1;
        }
        // The index of the last line of each depth.
        let mut above: Vec<usize> = Vec::new();
        for entry in table {
            above.truncate(entry.depth);
            let standing = match (entry.depth, above.last()) {
                (0, _) | (_, None) => Standing::Held,
                (_, Some(&index)) => Standing::Waits(index),
            };
            above.push(self.locks.len());
            let holdings = match standing {
                Standing::Held => self.holdings.take(entry, alike[entry]),
                Standing::Waits(_) => Vec::new(),
            };
            self.add(entry, standing, &holdings);
        }
    }

    /// What descriptors tell and the table does not, because who took it has ended or is outside our pid
    /// namespace: whether there is any.
    fn add_rest(&mut self, wanted: impl Fn(&Entry) -> bool) -> bool {
        let holdings = std::mem::take(&mut self.holdings);
        self.hidden = holdings.hidden;
        let mut rest = holdings.rest();
        rest.retain(|(entry, _)| wanted(entry));
        rest.sort_by_key(|(entry, holdings)| (entry.file, entry.start, holdings[0].pid));
        for (entry, holdings) in &rest {
            self.add(entry, Standing::Held, holdings);
        }
        !rest.is_empty()
    }

    fn add(&mut self, entry: &Entry, standing: Standing, holdings: &[Holding]) {
        let taker = Some(entry.pid).filter(|&pid| pid > 0);
        let mut holders: Vec<Holder> = holdings.iter().map(|at| self.holder(at.pid, Some(at.descriptor))).collect();
        if let (true, Some(pid)) = (holders.is_empty(), taker) {
            holders.push(self.holder(pid, None));
        }
        let path = match standing {
            Standing::Held => holdings.iter().find_map(Holding::path),
            Standing::Waits(index) => self.locks[index].path.clone(),
        };
        self.stats.push(match standing {
            Standing::Held => holdings.iter().find_map(Holding::stat),
            Standing::Waits(index) => self.stats[index],
        });
        let file = FileId { device: entry.file.0, inode: entry.file.1 };
        let (family, claim, range) = (family_of(entry), claim_of(entry), Range::between(entry.start, entry.end));
        self.locks.push(Lock { family, claim, range, file, path, standing, taker, holders });
    }

    /// Finds whom the table does not name among those who sleep.
    fn add_waiters(&mut self, mut sleepers: Vec<Waiter>) {
        for index in 0..self.locks.len() {
            let lock = &self.locks[index];
            if !lock.is_waiting() {
                continue;
            }
            let stat = self.stats[index];
            let is_there = |waiter: &Waiter| stat.is_none_or(|stat| stat == waiter.stat);
            let is_it = |waiter: &Waiter| match lock.taker {
                Some(pid) => waiter.at.pid == pid && Family::Lock(waiter.kind) == lock.family && is_there(waiter),
                None => waiter.wants(stat, lock.family, lock.claim, lock.range),
            };
            if let Some(found) = sleepers.iter().position(is_it) {
                let waiter = sleepers.remove(found);
                // Who waits has the file open, also where we may not look at who holds it.
                let path = lock.path.is_none().then(|| waiter.at.path()).flatten();
                self.locks[index].path = self.locks[index].path.take().or(path);
                self.locks[index].holders = vec![self.waiting(&waiter)];
            }
        }
        for waiter in sleepers {
            self.add_sleeper(&waiter);
        }
    }

    /// One who waits for a lock that the table has not.
    fn add_sleeper(&mut self, waiter: &Waiter) {
        let request = Request { kind: waiter.kind, claim: waiter.claim, range: waiter.range.unwrap_or(Range::WHOLE) };
        let in_the_way = |(lock, stat): (&Lock, &Option<(u64, u64)>)| {
            let conflicts = lock.request().is_some_and(|held| held.conflicts_with(&request));
            !lock.is_waiting() && conflicts && *stat == Some(waiter.stat)
        };
        let Some(index) = self.locks.iter().zip(&self.stats).position(in_the_way) else { return };
        let holders = vec![self.waiting(waiter)];
        let (file, path) = (self.locks[index].file, self.locks[index].path.clone());
        let Request { kind, claim, range } = request;
        let (standing, taker) = (Standing::Waits(index), Some(waiter.at.pid));
        self.stats.push(Some(waiter.stat));
        self.locks.push(Lock { family: Family::Lock(kind), claim, range, file, path, standing, taker, holders });
    }

    fn holder(&mut self, pid: i32, descriptor: Option<u64>) -> Holder {
        let command = self.commands.entry(pid).or_insert_with(|| process::command(pid)).clone();
        Holder { pid, descriptor, thread: None, command }
    }

    fn waiting(&mut self, waiter: &Waiter) -> Holder {
        Holder { thread: waiter.thread, ..self.holder(waiter.at.pid, Some(waiter.at.descriptor)) }
    }

    /// The inventory, each lock with the path that any lock of its file has.
    fn done(mut self) -> Inventory {
        let known = |lock: &Lock| Some((lock.file, lock.path.clone()?));
        let paths: HashMap<FileId, PathBuf> = self.locks.iter().filter_map(known).collect();
        for lock in self.locks.iter_mut().filter(|lock| lock.path.is_none()) {
            lock.path = paths.get(&lock.file).cloned();
        }
        Inventory { hidden: self.hidden, locks: self.locks }
    }
}

fn family_of(entry: &Entry) -> Family {
    match entry.kind.as_str() {
        "FLOCK" => Family::Lock(Kind::Flock),
        "POSIX" => Family::Lock(Kind::Posix),
        "OFDLCK" => Family::Lock(Kind::Ofd),
        "LEASE" => Family::Lease,
        "DELEG" => Family::Delegation,
        _ => Family::Other,
    }
}

fn claim_of(entry: &Entry) -> Claim {
    if entry.exclusive { Claim::Exclusive } else { Claim::Shared }
}

/// What an entry asks for; `None` for a lease.
pub(super) fn request_of(entry: &Entry) -> Option<Request> {
    let Family::Lock(kind) = family_of(entry) else { return None };
    Some(Request { kind, claim: claim_of(entry), range: Range::between(entry.start, entry.end) })
}

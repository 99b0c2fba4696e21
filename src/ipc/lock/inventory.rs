//! All locks, who holds them, who waits, and for whom.

use std::ffi::CStr;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::build::Build;
use super::holders::{Holder, Holdings};
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
    /// It is waited for, and who is in the way cannot be seen: outside our pid namespace.
    WaitsForUnseen,
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
        self.standing != Standing::Held
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
    let mut build = Build::new(Holdings::of(&pids)?);
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
        let mut build = Build::new(gathered.holdings);
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

pub(super) fn family_of(entry: &Entry) -> Family {
    match entry.kind.as_str() {
        "FLOCK" => Family::Lock(Kind::Flock),
        "POSIX" => Family::Lock(Kind::Posix),
        "OFDLCK" => Family::Lock(Kind::Ofd),
        "LEASE" => Family::Lease,
        "DELEG" => Family::Delegation,
        _ => Family::Other,
    }
}

pub(super) fn claim_of(entry: &Entry) -> Claim {
    if entry.exclusive { Claim::Exclusive } else { Claim::Shared }
}

/// What an entry asks for; `None` for a lease.
pub(super) fn request_of(entry: &Entry) -> Option<Request> {
    let Family::Lock(kind) = family_of(entry) else { return None };
    Some(Request { kind, claim: claim_of(entry), range: Range::between(entry.start, entry.end) })
}

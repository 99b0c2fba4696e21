//! How an inventory of locks is put together: from the kernel's table, from what is held through descriptors,
//! and from who sleeps.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::holders::{Holder, Holding, Holdings};
use super::inventory::{Family, Inventory, Lock, Standing, claim_of, family_of};
use super::waiters::Waiter;
use super::{FileId, Range, Request};
use crate::proc::locks::Entry;
use crate::proc::process;

/// An inventory that comes into being.
#[derive(Debug, Default)]
pub(super) struct Build {
    pub locks: Vec<Lock>,
    /// Per lock, its file as stat(2) has it: those who wait in a system call are found by that.
    stats: Vec<Option<(u64, u64)>>,
    holdings: Holdings,
    hidden: usize,
    commands: HashMap<i32, Option<String>>,
}

impl Build {
    pub(super) fn new(holdings: Holdings) -> Self {
        Self { holdings, ..Self::default() }
    }

    /// Adds what the kernel's table tells.
    pub(super) fn add_table(&mut self, table: &[Entry]) {
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
                _ => Vec::new(),
            };
            self.add(entry, standing, &holdings);
        }
    }

    /// What descriptors tell and the table does not, because who took it has ended or is outside our pid
    /// namespace: whether there is any.
    pub(super) fn add_rest(&mut self, wanted: impl Fn(&Entry) -> bool) -> bool {
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
            Standing::Waits(index) => self.locks[index].path.clone(),
            _ => holdings.iter().find_map(Holding::path),
        };
        self.stats.push(match standing {
            Standing::Waits(index) => self.stats[index],
            _ => holdings.iter().find_map(Holding::stat),
        });
        let file = FileId { device: entry.file.0, inode: entry.file.1 };
        let (family, claim, range) = (family_of(entry), claim_of(entry), Range::between(entry.start, entry.end));
        self.locks.push(Lock { family, claim, range, file, path, standing, taker, holders });
    }

    /// Finds whom the table does not name among those who sleep.
    pub(super) fn add_waiters(&mut self, mut sleepers: Vec<Waiter>) {
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
        let at = Path::new("/proc").join(format!("{}/fd/{}", waiter.at.pid, waiter.at.descriptor));
        let (standing, file, path) = match self.locks.iter().zip(&self.stats).position(in_the_way) {
            Some(index) => (Standing::Waits(index), self.locks[index].file, self.locks[index].path.clone()),
            None => match FileId::of_path(&at) {
                Ok(file) => (Standing::WaitsForUnseen, file, waiter.at.path()),
                // It has ended.
                Err(_) => return,
            },
        };
        let holders = vec![self.waiting(waiter)];
        let Request { kind, claim, range } = request;
        let (family, taker) = (Family::Lock(kind), Some(waiter.at.pid));
        self.stats.push(Some(waiter.stat));
        self.locks.push(Lock { family, claim, range, file, path, standing, taker, holders });
    }

    fn holder(&mut self, pid: i32, descriptor: Option<u64>) -> Holder {
        let command = self.commands.entry(pid).or_insert_with(|| process::command(pid)).clone();
        Holder { pid, descriptor, thread: None, command }
    }

    fn waiting(&mut self, waiter: &Waiter) -> Holder {
        Holder { thread: waiter.thread, ..self.holder(waiter.at.pid, Some(waiter.at.descriptor)) }
    }

    /// The inventory, each lock with the path that any lock of its file has.
    pub(super) fn done(mut self) -> Inventory {
        let known = |lock: &Lock| Some((lock.file, lock.path.clone()?));
        let paths: HashMap<FileId, PathBuf> = self.locks.iter().filter_map(known).collect();
        for lock in self.locks.iter_mut().filter(|lock| lock.path.is_none()) {
            lock.path = paths.get(&lock.file).cloned();
        }
        Inventory { hidden: self.hidden, locks: self.locks }
    }
}

//! Who holds a lock: the processes whose descriptors say so.
//!
//! `/proc/locks` tells who took a lock, which may have ended since, or nobody at all (an open file description).
//! The `fdinfo` of a descriptor tells the locks that are held through it.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use crate::proc::locks::{self, Entry};
use crate::proc::walk::{Process, Walker};
use crate::proc::{process, stat};
use crate::sys::lock::is_same_description;

/// A process that holds a lock, or waits for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its pid.
    pub pid: i32,
    /// Its descriptor; `None` where that could not be seen.
    pub descriptor: Option<u64>,
    /// The thread that waits, where that was seen.
    pub thread: Option<i32>,
    /// Its command name; `None` once it has ended.
    pub command: Option<String>,
}

/// A descriptor that a lock is held through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holding {
    pub pid: i32,
    pub descriptor: u64,
}

impl Holding {
    /// The file behind it, as the process names it.
    pub(super) fn path(&self) -> Option<PathBuf> {
        fs::read_link(format!("/proc/{}/fd/{}", self.pid, self.descriptor)).ok()
    }

    /// Device and inode as stat(2) has them.
    pub(super) fn stat(&self) -> Option<(u64, u64)> {
        process::inode_of(self.pid, self.descriptor)
    }
}

/// Whether it may have descriptors: one that has ended has none, and the kernel's own threads lock no files.
fn may_hold(pid: i32) -> bool {
    stat::of(pid).is_ok_and(|stat| stat.state != 'Z' && !stat.of_kernel)
}

/// All that is held through descriptors.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    by_lock: HashMap<Entry, Vec<Holding>>,
    /// How many processes could not be looked at.
    pub hidden: usize,
}

impl Holdings {
    /// Looks at every descriptor of these processes.
    pub(super) fn of(pids: &[i32]) -> io::Result<Self> {
        let mut all = Self::default();
        let mut walker = Walker::new()?;
        for &pid in pids {
            // It may have ended.
            let Some(process) = walker.hold(pid) else { continue };
            let looked = walker.descriptor_names(&process, |name| all.add(&process, name));
            if looked.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) && may_hold(pid) {
                all.hidden += 1;
            }
        }
        Ok(all)
    }

    /// Adds what a process holds through a descriptor.
    pub(super) fn add(&mut self, process: &Process, name: &CStr) {
        let Some(descriptor) = name.to_str().ok().and_then(|name| name.parse().ok()) else { return };
        for lock in locks::through(process, name).unwrap_or_default() {
            self.by_lock.entry(lock).or_default().push(Holding { pid: process.pid, descriptor });
        }
    }

    /// Adds what another has found, as if one had looked at all processes in their order.
    pub(super) fn join(&mut self, other: Self) {
        for (lock, holdings) in other.by_lock {
            let all = self.by_lock.entry(lock).or_default();
            all.extend(holdings);
            all.sort_unstable_by_key(|holding| (holding.pid, holding.descriptor));
        }
        self.hidden += other.hidden;
    }

    /// Takes out who holds this lock; `alike` is how many lines of the table are the same, word for word.
    pub(super) fn take(&mut self, lock: &Entry, alike: usize) -> Vec<Holding> {
        let Some(all) = self.by_lock.get_mut(lock) else { return Vec::new() };
        if alike < 2 {
            return std::mem::take(all);
        }
        // Several descriptions share the same bytes: each line is one of them.
        let Some(first) = all.first().cloned() else { return Vec::new() };
        let place = |holding: &Holding| (holding.pid, holding.descriptor);
        let is_same = |holding: &mut Holding| is_same_description(place(&first), place(holding)).unwrap_or(false);
        let mut same: Vec<Holding> = all.extract_if(.., is_same).collect();
        if same.is_empty() {
            // The kernel does not tell them apart: one descriptor a line.
            same.push(all.remove(0));
        }
        same
    }

    /// The locks that nobody has asked for.
    pub(super) fn rest(self) -> Vec<(Entry, Vec<Holding>)> {
        self.by_lock.into_iter().filter(|(_, holdings)| !holdings.is_empty()).collect()
    }
}

//! Locks on files in a census: whoever holds one or waits for one.

use std::collections::HashMap;
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt;

use super::{Census, Class, Held, How, Lock, Process, Thing, Use};
use crate::ipc::lock::{self, Inventory, Table};
use crate::proc::clocks::Clocks;
use crate::proc::walk::Walker;

impl Census {
    /// Adds every lock that can be seen, and its holders and waiters.
    pub(super) fn add_locks(&mut self, table: &Table) -> io::Result<()> {
        let inventory = table.inventory(mem::take(&mut self.locks));
        let circles = inventory.cycles();
        let clocks = Clocks::read();
        let mut walker = Walker::new()?;
        let own = std::process::id().cast_signed();
        let mut found: HashMap<i32, Vec<Use>> = HashMap::new();
        for (index, lock) in inventory.locks.iter().enumerate() {
            let thing = Thing::Lock(lock.file.device, lock.file.inode);
            self.held.entry(thing).or_insert_with(|| held(lock));
            let how = how(&inventory, index, &circles);
            for holder in lock.holders.iter().filter(|holder| holder.pid != own) {
                let thread = lock.is_waiting().then(|| holder.thread.unwrap_or(holder.pid));
                let run = thread.and_then(|thread| walker.last_run(&walker.hold(holder.pid)?, thread));
                let since = run.and_then(|run| clocks.asleep_since(run));
                let descriptors = holder.descriptor.and_then(|number| u32::try_from(number).ok()).into_iter().collect();
                let used = Use { thing, how: how.clone(), thread, descriptors, since };
                found.entry(holder.pid).or_default().push(used);
            }
        }
        self.add_uses(found, &clocks)
    }

    /// Adds uses to processes that are known already, and those that are not.
    fn add_uses(&mut self, mut found: HashMap<i32, Vec<Use>>, clocks: &Clocks) -> io::Result<()> {
        for process in &mut self.processes {
            process.uses.extend(found.remove(&process.pid).unwrap_or_default());
        }
        let mut walker = Walker::new()?;
        for (pid, uses) in found {
            let Some(process) = walker.hold(pid) else { continue };
            let Ok(life) = walker.life(&process) else { continue };
            let Ok(uid) = process.user() else { continue };
            let started = clocks.started(life.start);
            self.processes.push(Process { pid, uid, command: life.command, started, namespace: None, uses });
        }
        self.processes.sort_unstable_by_key(|process| process.pid);
        Ok(())
    }
}

/// What those at a lock do there.
fn how(inventory: &Inventory, index: usize, circles: &[Vec<i32>]) -> How {
    let found = &inventory.locks[index];
    let (kind, claim, range) = (found.family.to_string(), found.claim.to_string(), found.range.to_string());
    let lock = Lock { kind, claim, range };
    if !found.is_waiting() {
        return How::Locked(lock);
    }
    let circle = inventory.circle_of(index, circles).cloned().unwrap_or_default();
    How::Locking { lock, blocked_by: inventory.blockers(index), circle }
}

/// The locked file, by its path where somebody was seen to have it open.
fn held(lock: &lock::Lock) -> Held {
    let name = lock.path.as_ref().map(|path| path.as_os_str().as_bytes().to_vec());
    let name = name.unwrap_or_else(|| lock.file.to_string().into_bytes());
    Held::new(Class::Lock, name, (lock.file.device, lock.file.inode))
}

//! Locks on files in a census: whoever holds one or waits for one.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::{Census, Class, Held, How, Lock, Process, Thing, Use};
use crate::ipc::lock;
use crate::proc::walk::{Clocks, Walker};

impl Census {
    /// Adds every lock that can be seen, and its holders and waiters; of these processes alone where some are
    /// named.
    pub fn add_locks(&mut self, pids: Option<&[i32]>) -> io::Result<()> {
        let inventory = lock::inventory()?;
        let clocks = Clocks::read();
        let mut walker = Walker::new()?;
        let own = std::process::id().cast_signed();
        let mut found: HashMap<i32, Vec<Use>> = HashMap::new();
        for lock in &inventory.locks {
            let thing = Thing::Lock(lock.file.device, lock.file.inode);
            self.held.entry(thing).or_insert_with(|| held(lock));
            let (kind, claim, range) = (lock.family.to_string(), lock.claim.to_string(), lock.range.to_string());
            let words = Lock { kind, claim, range };
            for holder in &lock.holders {
                if holder.pid == own || pids.is_some_and(|pids| !pids.contains(&holder.pid)) {
                    continue;
                }
                let (how, thread) = if lock.is_waiting() {
                    (How::Locking(words.clone()), Some(holder.pid))
                } else {
                    (How::Locked(words.clone()), None)
                };
                let run = thread.and_then(|thread| walker.last_run(&walker.hold(holder.pid)?, thread));
                let since = run.and_then(|run| clocks.asleep_since(run));
                found.entry(holder.pid).or_default().push(Use { thing, how, thread, since });
            }
        }
        self.hidden.whole = self.hidden.whole.max(inventory.hidden);
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
        self.reindex();
        Ok(())
    }
}

/// The locked file, by its path where somebody was seen to have it open.
fn held(lock: &lock::Lock) -> Held {
    let name = lock.path.as_ref().map(|path| path.as_os_str().as_bytes().to_vec());
    Held {
        class: Class::Lock,
        name: name.unwrap_or_else(|| lock.file.to_string().into_bytes()),
        inode: (lock.file.device, lock.file.inode),
        uid: None,
        mode: None,
        size: None,
        written: true,
    }
}

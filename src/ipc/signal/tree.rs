//! A process and its descendants, while they fork.

use std::collections::HashSet;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::target::hold;
use super::{Process, Signal};
use crate::proc::stat;
use crate::sys::errno;

/// A process and all of its descendants, held. Those that were stopped go on when this is dropped.
///
/// A child whose parent has ended belongs to somebody else. So whoever is about to end a tree
/// [freezes](Self::freeze) it first: then nobody in it forks or ends until every one has been signalled.
#[derive(Debug)]
pub struct Tree {
    members: Vec<Process>,
    /// Ourselves and our ancestors: their other descendants belong to the tree, they do not.
    own: Vec<i32>,
    /// The pids of members that we stopped.
    stopped: HashSet<i32>,
    root: i32,
}

impl Tree {
    /// The tree of this process as it is now, without ourselves and our ancestors.
    pub fn open(root: i32) -> io::Result<Self> {
        let own: Vec<i32> = stat::lineage().iter().map(|stat| stat.pid).collect();
        let mut tree = Self { members: Vec::new(), own, stopped: HashSet::new(), root };
        if !tree.own.contains(&root) {
            tree.members.push(Process::open(root)?);
        }
        while tree.grow()? > 0 {}
        if tree.members.is_empty() { Err(errno::error(errno::ESRCH)) } else { Ok(tree) }
    }

    /// Its members.
    #[must_use]
    pub fn members(&self) -> &[Process] {
        &self.members
    }

    /// Adds the children that members have got since: how many.
    pub fn grow(&mut self) -> io::Result<usize> {
        let before = self.members.len();
        let mut known = self.parents()?;
        let all = stat::all()?;
        // A pid can be below its parent's, so one pass does not do.
        loop {
            let new: Vec<_> = all
                .iter()
                .filter(|stat| {
                    known.contains(&stat.parent) && !known.contains(&stat.pid) && !self.own.contains(&stat.pid)
                })
                .collect();
            let count = self.members.len();
            for seen in new {
                known.insert(seen.pid);
                if let Some(process) = hold(seen.pid, |stat| Ok(stat.parent == seen.parent))? {
                    self.members.push(process);
                }
            }
            if self.members.len() == count {
                break;
            }
        }
        Ok(self.members.len() - before)
    }

    /// The pids whose children belong to the tree. One that has ended has none, and its pid may be
    /// somebody else's by now.
    fn parents(&self) -> io::Result<HashSet<i32>> {
        let mut parents = HashSet::new();
        for member in &self.members {
            if member.is_running()? {
                parents.insert(member.pid());
            }
        }
        let line = self.own.iter().rposition(|&pid| pid == self.root);
        parents.extend(&self.own[..line.map_or(0, |index| index + 1)]);
        Ok(parents)
    }

    /// Stops all members, and the children that they get until they stand still.
    ///
    /// Whom we may not signal goes on, and so may fork.
    pub fn freeze(&mut self) -> io::Result<()> {
        let mut done = 0;
        loop {
            for member in &self.members[done..] {
                let was_stopped = stat::of(member.pid()).is_ok_and(|stat| stat.state == 'T');
                // One that is would keep the signal pending.
                if !was_stopped && member.send(Some(Signal::STOP)).is_ok() {
                    self.stopped.insert(member.pid());
                }
            }
            self.members[done..].iter().filter(|member| self.stopped.contains(&member.pid())).for_each(stands_still);
            done = self.members.len();
            if self.grow()? == 0 {
                return Ok(());
            }
        }
    }

    /// Lets those go on that were stopped, and gives the members away.
    #[must_use]
    pub fn into_processes(mut self) -> Vec<Process> {
        self.thaw();
        std::mem::take(&mut self.members)
    }

    fn thaw(&mut self) {
        for member in self.members.iter().filter(|member| self.stopped.contains(&member.pid())) {
            // It may have ended of what it was sent meanwhile.
            let _ = member.send(Some(Signal::CONT));
        }
        self.stopped.clear();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.thaw();
    }
}

/// Waits until no thread of it runs: one that is inside fork(2) stops only behind it, and on a machine that is busy
/// it is long before it gets there. Only the init of a pid namespace does not stop, where it is told from within.
fn stands_still(process: &Process) {
    const PATIENCE: Duration = Duration::from_secs(5);
    let started = Instant::now();
    // Uninterruptible is what a parent in vfork(2) is until its child goes on.
    while stat::thread_states(process.pid()).iter().any(|state| !"TtZXD".contains(*state)) {
        if started.elapsed() > PATIENCE {
            return;
        }
        thread::sleep(Duration::from_micros(200));
    }
}

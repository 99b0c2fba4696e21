//! The walk over `/proc` that finds what processes have open and sleep in.

use std::collections::BTreeMap;
use std::io;

use super::{Access, End, Identity, Inventory, Pipe, Process, measure, sleep};
use crate::proc::pipes::{self, Target};
use crate::proc::process;
use crate::proc::stat::{self, Stat};
use crate::sys::errno;

impl Inventory {
    /// All pipes, or the one that is asked for where somebody is at it.
    pub(super) fn walk(only: Option<Identity>) -> io::Result<Self> {
        let mut found = Self::default();
        let mut pipes = BTreeMap::new();
        for pid in process::all()?.pids {
            found.visit(pid, only, &mut pipes)?;
        }
        found.pipes = pipes.into_values().collect();
        for pipe in &mut found.pipes {
            pipe.ends.sort_by_key(|end| (end.pid, end.descriptor));
            measure(pipe);
            sleep::settle(pipe);
        }
        sleep::settle_twofold(&mut found.pipes);
        Ok(found)
    }

    /// Adds what a process has open and sleeps in.
    fn visit(&mut self, pid: i32, only: Option<Identity>, pipes: &mut BTreeMap<Identity, Pipe>) -> io::Result<()> {
        let wanted = |identity| only.is_none_or(|only| only == identity);
        let descriptors = match pipes::open_in(pid) {
            Ok(descriptors) => descriptors,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                self.hidden += 1;
                return Ok(());
            }
            Err(error) if [errno::EMFILE, errno::ENFILE].iter().any(|&code| errno::is(&error, code)) => {
                return Err(error);
            }
            // It has ended.
            Err(_) => return Ok(()),
        };
        let mut touched = false;
        for descriptor in &descriptors {
            let identity = identity_of(&descriptor.target);
            let access = match (descriptor.reads, descriptor.writes) {
                (true, true) => Access::Both,
                (true, false) => Access::Read,
                (false, true) => Access::Write,
                // Open as a place only: O_PATH.
                (false, false) => continue,
            };
            if wanted(identity) {
                let pipe = known(pipes, &descriptor.target);
                pipe.ends.push(End { pid, descriptor: descriptor.number, access });
                touched = true;
            }
        }
        match sleep::of(pid, &descriptors) {
            Ok(sleeps) => {
                for (target, sleeper) in sleeps.into_iter().filter(|(target, _)| wanted(identity_of(target))) {
                    known(pipes, &target).sleepers.push(sleeper);
                    touched = true;
                }
            }
            Err(_) if touched => self.hidden_sleepers += 1,
            Err(_) => {}
        }
        // One that has ended meanwhile is at no pipe any more.
        match (touched.then(|| stat::of(pid)), process::user(pid)) {
            (Some(Ok(Stat { command, parent, state, .. })), Some(uid)) => {
                self.processes.insert(pid, Process { command, uid, parent, state });
            }
            (None, _) => {}
            _ => pipes.values_mut().for_each(|pipe| pipe.forget(pid)),
        }
        Ok(())
    }
}

fn identity_of(target: &Target) -> Identity {
    match *target {
        Target::Anonymous(inode) => Identity::Anonymous(inode),
        Target::Fifo { device, inode, .. } => Identity::Fifo { device, inode },
    }
}

/// The pipe of a target, perhaps a new one.
fn known<'a>(pipes: &'a mut BTreeMap<Identity, Pipe>, target: &Target) -> &'a mut Pipe {
    let identity = identity_of(target);
    let pipe = pipes.entry(identity).or_insert_with(|| Pipe::new(identity));
    if let (None, Target::Fifo { path, .. }) = (&pipe.path, target) {
        pipe.path = Some(path.clone());
    }
    pipe
}

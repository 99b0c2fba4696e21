//! Pages made present before they are used, by a thread of its own.
//!
//! Making a page present costs as much as filling it, and who moves bytes through a pipe waits for the
//! other end half of the time.

use std::ops::Range;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::Scope;

use super::Memory;
use crate::sys::siginfo;

/// How much is made present, and moved, at a time: what fits into the largest pipe that everybody may have.
pub(super) const STEP: usize = 1 << 20;

/// How many steps the thread may be ahead: what it made present is also in memory when nothing comes.
const LEAD: usize = 4;

/// A part of memory that becomes present step by step.
pub(super) struct Ahead<'scope, 'memory> {
    scope: &'scope Scope<'scope, 'memory>,
    memory: &'memory Memory,
    writing: bool,
    present: usize,
    steps: Option<Receiver<usize>>,
}

impl<'scope, 'memory> Ahead<'scope, 'memory> {
    /// From the start of the memory on, to be written or only read.
    pub(super) fn new(scope: &'scope Scope<'scope, 'memory>, memory: &'memory Memory, writing: bool) -> Self {
        Self { scope, memory, writing, present: 0, steps: None }
    }

    /// Waits until the step that begins at or before `at` is present. The thread starts when the first
    /// step was not the last.
    pub(super) fn reach(&mut self, at: usize) {
        while self.present <= at && self.present < self.memory.len() {
            if self.present == 0 {
                self.present = populate(self.memory, 0, self.writing);
                continue;
            }
            let (from, memory, writing) = (self.present, self.memory, self.writing);
            let steps = self.steps.get_or_insert_with(|| start(self.scope, memory, from..memory.len(), writing));
            self.present = steps.recv().unwrap_or(memory.len());
        }
    }
}

/// Starts the thread, which takes no signals: they are for who moves the bytes. It ends when the receiver
/// is dropped.
fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    memory: &'scope Memory,
    mut range: Range<usize>,
    writing: bool,
) -> Receiver<usize> {
    let (sender, receiver) = sync_channel(LEAD);
    let mask = siginfo::block(u64::MAX);
    scope.spawn(move || {
        while !range.is_empty() {
            range.start = populate(memory, range.start, writing);
            if sender.send(range.start).is_err() {
                break;
            }
        }
    });
    if let Ok(mask) = mask {
        let _ = siginfo::set_mask(mask);
    }
    receiver
}

/// Makes the step that begins at `from` present: where it ends.
fn populate(memory: &Memory, from: usize, writing: bool) -> usize {
    let step = STEP.min(memory.len() - from);
    memory.populate(from, step, writing);
    from + step
}

//! Who waits for a lock, where `/proc/locks` does not tell: processes that sleep in flock(2) or fcntl(2).

use super::holders::Holding;
use super::inventory::Family;
use super::{Claim, Kind, Range};
use crate::proc::process::{self, Sleep};
use crate::sys::call::Call;
use crate::sys::lock::{self, Owner};

/// A process that sleeps until it gets a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiter {
    pub at: Holding,
    /// Which of its threads, where that was seen.
    pub thread: Option<i32>,
    pub kind: Kind,
    pub claim: Claim,
    /// `None` where its memory could not be read.
    pub range: Option<Range>,
    /// Device and inode of its file, as stat(2) has them.
    pub stat: (u64, u64),
}

/// Those among these processes that we may look at.
pub(super) fn of(pids: &[i32]) -> Vec<Waiter> {
    let sleeps = |&pid| process::sleeps(pid).unwrap_or_default().into_iter().map(move |sleep| (pid, sleep));
    pids.iter().flat_map(sleeps).filter_map(|(pid, sleep)| waiter(pid, None, &sleep)).collect()
}

/// What such a thread waits for, if that is a lock.
pub(super) fn waiter(pid: i32, thread: Option<i32>, sleep: &Sleep) -> Option<Waiter> {
    // The kernel takes the lower half of these two arguments.
    let [descriptor, operation] = [0, 1].map(|index: usize| sleep.arguments[index] & 0xffff_ffff);
    let (kind, claim, range) = match sleep.call {
        Call::Flock => {
            let shared = operation & u64::from(lock::SHARED.unsigned_abs()) != 0;
            (Kind::Flock, claim(!shared), Some(Range::WHOLE))
        }
        Call::Fcntl => {
            let kind = if lock::waits(operation)? == Owner::Process { Kind::Posix } else { Kind::Ofd };
            let mut bytes = [0; lock::RECORD];
            let read = process::read_memory(pid, sleep.arguments[2], &mut bytes);
            let wanted = read.ok().and_then(|()| lock::read_record(&bytes));
            let range = wanted.map(|wanted| Range { start: wanted.start, length: wanted.length.try_into().ok() });
            (kind, claim(wanted.is_none_or(|wanted| wanted.exclusive)), range)
        }
        _ => return None,
    };
    let at = Holding { pid, descriptor };
    let stat = at.stat()?;
    Some(Waiter { at, thread, kind, claim, range, stat })
}

fn claim(exclusive: bool) -> Claim {
    if exclusive { Claim::Exclusive } else { Claim::Shared }
}

impl Waiter {
    /// Whether it waits for this.
    pub(super) fn wants(&self, stat: Option<(u64, u64)>, family: Family, claim: Claim, range: Range) -> bool {
        let same_range = self.range.is_none_or(|own| own == range);
        stat == Some(self.stat) && Family::Lock(self.kind) == family && self.claim == claim && same_range
    }
}

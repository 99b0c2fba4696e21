//! What limits each mechanism, how much of it is used, what sets the limit, and how to raise it.
//!
//! [`of_namespace`] and [`beyond_namespaces`] measure every limit that the mechanisms of this library live
//! under. [`Refusal`] tells which of them an errno means.

use std::io;

use super::{Id, PosixName};
use crate::proc::rlimits::ProcessLimits;

mod machine;
mod process;
mod queues;
mod refusals;
mod semaphores;
mod setting;
mod shared;

pub use refusals::{Cause, REFUSALS, Refusal, errno_name, errno_number};
pub use setting::{Setting, sysctl};

/// A limit, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What manual pages call it: `SEMMNI`, `msg_max`, `RLIMIT_MSGQUEUE`.
    pub name: &'static str,
    /// What is counted.
    pub what: &'static str,
    /// What it is counted in: `sets`, `bytes`.
    pub unit: &'static str,
    /// How much is used.
    pub used: Use,
    /// How much may be used.
    pub bound: Bound,
    /// What sets it.
    pub setting: Setting,
}

/// How much of a limit is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// So much in all: when the bound is reached, there is no more.
    Total(u64),
    /// So much by the one that is nearest to the bound. The others have room.
    Fullest(u64, Option<Consumer>),
    /// So much by the largest one. It may be as large as the bound, so nothing is used up.
    Largest(u64, Option<Consumer>),
    /// Nothing of it stays: it bounds a single call.
    Passing,
    /// We may not see it.
    Unknown,
}

/// Who takes the most, or whose share it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consumer {
    /// A System V object.
    Id(Id),
    /// A POSIX object.
    Name(PosixName),
    /// All that a user has.
    User(u32),
    /// A process.
    Process(i32),
}

/// How much may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// So much.
    At(u64),
    /// As much as there is memory for.
    Unlimited,
    /// We may not see it, or this kernel does not have it.
    Unknown,
}

impl Bound {
    fn of(value: Option<u64>) -> Self {
        value.map_or(Self::Unknown, Self::At)
    }

    fn of_rlimit(value: Option<u64>) -> Self {
        value.map_or(Self::Unlimited, Self::At)
    }
}

impl Limit {
    /// How much is used, where that may be known.
    #[must_use]
    pub fn used(&self) -> Option<u64> {
        match self.used {
            Use::Total(used) | Use::Fullest(used, _) | Use::Largest(used, _) => Some(used),
            Use::Passing | Use::Unknown => None,
        }
    }

    /// The bound, where there is one and it may be known.
    #[must_use]
    pub fn bound(&self) -> Option<u64> {
        if let Bound::At(bound) = self.bound { Some(bound) } else { None }
    }

    /// Who takes the most, or whose share it is.
    #[must_use]
    pub fn consumer(&self) -> Option<&Consumer> {
        match &self.used {
            Use::Fullest(_, consumer) | Use::Largest(_, consumer) => consumer.as_ref(),
            _ => None,
        }
    }

    /// Whether it can be used up, and it may be known how far it is.
    #[must_use]
    pub fn runs_out(&self) -> bool {
        matches!(self.used, Use::Total(_) | Use::Fullest(..)) && self.bound().is_some()
    }

    /// Whether it may not be known how far it is.
    #[must_use]
    pub fn is_unseen(&self) -> bool {
        match self.bound {
            Bound::Unlimited => false,
            Bound::At(_) => self.used == Use::Unknown,
            Bound::Unknown => self.used() != Some(0),
        }
    }

    /// Hundredths of the bound that are used, rounded down.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let (used, bound) = (u128::from(self.used()?), u128::from(self.bound()?));
        // A bound of 0 allows nothing: it is reached.
        Some((used * 100).checked_div(bound).map_or(100, |percent| u64::try_from(percent).unwrap_or(u64::MAX)))
    }

    /// Whether nothing is left; `None` where that may not be known, or it cannot be used up.
    #[must_use]
    pub fn is_reached(&self) -> Option<bool> {
        self.runs_out().then(|| self.used() >= self.bound())
    }

    /// What would double it, in words or as a command; `None` where nothing can.
    #[must_use]
    pub fn raise(&self) -> Option<String> {
        self.setting.raise(self.bound()?)
    }
}

/// Every limit that an IPC namespace has for itself, as the calling thread is in it, and those of the
/// `/dev/shm` that the thread sees. Of the limits of a process ours are asked for, unless another is named.
///
/// `RLIMIT_MSGQUEUE` and `RLIMIT_MEMLOCK` are among them, with what a user's objects here take. Those that the
/// user has in other namespaces count for the kernel, too.
///
/// ESRCH when there is no such process, EACCES when we may not look at it. What of the rest
/// may not be seen is [`Use::Unknown`] or [`Bound::Unknown`].
pub fn of_namespace(pid: Option<i32>) -> io::Result<Vec<Limit>> {
    let process = rlimits(pid)?;
    let mut limits = semaphores::limits();
    limits.extend(queues::system_v());
    limits.extend(shared::limits());
    limits.extend(queues::posix(pid, process.queue_bytes));
    limits.push(process::locked_memory(pid, &process));
    Ok(limits)
}

/// All others: of the machine, and of a process and its user. Fails as [`of_namespace`].
pub fn beyond_namespaces(pid: Option<i32>) -> io::Result<Vec<Limit>> {
    let process = rlimits(pid)?;
    let mut limits = machine::pipes(pid);
    limits.extend(process::limits(pid, &process));
    limits.extend(machine::locks_and_files());
    limits.extend(machine::sockets());
    Ok(limits)
}

fn rlimits(pid: Option<i32>) -> io::Result<ProcessLimits> {
    crate::proc::rlimits::of(pid.unwrap_or_else(|| std::process::id().cast_signed()))
}

/// The one of these that takes the most, by `size`.
fn largest<T>(all: &[T], size: impl Fn(&T) -> Option<u64>) -> Option<(u64, &T)> {
    all.iter().filter_map(|one| Some((size(one)?, one))).max_by_key(|(size, _)| *size)
}

/// All of them, as we have them.
#[cfg(test)]
fn ours() -> Vec<Limit> {
    [of_namespace(None), beyond_namespaces(None)].map(|limits| limits.expect("we run")).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(used: Use, bound: Bound) -> Limit {
        Limit { name: "X", what: "things", unit: "things", used, bound, setting: Setting::Fixed }
    }

    #[test]
    fn percents_are_rounded_down_and_never_overflow() {
        let table = [
            (Use::Total(0), Bound::At(0), Some(100)),
            (Use::Total(0), Bound::At(7), Some(0)),
            (Use::Total(199), Bound::At(200), Some(99)),
            (Use::Fullest(200, None), Bound::At(200), Some(100)),
            (Use::Largest(300, None), Bound::At(200), Some(150)),
            (Use::Total(u64::MAX), Bound::At(u64::MAX), Some(100)),
            (Use::Total(u64::MAX), Bound::At(1), Some(u64::MAX)),
            (Use::Total(5), Bound::Unlimited, None),
            (Use::Total(5), Bound::Unknown, None),
            (Use::Passing, Bound::At(5), None),
            (Use::Unknown, Bound::At(5), None),
        ];
        for (used, bound, percent) in table {
            let limit = limit(used, bound);
            assert_eq!(limit.percent(), percent, "{limit:?}");
        }
    }

    #[test]
    fn the_largest_of_its_kind_uses_nothing_up() {
        assert_eq!(limit(Use::Largest(5, None), Bound::At(5)).is_reached(), None);
        assert_eq!(limit(Use::Fullest(5, None), Bound::At(5)).is_reached(), Some(true));
        assert_eq!(limit(Use::Total(4), Bound::At(5)).is_reached(), Some(false));
        assert_eq!(limit(Use::Total(4), Bound::Unlimited).is_reached(), None);
    }

    #[test]
    fn every_limit_has_a_name_of_its_own_or_a_consumer() {
        let limits = ours();
        for (index, limit) in limits.iter().enumerate() {
            let same = limits[..index].iter().find(|other| other.name == limit.name);
            assert!(same.is_none_or(|other| other.consumer() != limit.consumer()), "{limit:?}");
        }
        assert!(limits.len() > 25, "{}", limits.len());
        assert!(of_namespace(Some(i32::MAX)).is_err() && beyond_namespaces(Some(i32::MAX)).is_err());
    }
}

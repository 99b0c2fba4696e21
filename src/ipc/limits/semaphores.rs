//! Limits of semaphores: semget(2), semop(2), `kernel.sem` of proc_sys_kernel(5).

use super::setting::IPCMNI;
use super::{Bound, Consumer, Limit, Setting, Use, largest};
use crate::ipc::sem::sysv::{self, SetStatus};

const fn field(index: usize, highest: Option<u64>) -> Setting {
    Setting::Field { sysctl: "kernel.sem", index, highest }
}

/// What there is of sets now.
struct Measured {
    limits: Option<sysv::Limits>,
    sets: Option<Vec<SetStatus>>,
}

impl Measured {
    fn now() -> Self {
        let mut sets = sysv::list().ok();
        if let Some(sets) = &mut sets {
            sysv::add_values(sets.iter_mut());
        }
        Self { limits: sysv::limits().ok(), sets }
    }

    fn bound(&self, of: fn(sysv::Limits) -> usize) -> Bound {
        Bound::of(self.limits.map(|limits| of(limits) as u64))
    }

    fn total(&self, of: fn(&[SetStatus]) -> u64) -> Use {
        self.sets.as_deref().map_or(Use::Unknown, |sets| Use::Total(of(sets)))
    }

    fn most(&self, of: fn(&SetStatus) -> Option<u64>) -> Use {
        match &self.sets {
            None => Use::Unknown,
            Some(sets) => match largest(sets, of) {
                Some((size, set)) => Use::Largest(size, Some(Consumer::Id(set.id))),
                None => Use::Largest(0, None),
            },
        }
    }
}

pub(super) fn limits() -> Vec<Limit> {
    let now = Measured::now();
    let limit = |name, what, unit, used, bound, setting| Limit { name, what, unit, used, bound, setting };
    vec![
        limit(
            "SEMMNI",
            "semaphore sets",
            "sets",
            now.total(|sets| sets.len() as u64),
            now.bound(|limits| limits.max_sets),
            field(3, Some(IPCMNI)),
        ),
        limit(
            "SEMMNS",
            "semaphores in all sets",
            "semaphores",
            now.total(|sets| sets.iter().map(|set| set.count).sum()),
            now.bound(|limits| limits.max_all_semaphores),
            field(1, Some(i32::MAX.unsigned_abs().into())),
        ),
        limit(
            "SEMMSL",
            "semaphores in one set",
            "semaphores",
            now.most(|set| Some(set.count)),
            now.bound(|limits| limits.max_semaphores),
            field(0, Some(65_536)),
        ),
        limit(
            "SEMOPM",
            "operations in one semop",
            "operations",
            Use::Passing,
            now.bound(|limits| limits.max_operations),
            field(2, None),
        ),
        limit(
            "SEMVMX",
            "value of a semaphore",
            "units",
            now.most(|set| set.values.as_ref()?.iter().max().map(|&value| value.into())),
            now.bound(|limits| limits.max_value),
            Setting::Fixed,
        ),
    ]
}

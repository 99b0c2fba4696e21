//! Limits of a process and its user: getrlimit(2).

use super::{Bound, Consumer, Limit, Setting, Use};
use crate::ipc::shm;
use crate::ipc::users::effective;
use crate::proc::process;
use crate::proc::rlimits::ProcessLimits;

fn of(used: Option<u64>, consumer: Consumer) -> Use {
    used.map_or(Use::Unknown, |used| Use::Fullest(used, Some(consumer)))
}

/// What the segments of this namespace take of it.
pub(super) fn locked_memory(pid: Option<i32>, limits: &ProcessLimits) -> Limit {
    let uid = pid.and_then(process::user).unwrap_or_else(effective);
    Limit {
        name: "RLIMIT_MEMLOCK",
        what: "bytes that a user has locked in segments",
        unit: "bytes",
        used: of(locked_by(uid), Consumer::User(uid)),
        bound: Bound::of_rlimit(limits.locked_bytes),
        setting: Setting::Rlimit { option: "memlock", pid },
    }
}

pub(super) fn limits(pid: Option<i32>, limits: &ProcessLimits) -> Vec<Limit> {
    let uid = pid.and_then(process::user).unwrap_or_else(effective);
    vec![
        Limit {
            name: "RLIMIT_SIGPENDING",
            what: "signals queued for a user",
            unit: "signals",
            used: of(limits.queued_signals, Consumer::User(uid)),
            bound: Bound::of_rlimit(limits.signals),
            setting: Setting::Rlimit { option: "sigpending", pid },
        },
        Limit {
            name: "RLIMIT_NOFILE",
            what: "descriptors of a process",
            unit: "descriptors",
            // Ours are of no interest: we have hardly any, and end.
            used: pid.map_or(Use::Passing, |pid| of(limits.open_descriptors, Consumer::Process(pid))),
            bound: Bound::of_rlimit(limits.descriptors),
            setting: Setting::Rlimit { option: "nofile", pid },
        },
    ]
}

/// Bytes of the locked segments that a user owns. The kernel counts them for who locked them, and
/// does not tell who that was; hardly ever is it another.
fn locked_by(uid: u32) -> Option<u64> {
    let segments = shm::segments().ok()?;
    let theirs = segments.iter().filter(|segment| segment.locked && segment.permissions.uid == uid);
    Some(theirs.map(|segment| segment.size).sum())
}

//! Limits of message queues: msgget(2), msgsnd(2), mq_overview(7), `RLIMIT_MSGQUEUE` of getrlimit(2).

use std::collections::BTreeMap;
use std::io;

use super::setting::IPCMNI;
use super::{Bound, Consumer, Limit, Setting, Use, largest, sysctl};
use crate::ipc::msgq::posix::{self, QueueStatus};
use crate::ipc::msgq::sysv;
use crate::ipc::users::effective;
use crate::proc::{process, rlimits};

pub(super) fn system_v() -> Vec<Limit> {
    let limits = sysv::limits().ok();
    let bound = |of: fn(sysv::Limits) -> usize| Bound::of(limits.map(|limits| of(limits) as u64));
    let queues = sysv::list().ok();
    let used = queues.as_ref().map_or(Use::Unknown, |queues| Use::Total(queues.len() as u64));
    vec![
        Limit {
            name: "MSGMNI",
            what: "System V queues",
            unit: "queues",
            used,
            bound: bound(|limits| limits.max_queues),
            setting: Setting::Sysctl("kernel.msgmni", Some(IPCMNI)),
        },
        Limit {
            name: "MSGMAX",
            what: "bytes in one message",
            unit: "bytes",
            used: Use::Passing,
            bound: bound(|limits| limits.max_message),
            setting: Setting::Sysctl("kernel.msgmax", Some(i32::MAX.unsigned_abs().into())),
        },
        Limit {
            name: "MSGMNB",
            what: "bytes in a new queue",
            unit: "bytes",
            used: queues.as_deref().map_or(Use::Unknown, |queues| match largest(queues, |queue| queue.max_bytes) {
                Some((size, queue)) => Use::Largest(size, Some(Consumer::Id(queue.id))),
                None => Use::Largest(0, None),
            }),
            bound: bound(|limits| limits.max_bytes),
            setting: Setting::Sysctl("kernel.msgmnb", Some(i32::MAX.unsigned_abs().into())),
        },
        fullest(queues.as_deref()),
    ]
}

/// The queue that is nearest to its own limit, which `IPC_SET` may have made another than `kernel.msgmnb`.
fn fullest(queues: Option<&[sysv::QueueStatus]>) -> Limit {
    // The kernel holds the number of messages against the limit of bytes, too.
    let filled = |queue: &sysv::QueueStatus| queue.bytes.max(queue.messages);
    let fullest = |queue: &sysv::QueueStatus| share(filled(queue), queue.max_bytes?);
    let (used, bound) = match queues {
        None => (Use::Unknown, Bound::Unknown),
        Some(queues) => match largest(queues, fullest) {
            Some((_, queue)) => (Use::Fullest(filled(queue), Some(Consumer::Id(queue.id))), Bound::of(queue.max_bytes)),
            None => (Use::Fullest(0, None), Bound::Unknown),
        },
    };
    let setting = Setting::Object("rmsgq set --max-bytes");
    Limit { name: "msg_qbytes", what: "bytes in the fullest System V queue", unit: "bytes", used, bound, setting }
}

/// Millionths of a bound.
fn share(used: u64, bound: u64) -> Option<u64> {
    u64::try_from(u128::from(used) * 1_000_000 / u128::from(bound.max(1))).ok()
}

pub(super) fn posix(pid: Option<i32>, own_bytes: Option<u64>) -> Vec<Limit> {
    let queues = posix::list();
    let bound = |name| Bound::of(sysctl(name).first().copied());
    let most = |of: fn(&QueueStatus) -> Option<u64>| match &queues {
        Err(_) => Use::Unknown,
        Ok(queues) => match largest(queues, of) {
            Some((size, queue)) => Use::Largest(size, Some(Consumer::Name(queue.file.name.clone()))),
            None => Use::Largest(0, None),
        },
    };
    let mut limits = vec![
        Limit {
            name: "queues_max",
            what: "POSIX queues",
            unit: "queues",
            used: queues.as_ref().map_or(Use::Unknown, |queues| Use::Total(queues.len() as u64)),
            bound: bound("fs.mqueue.queues_max"),
            setting: Setting::Sysctl("fs.mqueue.queues_max", None),
        },
        Limit {
            name: "msg_max",
            what: "messages that a POSIX queue can hold",
            unit: "messages",
            used: most(|queue| queue.max_messages),
            bound: bound("fs.mqueue.msg_max"),
            setting: Setting::Sysctl("fs.mqueue.msg_max", Some(65_536)),
        },
        Limit {
            name: "msgsize_max",
            what: "bytes in a message of a POSIX queue",
            unit: "bytes",
            used: most(|queue| queue.max_size),
            bound: bound("fs.mqueue.msgsize_max"),
            setting: Setting::Sysctl("fs.mqueue.msgsize_max", Some(16 << 20)),
        },
        fullest_posix(&queues),
    ];
    limits.extend(of_users(&queues, pid, own_bytes));
    limits
}

fn fullest_posix(queues: &io::Result<Vec<QueueStatus>>) -> Limit {
    let (used, bound) = match queues {
        Err(_) => (Use::Unknown, Bound::Unknown),
        Ok(queues) => match largest(queues, |queue| share(queue.messages?, queue.max_messages?)) {
            Some((_, queue)) => (
                Use::Fullest(queue.messages.unwrap_or(0), Some(Consumer::Name(queue.file.name.clone()))),
                Bound::of(queue.max_messages),
            ),
            None => (Use::Fullest(0, None), Bound::Unknown),
        },
    };
    let setting = Setting::Object("rmsgq create --max-messages");
    Limit { name: "mq_maxmsg", what: "messages in the fullest POSIX queue", unit: "messages", used, bound, setting }
}

/// What the queues of each user take, against the limit of a process of theirs; the user of the process
/// that is asked about has a row in any case.
fn of_users(queues: &io::Result<Vec<QueueStatus>>, pid: Option<i32>, own_bytes: Option<u64>) -> Vec<Limit> {
    let own = pid.and_then(process::user).unwrap_or_else(effective);
    // None: of one of the user's queues we may not know.
    let mut taken: BTreeMap<u32, Option<u64>> = BTreeMap::from([(own, queues.is_ok().then_some(0))]);
    for queue in queues.iter().flatten() {
        let sum = taken.entry(queue.file.uid).or_insert(Some(0));
        *sum = sum.zip(queue.cost()).map(|(sum, cost)| sum.saturating_add(cost));
    }
    let of_user = |(uid, taken): (u32, Option<u64>)| {
        let (process, bound) = if uid == own {
            (pid, Bound::of_rlimit(own_bytes))
        } else {
            let theirs = limit_of(uid);
            (theirs.map(|(pid, _)| pid), theirs.map_or(Bound::Unknown, |(_, bytes)| Bound::of_rlimit(bytes)))
        };
        Limit {
            name: "RLIMIT_MSGQUEUE",
            what: "bytes that a user's POSIX queues take",
            unit: "bytes",
            used: taken.map_or(Use::Unknown, |taken| Use::Fullest(taken, Some(Consumer::User(uid)))),
            bound,
            setting: Setting::Rlimit { option: "msgqueue", pid: process },
        }
    };
    taken.into_iter().map(of_user).collect()
}

/// A process of this user and what it may take; `None` where there is none that we may look at.
fn limit_of(uid: u32) -> Option<(i32, Option<u64>)> {
    let theirs = process::all().ok()?.pids.into_iter().filter(|&pid| process::user(pid) == Some(uid));
    theirs.into_iter().find_map(|pid| Some((pid, rlimits::of(pid).ok()?.queue_bytes)))
}

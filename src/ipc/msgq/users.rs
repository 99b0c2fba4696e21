//! Who uses a queue: processes that sleep on it, have it open, or wait to be notified.

use std::io;

use super::{posix, sysv};
use crate::ipc::processes::{self, each};
use crate::proc::process::{self, Sleep};
use crate::sys::call::Call;

/// A process at a queue.
pub type User = processes::User<How>;

/// The users of a queue that we may see.
pub type Users = processes::Users<How>;

/// What a process does at a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Sleeps in msgsnd(2) or mq_send(3) until there is room.
    Sending,
    /// Sleeps in msgrcv(2) with this type argument (0 any, below 0 up to), or in mq_receive(3).
    Receiving {
        /// The type argument of msgrcv(2).
        kind: Option<i64>,
    },
    /// Has it open with this access (POSIX).
    Open(posix::Access),
    /// Is to be told of the next message (mq_notify(3)).
    Notified,
}

/// The processes that sleep on a System V queue.
pub fn of_system_v(queue: sysv::Queue) -> io::Result<Users> {
    let id = u64::from(queue.id().get().cast_unsigned());
    Ok(each(process::neighbours()?, |pid| {
        let sleeps = process::sleeps(pid)?;
        Ok(sleeps.into_iter().filter_map(|sleep| sleeping_on(id, sleep)).collect())
    }))
}

/// `msgrcv(id, buffer, size, type, flags)`, `msgsnd(id, buffer, size, flags)`; an int argument has 32
/// meaningful bits.
fn sleeping_on(id: u64, sleep: Sleep) -> Option<How> {
    if sleep.arguments[0] & 0xffff_ffff != id {
        return None;
    }
    match sleep.call {
        Call::Msgsnd => Some(How::Sending),
        Call::Msgrcv => Some(How::Receiving { kind: Some(sleep.arguments[3].cast_signed()) }),
        _ => None,
    }
}

/// The processes that have a POSIX queue open, sleep on it, or wait to be notified.
pub fn of_posix(queue: &posix::QueueStatus) -> io::Result<Users> {
    let inode = queue.file.inode;
    Ok(each(process::neighbours()?, |pid| {
        let mut how = Vec::new();
        for flags in process::open_on(pid, inode) {
            how.push(How::Open(posix::Access::of_flags(flags)));
        }
        if how.is_empty() {
            return Ok(how);
        }
        // Who has it open is known whether or not its sleep may be seen.
        let sleeps = process::sleeps(pid).unwrap_or_default();
        how.extend(sleeps.into_iter().filter_map(|sleep| sleeping_at(pid, inode, sleep)));
        if queue.notified == Some(pid) {
            how.push(How::Notified);
        }
        Ok(how)
    }))
}

/// `mq_timedreceive(descriptor, …)`, `mq_timedsend(descriptor, …)`.
fn sleeping_at(pid: i32, inode: (u64, u64), sleep: Sleep) -> Option<How> {
    let how = match sleep.call {
        Call::MqSend => How::Sending,
        Call::MqReceive => How::Receiving { kind: None },
        _ => return None,
    };
    (process::inode_of(pid, sleep.arguments[0] & 0xffff_ffff) == Some(inode)).then_some(how)
}

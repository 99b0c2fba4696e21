//! How much a POSIX queue can hold, and how much a user's queues: mq_overview(7), getrlimit(2).

use std::fs;
use std::io;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use super::HIGHEST_PRIORITY;

/// What a new queue can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Messages: at most `fs.mqueue.msg_max` without privilege.
    pub max_messages: u32,
    /// Bytes in a message: at most `fs.mqueue.msgsize_max` without privilege.
    pub max_size: u32,
}

impl Capacity {
    /// What a queue of this capacity takes of its owner's `RLIMIT_MSGQUEUE`: getrlimit(2).
    #[must_use]
    pub const fn cost(self) -> u64 {
        /// `sizeof(struct msg_msg)` and `sizeof(struct posix_msg_tree_node)` on 64-bit machines.
        const OVERHEAD: u64 = 48;
        let messages = self.max_messages as u64;
        let priorities = if messages < HIGHEST_PRIORITY as u64 + 1 { messages } else { HIGHEST_PRIORITY as u64 + 1 };
        messages * OVERHEAD + priorities * OVERHEAD + messages * self.max_size as u64
    }
}

/// Limits of this IPC namespace and process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Queues: `fs.mqueue.queues_max`.
    pub max_queues: u64,
    /// Messages in a queue, without privilege: `fs.mqueue.msg_max`.
    pub max_messages: u64,
    /// Bytes in a message, without privilege: `fs.mqueue.msgsize_max`.
    pub max_size: u64,
    /// What a queue gets that asks for nothing: `fs.mqueue.msg_default`, `msgsize_default`.
    pub default: Capacity,
    /// Bytes that all queues of a user may take: `RLIMIT_MSGQUEUE`; `None` for no limit.
    pub user_bytes: Option<u64>,
}

/// The limits that are in force here.
pub fn limits() -> io::Result<Limits> {
    let sysctl = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/fs/mqueue/{name}"))?;
        text.trim().parse::<u32>().map_err(io::Error::other)
    };
    let (soft, _) = getrlimit(Resource::RLIMIT_MSGQUEUE)?;
    Ok(Limits {
        max_queues: sysctl("queues_max")?.into(),
        max_messages: sysctl("msg_max")?.into(),
        max_size: sysctl("msgsize_max")?.into(),
        default: Capacity { max_messages: sysctl("msg_default")?, max_size: sysctl("msgsize_default")? },
        user_bytes: Some(soft).filter(|&soft| soft != RLIM_INFINITY),
    })
}

//! The limits of a process and of its user: proc_pid_limits(5), proc_pid_status(5).

use std::io;

use procfs::ProcError;
use procfs::process::{LimitValue, Process};

use super::stat::of_procfs;
use crate::sys::errno;

/// Soft limits of a process, `None` where there is none, and what is used of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessLimits {
    /// Bytes that all POSIX queues of its user may take (`RLIMIT_MSGQUEUE`).
    pub queue_bytes: Option<u64>,
    /// Signals that may be queued for its user (`RLIMIT_SIGPENDING`).
    pub signals: Option<u64>,
    /// Signals queued for its user.
    pub queued_signals: Option<u64>,
    /// Bytes that it may lock into memory (`RLIMIT_MEMLOCK`).
    pub locked_bytes: Option<u64>,
    /// Descriptors (`RLIMIT_NOFILE`).
    pub descriptors: Option<u64>,
    /// Descriptors that it has; `None` where we may not look.
    pub open_descriptors: Option<u64>,
}

/// The limits of this process; ESRCH when there is none of this pid.
pub(crate) fn of(pid: i32) -> io::Result<ProcessLimits> {
    let gone = |error: ProcError| match error {
        ProcError::NotFound(_) => errno::error(errno::ESRCH),
        error => of_procfs(error),
    };
    let process = Process::new(pid).map_err(gone)?;
    let limits = process.limits().map_err(gone)?;
    let soft = |limit: procfs::process::Limit| match limit.soft_limit {
        LimitValue::Value(value) => Some(value),
        LimitValue::Unlimited => None,
    };
    Ok(ProcessLimits {
        queue_bytes: soft(limits.max_msgqueue_size),
        signals: soft(limits.max_pending_signals),
        queued_signals: super::signals::of(pid).ok().map(|signals| signals.queued),
        locked_bytes: soft(limits.max_locked_memory),
        descriptors: soft(limits.max_open_files),
        open_descriptors: process.fd_count().ok().map(|count| count as u64),
    })
}

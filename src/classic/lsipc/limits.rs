//! The limits of `lsipc -g`, and what is used of them.

use std::io;

use super::Kind;
use super::columns::Col;
use super::look::{Look, put};
use crate::ipc::{msgq, sem, shm};

/// One limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    name: &'static str,
    what: &'static str,
    most: u64,
    /// Whether it is a number of bytes.
    bytes: bool,
    used: Option<u64>,
}

const fn count(name: &'static str, what: &'static str, most: u64, used: Option<u64>) -> Limit {
    Limit { name, what, most, bytes: false, used }
}

const fn size(name: &'static str, what: &'static str, most: u64) -> Limit {
    Limit { name, what, most, bytes: true, used: None }
}

/// The limits of these kinds, in the order of the original.
pub(super) fn of(kinds: &[Kind]) -> io::Result<Vec<Limit>> {
    let mut all = Vec::new();
    if kinds.contains(&Kind::Queues) {
        all.extend(queues()?);
    }
    if kinds.contains(&Kind::PosixQueues) {
        all.extend(posix_queues()?);
    }
    if kinds.contains(&Kind::Segments) {
        all.extend(segments()?);
    }
    if kinds.contains(&Kind::Sets) {
        all.extend(sets()?);
    }
    Ok(all)
}

fn queues() -> io::Result<[Limit; 3]> {
    let (limits, usage) = (msgq::sysv::limits()?, msgq::sysv::usage()?);
    Ok([
        count("MSGMNI", "Number of message queues", limits.max_queues as u64, Some(usage.queues)),
        size("MSGMAX", "Max size of message (bytes)", limits.max_message as u64),
        size("MSGMNB", "Default max size of queue (bytes)", limits.max_bytes as u64),
    ])
}

fn posix_queues() -> io::Result<[Limit; 3]> {
    let (limits, used) = (msgq::posix::limits()?, msgq::posix::list()?.len());
    Ok([
        count("MQUMNI", "Number of POSIX message queues", limits.max_queues, Some(used as u64)),
        size("MQUMAX", "Max size of POSIX message (bytes)", limits.max_size),
        count("MQUMNB", "Number of messages in POSIX message queue", limits.max_messages, None),
    ])
}

fn segments() -> io::Result<[Limit; 4]> {
    let (limits, usage) = (shm::sysv::limits()?, shm::sysv::usage()?);
    Ok([
        count("SHMMNI", "Shared memory segments", limits.max_segments, Some(usage.segments)),
        count("SHMALL", "Shared memory pages", limits.max_pages, Some(usage.pages)),
        size("SHMMAX", "Max size of shared memory segment (bytes)", limits.max_size),
        size("SHMMIN", "Min size of shared memory segment (bytes)", 1),
    ])
}

fn sets() -> io::Result<[Limit; 5]> {
    let (limits, usage) = (sem::sysv::limits()?, sem::sysv::usage()?);
    Ok([
        count("SEMMNI", "Number of semaphore identifiers", limits.max_sets as u64, Some(usage.sets)),
        count("SEMMNS", "Total number of semaphores", limits.max_all_semaphores as u64, Some(usage.semaphores)),
        count("SEMMSL", "Max semaphores per semaphore set.", limits.max_semaphores as u64, None),
        count("SEMOPM", "Max number of operations per semop(2)", limits.max_operations as u64, None),
        count("SEMVMX", "Semaphore max value", sem::sysv::HIGHEST_VALUE.into(), None),
    ])
}

impl Limit {
    /// Writes the cell behind `text`: whether there is a value.
    pub(super) fn cell(&self, col: Col, look: &Look, text: &mut Vec<u8>) -> bool {
        match (col, self.used) {
            (Col::Resource, _) => put(text, self.name),
            (Col::Description, _) => put(text, self.what),
            (Col::Limit, _) if self.bytes => look.size(text, self.most),
            (Col::Limit, _) => put(text, self.most),
            (Col::Used, Some(used)) => put(text, used),
            (Col::Percent, Some(used)) => put(text, format_args!("{:.2}%", percent(used, self.most))),
            (Col::Used | Col::Percent, None) => put(text, '-'),
            _ => false,
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "two decimals are shown")]
fn percent(used: u64, most: u64) -> f64 {
    used as f64 / most as f64 * 100.0
}

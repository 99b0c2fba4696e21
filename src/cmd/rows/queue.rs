//! Message queues as rows.

use super::{Hidden, Posix, Row, SystemV, columns, or_hidden, pid};
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::users::How;
use crate::ipc::msgq::{posix, sysv};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A message queue of either kind.
pub(crate) type QueueRow = Row<sysv::QueueStatus, posix::QueueStatus>;

/// The rows of all System V queues and, as far as they can be listed, the POSIX ones.
pub(crate) fn rows() -> anyhow::Result<(Vec<QueueRow>, Hidden)> {
    let (posix, hidden) = or_hidden(posix::list(), "queues")?;
    let system_v = sysv::list()?.into_iter().map(SystemV);
    Ok((Row::all(system_v.chain(posix.into_iter().map(Posix))), hidden))
}

impl QueueRow {
    /// Bytes in it, where we may know.
    pub(crate) fn bytes(&self) -> Option<u64> {
        match &self.object {
            SystemV(queue) => Some(queue.bytes),
            Posix(queue) => queue.bytes,
        }
    }

    /// Messages in it, where we may know.
    pub(crate) fn messages(&self) -> Option<u64> {
        match &self.object {
            SystemV(queue) => Some(queue.messages),
            Posix(queue) => queue.messages,
        }
    }

    fn kind(_: &Self) -> &'static str {
        "queue"
    }
}

/// Every column of a queue.
pub(crate) static COLUMNS: &[Column<QueueRow>] = columns![
    QueueRow,
    column("bytes", "bytes in it", Right, |row: &QueueRow| Cell::or_unknown(row.bytes(), Cell::Number)),
    column("messages", "messages in it", Right, |row: &QueueRow| Cell::or_unknown(row.messages(), Cell::Number)),
    column("max_bytes", "bytes it may hold (System V)", Right, |row: &QueueRow| {
        row.system_v(|queue| Cell::or_unknown(queue.max_bytes, Cell::Number))
    })
    .hidden(),
    column("max_messages", "messages it may hold (POSIX)", Right, |row: &QueueRow| {
        row.posix(|queue| Cell::or_unknown(queue.max_messages, Cell::Number))
    })
    .hidden(),
    column("max_size", "bytes a message may have (POSIX)", Right, |row: &QueueRow| {
        row.posix(|queue| Cell::or_unknown(queue.max_size, Cell::Number))
    })
    .hidden(),
    column("sender", "process that sent last (System V)", Right, |row: &QueueRow| row
        .system_v(|queue| pid(queue.last_sender)))
    .hidden(),
    column("receiver", "process that received last (System V)", Right, |row: &QueueRow| {
        row.system_v(|queue| pid(queue.last_receiver))
    })
    .hidden(),
    column("sent", "time of the last send (System V)", Left, |row: &QueueRow| {
        row.system_v(|queue| Cell::or_none(queue.sent, Cell::Time))
    })
    .hidden(),
    column("received", "time of the last receive (System V)", Left, |row: &QueueRow| {
        row.system_v(|queue| Cell::or_none(queue.received, Cell::Time))
    })
    .hidden(),
];

/// What a process does at a queue, in words.
pub(crate) fn how(how: &How) -> String {
    match how {
        How::Sending => "blocked sending".into(),
        How::Receiving { kind: None | Some(0) } => "blocked receiving".into(),
        How::Receiving { kind: Some(kind) } if *kind > 0 => format!("blocked receiving type {kind}"),
        How::Receiving { kind: Some(kind) } => format!("blocked receiving up to type {}", kind.unsigned_abs()),
        How::Open(Access::Receive) => "open to receive".into(),
        How::Open(Access::Send) => "open to send".into(),
        How::Open(Access::Both) => "open for both".into(),
        How::Notified => "registered for notification".into(),
    }
}

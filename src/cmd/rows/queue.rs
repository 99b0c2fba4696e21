//! Message queues as rows.

use std::io;

use super::{Posix, Row, SystemV, columns, named, pid};
use crate::app::Context;
use crate::exit::words;
use crate::ipc::msgq::{posix, sysv};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A message queue of either kind.
pub(crate) type QueueRow = Row<sysv::QueueStatus, posix::QueueStatus>;

/// The rows of all System V queues and, as far as they can be listed, the POSIX ones; the error says
/// why those could not be.
pub(crate) fn rows() -> io::Result<(Vec<QueueRow>, Option<io::Error>)> {
    let (posix, hidden) = match posix::list() {
        Ok(queues) => (queues, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let system_v = sysv::list()?.into_iter().map(SystemV);
    Ok((Row::all(system_v.chain(posix.into_iter().map(Posix))), hidden))
}

/// Says once why the POSIX queues are not among the rows.
pub(crate) fn tell_hidden(context: &Context, hidden: Option<io::Error>) {
    if let Some(error) = hidden {
        let why = "POSIX queues are not listed: /dev/mqueue is not mounted, and mounting it privately failed";
        context.note(&format!("{why}: {}", words(&error)));
    }
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

//! Processes that use shared memory, as rows.

use std::sync::Arc;

use super::named;
use crate::ipc::shm::users::{How, User};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A process that uses shared memory, and what its user is called.
#[derive(Debug)]
pub(crate) struct MappingRow {
    user: User,
    names: Arc<Names>,
}

impl MappingRow {
    /// The rows of these; each user is looked up once.
    pub(crate) fn all(users: Vec<User>) -> Vec<Self> {
        let names = Arc::new(Names::of(Database::Users, users.iter().map(|user| user.uid)));
        users.into_iter().map(|user| Self { user, names: Arc::clone(&names) }).collect()
    }
}

/// Every column.
pub(crate) static COLUMNS: &[Column<MappingRow>] = &[
    column("pid", "process", Right, |row: &MappingRow| Cell::Signed(row.user.pid.into())),
    column("command", "what it is called", Left, |row| Cell::Foreign(row.user.command.as_bytes().into())),
    column("user", "its user", Left, |row| named(&row.names, row.user.uid)),
    column("how", "mapped, private (what it writes is its own) or open; r, or rw", Left, how),
    column("address", "where it lies in the process", Left, |row| match row.user.how {
        How::Mapped { start, end, .. } => Cell::shown(format_args!("{start:x}-{end:x}")),
        How::Open { .. } => Cell::None,
    }),
    column("rss", "bytes of the mapping in memory", Right, |row| match row.user.how {
        How::Mapped { resident, .. } => Cell::or_unknown(resident, Cell::Number),
        How::Open { .. } => Cell::None,
    }),
    column("page", "bytes of a page of the mapping", Right, |row| match row.user.how {
        How::Mapped { page_size, .. } => Cell::or_unknown(page_size, Cell::Number),
        How::Open { .. } => Cell::None,
    }),
];

fn how(row: &MappingRow) -> Cell<'_> {
    Cell::text(match row.user.how {
        How::Mapped { shared: true, writable: true, .. } => "mapped rw",
        How::Mapped { shared: true, writable: false, .. } => "mapped r",
        How::Mapped { shared: false, writable: true, .. } => "private rw",
        How::Mapped { shared: false, writable: false, .. } => "private r",
        How::Open { writable: true } => "open rw",
        How::Open { writable: false } => "open r",
    })
}

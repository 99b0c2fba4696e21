//! Processes and their signals as rows.

use std::sync::Arc;

use crate::ipc::signal::{Dispositions, SignalSet};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A process or thread, and what its user is called.
#[derive(Debug)]
pub(super) struct SignalRow {
    pub(super) of: Dispositions,
    users: Arc<Names>,
}

impl SignalRow {
    /// The rows of these; each user is looked up once.
    pub(super) fn all(all: Vec<Dispositions>) -> Vec<Self> {
        let users = Arc::new(Names::of(Database::Users, all.iter().map(|of| of.uid)));
        all.into_iter().map(|of| Self { of, users: Arc::clone(&users) }).collect()
    }
}

/// Every column.
pub(super) static COLUMNS: &[Column<SignalRow>] = &[
    column("pid", "process or thread", Right, |row: &SignalRow| Cell::Signed(row.of.id.into())),
    column("user", "its real user", Left, |row| {
        row.users.get(row.of.uid).map_or_else(|| Cell::shown(row.of.uid), |name| Cell::Foreign(name.as_bytes().into()))
    }),
    column("command", "what it is called", Left, |row| Cell::Foreign(row.of.command.as_bytes().into())),
    column("state", "R runs, S sleeps, D sleeps uninterruptibly, T stopped, t traced, Z ended", Left, |row| {
        Cell::shown(row.of.state)
    }),
    column("pending", "pending for it alone, or the process", Left, |row| set(row.of.pending.union(row.of.shared))),
    column("blocked", "blocked", Left, |row| set(row.of.blocked)),
    column("ignored", "ignored", Left, |row| set(row.of.ignored)),
    column("caught", "caught by a handler", Left, |row| set(row.of.caught)),
    column("uid", "number of its real user", Right, |row: &SignalRow| Cell::Number(row.of.uid.into())).hidden(),
    column("threads", "threads of the process", Right, |row: &SignalRow| Cell::Number(row.of.threads)).hidden(),
    column("queued", "signals queued for its user", Right, |row: &SignalRow| Cell::Number(row.of.queued)).hidden(),
    column("limit", "how many may be", Right, |row: &SignalRow| Cell::Number(row.of.limit)).hidden(),
    column("own_pending", "pending for the thread alone", Left, |row: &SignalRow| set(row.of.pending)).hidden(),
    column("shared_pending", "pending for the process", Left, |row: &SignalRow| set(row.of.shared)).hidden(),
];

fn set(signals: SignalSet) -> Cell<'static> {
    Cell::Words(signals.iter().map(|signal| signal.to_string()).collect(), signals.to_string())
}

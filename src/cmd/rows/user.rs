//! Processes that use an object, as rows.

use std::sync::Arc;

use super::named;
use crate::app::Context;
use crate::ipc::User;
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A process at an object, what its user is called, and what it does there in words.
#[derive(Debug)]
pub(crate) struct UserRow {
    user: User<String>,
    names: Arc<Names>,
}

impl UserRow {
    /// The rows of these processes; each user is looked up once.
    pub(crate) fn all<H>(users: Vec<User<H>>, words: impl Fn(&H) -> String) -> Vec<Self> {
        let names = Arc::new(Names::of(Database::Users, users.iter().map(|user| user.uid)));
        let row = |User { pid, command, uid, how }| {
            let user = User { pid, command, uid, how: words(&how) };
            Self { user, names: Arc::clone(&names) }
        };
        users.into_iter().map(row).collect()
    }
}

/// Every column of a process.
pub(crate) static COLUMNS: &[Column<UserRow>] = &[
    column("pid", "process", Right, |row: &UserRow| Cell::Signed(row.user.pid.into())),
    column("command", "what it is called", Left, |row| Cell::Foreign(row.user.command.as_bytes().into())),
    column("user", "its user", Left, |row| named(&row.names, row.user.uid)),
    column("how", "what it does there", Left, |row| Cell::text(&row.user.how)),
];

/// Says once how many processes could not be looked at.
pub(crate) fn tell_hidden(context: &mut Context, hidden: usize) {
    match hidden {
        0 => {}
        1 => context.note("1 process could not be looked at: it may be there, too"),
        _ => context.note(&format!("{hidden} processes could not be looked at: they may be there, too")),
    }
}

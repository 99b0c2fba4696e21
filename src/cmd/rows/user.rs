//! Processes that use an object, as rows.

use std::rc::Rc;

use super::named;
use crate::app::Context;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::users::{How, User};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A process at an object, and what its user is called.
#[derive(Debug)]
pub(crate) struct UserRow {
    user: User,
    names: Rc<Names>,
}

impl UserRow {
    /// The rows of these processes; each user is looked up once.
    pub(crate) fn all(users: Vec<User>) -> Vec<Self> {
        let names = Rc::new(Names::of(Database::Users, users.iter().map(|user| user.uid)));
        users.into_iter().map(|user| Self { user, names: Rc::clone(&names) }).collect()
    }
}

/// Every column of a process.
pub(crate) static COLUMNS: &[Column<UserRow>] = &[
    column("pid", "process", Right, |row: &UserRow| Cell::Signed(row.user.pid.into())),
    column("command", "what it is called", Left, |row| Cell::Foreign(row.user.command.as_bytes().into())),
    column("user", "its user", Left, |row| named(&row.names, row.user.uid)),
    column("how", "what it does there", Left, how),
];

fn how(row: &UserRow) -> Cell<'_> {
    Cell::text(match row.user.how {
        How::Sending => "blocked sending",
        How::Receiving { kind: None | Some(0) } => "blocked receiving",
        How::Receiving { kind: Some(kind) } if kind > 0 => {
            return Cell::shown(format_args!("blocked receiving type {kind}"));
        }
        How::Receiving { kind: Some(kind) } => {
            return Cell::shown(format_args!("blocked receiving up to type {}", kind.unsigned_abs()));
        }
        How::Open(Access::Receive) => "open to receive",
        How::Open(Access::Send) => "open to send",
        How::Open(Access::Both) => "open for both",
        How::Notified => "registered for notification",
    })
}

/// Says once how many processes could not be looked at.
pub(crate) fn tell_hidden(context: &mut Context, hidden: usize) {
    match hidden {
        0 => {}
        1 => context.note("1 process could not be looked at: it may be there, too"),
        _ => context.note(&format!("{hidden} processes could not be looked at: they may be there, too")),
    }
}

//! Shared memory without a name as rows.

use anyhow::Context as _;

use super::named;
use crate::ipc::shm::{Unnamed, unnamed_objects};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};
use crate::proc::process;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

/// An object without a name, and what its owner and its process are called.
#[derive(Debug)]
pub(crate) struct UnnamedRow {
    object: Unnamed,
    command: Option<String>,
    users: Arc<Names>,
}

/// The rows of all of them, and how many processes may have more.
pub(crate) fn rows() -> anyhow::Result<(Vec<UnnamedRow>, usize)> {
    let (objects, hidden) = unnamed_objects().context("cannot look at the processes")?;
    let users = Arc::new(Names::of(Database::Users, objects.iter().filter_map(|object| object.uid)));
    let row = |object: Unnamed| {
        let command = process::command(object.pid);
        UnnamedRow { object, command, users: Arc::clone(&users) }
    };
    Ok((objects.into_iter().map(row).collect(), hidden))
}

/// Every column.
pub(crate) static COLUMNS: &[Column<UnnamedRow>] = &[
    column("name", "a name that opens it, as long as the process lives", Left, |row: &UnnamedRow| {
        Cell::Foreign([b"file:", row.object.path.as_os_str().as_bytes()].concat().into())
    }),
    column("was", "what it was called", Left, |row| Cell::Foreign(row.object.was.as_slice().into())),
    column("owner", "user who owns it", Left, |row| Cell::or_unknown(row.object.uid, |uid| named(&row.users, uid))),
    column("mode", "permission bits", Left, |row| {
        Cell::or_unknown(row.object.mode, |mode| Cell::Octal(mode.bits().into()))
    }),
    column("bytes", "size in bytes", Right, |row| Cell::or_unknown(row.object.size, Cell::Number)),
    column("pid", "a process that has it", Right, |row| Cell::Signed(row.object.pid.into())),
    column("command", "what that is called", Left, |row| {
        row.command.as_ref().map_or(Cell::Gone, |command| Cell::Foreign(command.as_bytes().into()))
    }),
];

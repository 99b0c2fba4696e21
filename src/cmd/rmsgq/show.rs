//! `rmsgq show`: everything about one queue, and who is at it.

use std::io;

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::queue::{COLUMNS, QueueRow};
use crate::cmd::rows::user::{self, UserRow};
use crate::cmd::rows::{Object, Row};
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::msgq::users::{self, Users};
use crate::ipc::msgq::{posix, sysv};
use crate::output::{Cell, write_details, write_object, write_table};
use crate::proc::process;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The queues: identifiers (42), keys (0x4b, key:75, ftok:PATH), POSIX names (/jobs)
    #[arg(value_parser = args::queue(), required = true)]
    names: Vec<Name>,

    /// Write a JSON object per queue
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about a queue, and who is at it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut hidden = 0;
        let status = context.for_each(&self.names, |context, name| {
            super::check_name(name)?;
            let (row, users) = look(name).with_context(|| format!("cannot look at queue {name}"))?;
            hidden = hidden.max(users.hidden);
            Ok(self.write(context, &row, &UserRow::all(users.seen))?)
        });
        user::tell_hidden(context, hidden);
        Ok(status)
    }
}

/// A queue and its users.
fn look(name: &Name) -> io::Result<(QueueRow, Users)> {
    let (object, users) = if let Name::Posix(name) = name {
        let status = posix::status(name)?;
        let users = users::of_posix(&status)?;
        (Object::Posix(status), users)
    } else {
        let queue = sysv::Queue::named(name)?;
        (Object::SystemV(queue.status()?), users::of_system_v(queue)?)
    };
    Ok((Row::one(object), users))
}

impl Show {
    fn write(&self, context: &mut Context, row: &QueueRow, users: &[UserRow]) -> io::Result<()> {
        let mut fields = fields(row);
        let columns: Vec<_> = user::COLUMNS.iter().collect();
        if self.json {
            let cells = |user| columns.iter().map(|column| (column.name, (column.get)(user))).collect();
            fields.push(("processes", Cell::List(users.iter().map(cells).collect())));
            return write_object(&mut context.out, &fields);
        }
        write_details(&mut context.out, &fields)?;
        if users.is_empty() { Ok(()) } else { write_table(&mut context.out, &columns, users, true) }
    }
}

/// All columns, and what the processes in them are called.
fn fields(row: &QueueRow) -> Vec<(&'static str, Cell<'_>)> {
    let mut fields = Vec::new();
    for column in COLUMNS {
        let cell = (column.get)(row);
        let pid = if let Cell::Signed(pid) = cell { i32::try_from(pid).ok() } else { None };
        fields.push((column.name, cell));
        let Some(pid) = pid else { continue };
        match column.name {
            "sender" => fields.push(("sender_command", command(pid))),
            "receiver" => fields.push(("receiver_command", command(pid))),
            _ => {}
        }
    }
    fields
}

/// What a process is called, while it runs.
fn command(pid: i32) -> Cell<'static> {
    process::command(pid).map_or(Cell::Gone, |name| Cell::Foreign(name.into_bytes().into()))
}

//! `rmsgq show`: everything about one queue, and who is at it.

use std::io;

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::queue::{COLUMNS, QueueRow, how};
use crate::cmd::rows::user::{self, UserRow};
use crate::cmd::rows::{self, Object, Row};
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::msgq::users::{self, Users};
use crate::ipc::msgq::{posix, sysv};

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
            let fields = rows::details(COLUMNS, &row, PROCESSES);
            let users = UserRow::all(users.seen, how);
            Ok(rows::write_object_and_users(context, self.json, fields, user::COLUMNS, &users)?)
        });
        user::tell_hidden(context, hidden);
        Ok(status)
    }
}

/// The columns that hold a pid, and where its command stands.
const PROCESSES: &[(&str, &str)] = &[("sender", "sender_command"), ("receiver", "receiver_command")];

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

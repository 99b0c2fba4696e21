//! `rsem show`: everything about a set or a semaphore, and who is at it.

use std::io;

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::semaphore::{FULL_COLUMNS, MEMBER_COLUMNS, MemberRow, SemaphoreRow, how, textbook};
use crate::cmd::rows::user::{self, UserRow};
use crate::cmd::rows::{self, Object, Row};
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::sem::users::{self, Users};
use crate::ipc::sem::{posix, sysv};
use crate::output::{Cell, write_details, write_object};

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The sets: identifiers (42), keys (0x4b, key:75, ftok:PATH); POSIX names (/jobs)
    #[arg(value_parser = args::semaphores(), required = true)]
    names: Vec<Name>,

    /// Write a JSON object for each
    #[arg(long)]
    json: bool,
}

/// What there is to tell.
struct Seen {
    row: SemaphoreRow,
    /// The semaphores of a set; none of them where they may not be read.
    members: Vec<MemberRow>,
    textbook: Option<String>,
    users: Users,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about a set or a semaphore, and who is at it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mut hidden = 0;
        let status = context.for_each(&self.names, |context, name| {
            super::check_name(name)?;
            let seen = look(name).with_context(|| format!("cannot look at {}", super::the_whole(name)))?;
            hidden = hidden.max(seen.users.hidden);
            Ok(self.write(context, seen)?)
        });
        user::tell_hidden(context, hidden);
        Ok(status)
    }
}

fn look(name: &Name) -> io::Result<Seen> {
    if let Name::Posix(name) = name {
        let status = posix::status(name)?;
        let users = users::of_posix(&status)?;
        let textbook = status.value.zip(status.waiting).map(|(value, waiting)| textbook(value, waiting));
        return Ok(Seen { row: Row::one(Object::Posix(status)), members: Vec::new(), textbook, users });
    }
    let set = sysv::Set::named(name)?;
    let mut status = [set.status()?];
    sysv::add_values(&mut status);
    sysv::add_waiting(&mut status);
    let [status] = status;
    // Who may not read them still sees the rest.
    let members = set.semaphores().unwrap_or_default();
    let last = status.operated.max(status.changed);
    let members = members.into_iter().map(|member| MemberRow::of(member, last)).collect();
    Ok(Seen { row: Row::one(Object::SystemV(status)), members, textbook: None, users: users::of_system_v(set)? })
}

impl Show {
    fn write(&self, context: &mut Context, seen: Seen) -> io::Result<()> {
        let users = UserRow::all(seen.users.seen, how);
        let mut fields: Vec<(&'static str, Cell<'_>)> =
            FULL_COLUMNS.iter().map(|column| (column.name, (column.get)(&seen.row))).collect();
        if !seen.row.is_set() {
            fields.push(("textbook", Cell::or_unknown(seen.textbook.as_deref(), Cell::text)));
        }
        if self.json {
            if seen.row.is_set() {
                fields.push(("semaphores", rows::records(MEMBER_COLUMNS, &seen.members)));
            }
            fields.push(("processes", rows::records(user::COLUMNS, &users)));
            return write_object(&mut context.out, &fields);
        }
        write_details(&mut context.out, &fields)?;
        rows::write_records(context, MEMBER_COLUMNS, &seen.members)?;
        rows::write_records(context, user::COLUMNS, &users)
    }
}

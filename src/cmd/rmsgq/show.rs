//! `rmsgq show`: everything about one queue.

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::cmd::rows::queue::{COLUMNS, QueueRow};
use crate::cmd::rows::{Object, Row};
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::msgq::{posix, sysv};
use crate::output::{Cell, write_details, write_object};
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
    const ABOUT: &'static str = "Show everything about a queue";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        Ok(context.for_each(&self.names, |context, name| {
            super::refuse_nameless(name)?;
            let row = look(name).with_context(|| format!("cannot look at queue {name}"))?;
            let fields = fields(&row);
            if self.json {
                return Ok(write_object(&mut context.out, &fields)?);
            }
            Ok(write_details(&mut context.out, &fields)?)
        }))
    }
}

fn look(name: &Name) -> std::io::Result<QueueRow> {
    let object = match name {
        Name::Posix(name) => Object::Posix(posix::status(name)?),
        _ => Object::SystemV(sysv::Queue::named(name)?.status()?),
    };
    Ok(Row::one(object))
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

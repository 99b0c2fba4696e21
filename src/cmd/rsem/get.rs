//! `rsem get`: print values, mode or owner.

use std::io::Write as _;

use anyhow::Context as _;
use clap::Args;

use super::refusal;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::sem::{Semaphore, posix};
use crate::ipc::users::{Database, Names};
use crate::ipc::{Indexed, Mode, Name};

#[derive(Debug, Args)]
pub(super) struct Get {
    /// The set, one of its semaphores (42:1), or POSIX name (/jobs)
    #[arg(value_parser = args::semaphore())]
    name: Indexed,

    /// Print the permissions instead, octal
    #[arg(short, long, conflicts_with = "owner")]
    mode: bool,

    /// Print the owner instead: USER:GROUP
    #[arg(long)]
    owner: bool,
}

impl Verb for Get {
    const NAME: &'static str = "get";
    const ABOUT: &'static str = "Print values, one a line; or the mode, or the owner";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.mode || self.owner {
            let (mode, uid, gid) = self.permissions()?;
            let line = if self.mode { mode.to_string() } else { owner(uid, gid) };
            context.out.foreign_line(line.as_bytes())?;
            return Ok(Status::Done);
        }
        for value in self.values()? {
            writeln!(context.out, "{value}")?;
        }
        Ok(Status::Done)
    }
}

impl Get {
    fn values(&self) -> anyhow::Result<Vec<u32>> {
        if let Name::Posix(name) = &self.name.name {
            // Reading takes no more than the right to read.
            let status = posix::status(name).with_context(|| self.cannot())?;
            let value = match status.value {
                Some(value) => value,
                None => super::open(&self.name)?.value().with_context(|| self.cannot())?,
            };
            return Ok(vec![value]);
        }
        let semaphore = super::open(&self.name)?;
        let values = match (&semaphore, self.name.index) {
            (Semaphore::SystemV { set, .. }, None) => {
                set.values().map(|values| values.into_iter().map(u32::from).collect())
            }
            _ => semaphore.value().map(|value| vec![value]),
        };
        values.map_err(|error| refusal::of_use(error, &self.name, &semaphore, &self.cannot()))
    }

    fn permissions(&self) -> anyhow::Result<(Mode, u32, u32)> {
        if let Name::Posix(name) = &self.name.name {
            let file = posix::status(name).with_context(|| self.cannot())?.file;
            return Ok((file.mode, file.uid, file.gid));
        }
        let status = super::open_set(&self.name.name)?.status().with_context(|| self.cannot())?;
        Ok((status.permissions.mode, status.permissions.uid, status.permissions.gid))
    }

    fn cannot(&self) -> String {
        format!("cannot look at {}", super::the_whole(&self.name.name))
    }
}

/// `USER:GROUP` by name, or by number where nobody has the name: as `set --owner` takes it.
fn owner(uid: u32, gid: u32) -> String {
    let name = |database, number: u32| {
        let names = Names::of(database, [number]);
        names.get(number).map_or_else(|| number.to_string(), str::to_owned)
    };
    format!("{}:{}", name(Database::Users, uid), name(Database::Groups, gid))
}

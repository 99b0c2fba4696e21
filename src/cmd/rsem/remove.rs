//! `rsem remove`: remove sets and semaphores.

use std::io::ErrorKind;

use anyhow::Context as _;
use clap::Args;

use super::create;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::sem::{posix, sysv};
use crate::output::counted;

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The sets: identifiers (42), keys (0x4b, key:75, ftok:PATH); POSIX names (/jobs)
    #[arg(value_parser = args::semaphores(), required = true)]
    names: Vec<Name>,

    /// One that does not exist is no failure
    #[arg(long)]
    if_exists: bool,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ALIAS: Option<&'static str> = Some("rm");
    const ABOUT: &'static str = "Remove sets and semaphores; whoever sleeps on a set is woken with an error";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        Ok(context.for_each(&self.names, |context, name| {
            super::check_name(name)?;
            let waiting = waiting(name);
            match create::remove(name) {
                Err(error) if self.if_exists && error.kind() == ErrorKind::NotFound => return Ok(()),
                removed => removed.with_context(|| format!("cannot remove {}", super::the_whole(name)))?,
            }
            if waiting > 0 {
                context.note(&told(name, waiting));
            }
            Ok(())
        }))
    }
}

/// How many processes sleep on it, as far as we may know.
fn waiting(name: &Name) -> u64 {
    match name {
        Name::Posix(name) => posix::status(name).ok().and_then(|status| status.waiting).map_or(0, u64::from),
        _ => sysv::Set::named(name).and_then(sysv::Set::waiting).unwrap_or(0),
    }
}

/// What the removal meant for those who sleep there.
fn told(name: &Name, waiting: u64) -> String {
    let (processes, wait) = (counted(waiting, "process"), if waiting == 1 { "waits" } else { "wait" });
    let object = super::the_whole(name);
    match name {
        Name::Posix(_) => {
            format!("removed the name of {object}: {processes} still {wait} on it, to be woken by who has it open")
        }
        _ => format!("removed {object}: woke {processes} that waited (EIDRM)"),
    }
}

//! `rmsgq remove`: remove queues.

use std::io;

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::msgq::Queue;

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The queues: identifiers (42), keys (0x4b, key:75, ftok:PATH), POSIX names (/jobs)
    #[arg(value_parser = args::queue(), required = true)]
    names: Vec<Name>,

    /// A queue that does not exist is no failure
    #[arg(long)]
    if_exists: bool,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ALIAS: Option<&'static str> = Some("rm");
    const ABOUT: &'static str = "Remove queues; whoever sleeps on one is woken with an error";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        Ok(context.for_each(&self.names, |_, name| {
            super::check_name(name)?;
            match Queue::remove(name) {
                Err(error) if self.if_exists && error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed.with_context(|| format!("cannot remove queue {name}")),
            }
        }))
    }
}

//! `rsem op`: several operations on a set in one step.

use std::ffi::OsString;

use anyhow::bail;
use clap::Args;

use super::refusal;
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::command::{become_it, of_words};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::Name;
use crate::ipc::sem::sysv::Operation;

#[derive(Debug, Args)]
pub(super) struct Op {
    /// The set: identifier (42) or key (0x4b, key:75, ftok:PATH)
    #[arg(value_parser = args::semaphores())]
    name: Name,

    /// INDEX-N takes, INDEX+N gives, INDEX=0 waits for zero; n behind it does not wait, u is undone at
    /// the end of the command
    #[arg(required = true, value_name = "OPERATIONS", value_parser = Operation::parse)]
    operations: Vec<Operation>,

    #[command(flatten)]
    wait: WaitArgs,

    /// Do not say that it was in vain; the status says it
    #[arg(short, long)]
    quiet: bool,

    /// Become this command when all is done
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Op {
    const NAME: &'static str = "op";
    const ABOUT: &'static str = "Do several operations on a set in one step, all or none";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let done = self.operate();
        if self.command.is_empty() {
            return done;
        }
        match done {
            Ok(Status::Done) => Err(become_it(of_words(&self.command))),
            // Not to be mistaken for a status of the command.
            Err(error) => Ok(context.report(&error).of_run()),
            gave_up => gave_up,
        }
    }
}

impl Op {
    fn operate(&self) -> anyhow::Result<Status> {
        if self.command.is_empty() && self.operations.iter().any(|operation| operation.undo) {
            bail!(UsageError("u undoes when the process ends, which is at once without a command behind --".into()));
        }
        let set = super::open_set(&self.name)?;
        let done = set.operate(&self.operations, self.wait.wait());
        let refused = |error| refusal::of_operations(error, set, &self.name.to_string(), self.operations.len());
        match done.map_err(refused) {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            done => done.map(|()| Status::Done),
        }
    }
}

//! `rpipe run`: a pipeline without a shell.

use anyhow::{Context as _, bail};
use clap::Args;

use super::stages::{Options, Wiring};
use crate::app::{Context, Verb};
use crate::command::{become_it, last_failure, of_words};
use crate::exit::{Status, UsageError};
use crate::sys::exec::{self, Setup};
use crate::sys::siginfo;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Let the commands of these numbers (1,3) write to a terminal, so that they write each line at once
    #[arg(long, value_name = "STAGES", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    pty: Vec<u32>,

    /// The status is that of the last command that failed, and not simply of the last one
    #[arg(long)]
    pipefail: bool,

    #[command(flatten)]
    options: Options,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Run commands, each writing into a pipe that the next one reads";
    const RUNS_COMMAND: bool = true;

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let commands = self.options.commands()?;
        let terminals: Vec<usize> = self.pty.iter().map(|&number| number as usize - 1).collect();
        if let Some(number) = terminals.iter().find(|&&number| number >= commands.len()) {
            bail!(UsageError(format!("there is no command {}, only {}", number + 1, commands.len())));
        }
        if let [words] = commands[..]
            && terminals.is_empty()
            && !self.options.reports.is_any()
        {
            // One alone needs nobody beside it.
            let mut command = of_words(words);
            let mask = siginfo::block(0).context("cannot ask for the blocked signals")?;
            exec::prepare(&mut command, Setup::default(), mask);
            return Err(become_it(command));
        }
        let sinks = self.options.reports.open()?;
        let mut pipeline = self.options.start(context, Wiring::Line, &terminals)?;
        let tallies = pipeline.wait(None)?;
        let members = pipeline.family.members();
        sinks.write(&commands, members, &tallies)?;
        let mut statuses = self.options.statuses(members);
        if self.pipefail {
            return Ok(last_failure(statuses));
        }
        match statuses.next_back() {
            // What was not even started is no success, wherever it stands.
            Some(0) | None => Ok(pipeline.failed_start),
            Some(status) => Ok(Status::Command(status)),
        }
    }
}

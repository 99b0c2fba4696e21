//! `rpipe duplex`: commands that talk to each other.

use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::stages::{Options, Wiring};
use crate::app::{Context, Verb};
use crate::args;
use crate::command::last_failure;
use crate::exit::{Status, UsageError};

#[derive(Debug, Args)]
pub(super) struct Duplex {
    /// Give each of two commands one descriptor for both directions instead of two pipes
    #[arg(long, conflicts_with_all = ["capacity", "packet", "report"])]
    socketpair: bool,

    /// Those that still run DURATION after one has ended are sent TERM
    #[arg(long, value_name = "DURATION", value_parser = args::duration, default_value = "2s")]
    grace: Duration,

    #[command(flatten)]
    options: Options,
}

impl Verb for Duplex {
    const NAME: &'static str = "duplex";
    const ABOUT: &'static str = "Run commands in a ring: each reads what the one before it writes";
    const RUNS_COMMAND: bool = true;

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let commands = self.options.commands()?;
        if self.socketpair && commands.len() != 2 {
            bail!(UsageError(format!("a pair of sockets connects 2 commands, not {}", commands.len())));
        }
        let sinks = self.options.reports.open()?;
        let wiring = if self.socketpair { Wiring::Sockets } else { Wiring::Ring };
        let mut pipeline = self.options.start(context, wiring, &[])?;
        let tallies = pipeline.wait(Some(self.grace))?;
        let members = pipeline.family.members();
        sinks.write(&commands, members, &tallies)?;
        Ok(last_failure(self.options.statuses(members)))
    }
}

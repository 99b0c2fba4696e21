//! `rsignal run`: a command with other signals.

use std::ffi::OsString;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use nix::unistd::{getpgrp, getpid};

use crate::app::{Context, Verb};
use crate::args;
use crate::command::{Manners, Supervised, become_it, of_words};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::signal::{Signal, SignalSet};
use crate::output::escape;
use crate::sys::exec::{self, Setup};
use crate::sys::siginfo;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    command: Vec<OsString>,

    /// It ignores these signals
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    ignore: Vec<SignalSet>,

    /// These have their default action
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    default: Vec<SignalSet>,

    /// It begins with these blocked
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    block: Vec<SignalSet>,

    /// It leads a process group of its own
    #[arg(long)]
    new_group: bool,

    /// It leads a session of its own, without a terminal
    #[arg(long, conflicts_with = "new_group")]
    new_session: bool,

    /// It gets this signal when its parent dies
    #[arg(long, value_name = "SIG", value_parser = args::signal)]
    parent_death: Option<Signal>,

    /// Send it a signal after DURATION, and wait on; the status is 124 then
    #[arg(short, long, value_name = "DURATION", value_parser = args::duration)]
    timeout: Option<Duration>,

    /// The signal of --timeout
    #[arg(short, long, value_name = "SIG", default_value = "TERM", value_parser = args::signal, requires = "timeout")]
    signal: Signal,

    /// Send it KILL when it still runs DURATION after that
    #[arg(short, long, value_name = "DURATION", value_parser = args::duration, requires = "timeout")]
    kill_after: Option<Duration>,

    /// Stay beside it, and pass these on to it besides HUP, INT, QUIT, TERM, USR1, USR2, CONT, TSTP and WINCH
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    forward: Vec<SignalSet>,

    /// Stay beside it, and pass the first signal on as the second: INT:USR1
    #[arg(long, value_name = "SIG:SIG", value_parser = args::pair)]
    map: Vec<(Signal, Signal)>,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Run a command with signals ignored, blocked, forwarded, or a time limit";
    const RUNS_COMMAND: bool = true;

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        self.check()?;
        let mut command = of_words(&self.command);
        let mask = siginfo::block(0).context("cannot ask for the blocked signals")?;
        exec::prepare(&mut command, self.setup(), mask);
        if !self.stays() {
            return Err(become_it(command));
        }
        let mut supervised = Supervised::start_with(command, self.manners())?;
        let status = supervised.wait()?;
        if supervised.is_late() {
            let name = escape(self.command[0].as_encoded_bytes());
            bail!(GaveUp(format!("'{name}' took longer than {}", args::seconds(self.timeout.unwrap_or_default()))));
        }
        Ok(status)
    }
}

fn union(sets: &[SignalSet]) -> SignalSet {
    sets.iter().fold(SignalSet::EMPTY, |all, set| all.union(*set))
}

impl Run {
    fn check(&self) -> anyhow::Result<()> {
        let all = [&self.ignore, &self.default, &self.block, &self.forward].map(|sets| union(sets));
        let mapped: SignalSet = self.map.iter().map(|(from, _)| *from).collect();
        let touched = all.into_iter().fold(mapped, SignalSet::union);
        if let Some(signal) = touched.iter().find(|signal| signal.is_unstoppable()) {
            bail!(UsageError(format!("{signal} always has its default action")));
        }
        Ok(())
    }

    /// Whether there is something to do while the command runs.
    fn stays(&self) -> bool {
        // setsid(2) is refused to the leader of a process group, which a job of an interactive shell is.
        let cannot_leave = self.new_session && getpgrp() == getpid();
        self.timeout.is_some() || !self.forward.is_empty() || !self.map.is_empty() || cannot_leave
    }

    fn setup(&self) -> Setup {
        Setup {
            ignored: union(&self.ignore).bits(),
            default: union(&self.default).bits(),
            blocked: union(&self.block).bits(),
            new_session: self.new_session,
            new_group: self.new_group,
            parent_death: self.parent_death.map(Signal::number),
        }
    }

    fn manners(&self) -> Manners {
        // As for timeout(1), 0 is no limit.
        let timeout = self.timeout.filter(|limit| !limit.is_zero());
        let first = timeout.map(|limit| (limit, self.signal));
        let last = timeout.zip(self.kill_after).map(|(limit, more)| (limit.saturating_add(more), Signal::KILL));
        Manners {
            forward: union(&self.forward),
            map: self.map.clone(),
            limits: first.into_iter().chain(last).collect(),
            whole_group: self.new_group || self.new_session,
        }
    }
}

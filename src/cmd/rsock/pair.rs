//! `rsock pair`: two commands, each the other's standard input and output.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::process::{Child, ExitStatus, Stdio};

use anyhow::{Context as _, bail};
use clap::Args;
use nix::unistd::pause;

use crate::app::{Context, Verb};
use crate::args::TypeArgs;
use crate::command::{of_words, status_of};
use crate::exit::{CommandError, Status, UsageError};
use crate::ipc::signal::{self as signals, Signal};
use crate::ipc::socket::Socket;
use crate::sys::signal;

#[derive(Debug, Args)]
pub(super) struct Pair {
    #[command(flatten)]
    kind: TypeArgs,

    /// Two commands with ::: between them
    #[arg(last = true, required = true, value_name = "COMMAND")]
    commands: Vec<OsString>,
}

impl Verb for Pair {
    const NAME: &'static str = "pair";
    const ABOUT: &'static str = "Run two commands, each the other's standard input and output";
    const RUNS_COMMAND: bool = true;

    fn run(self, _context: &mut Context) -> anyhow::Result<Status> {
        let halves: Vec<&[OsString]> = self.commands.split(|word| word == ":::").collect();
        let [left, right] = halves[..] else {
            bail!(UsageError("two commands with ::: between them".into()));
        };
        if left.is_empty() || right.is_empty() {
            bail!(UsageError("a command stands on both sides of :::".into()));
        }
        signal::catch_endings().and_then(|()| signal::catch_children()).context("cannot catch signals")?;
        let (one, other) = Socket::pair(self.kind.kind).context("cannot make a pair of sockets")?;
        let mut running = vec![Running::start(left, one)?];
        match Running::start(right, other) {
            Ok(second) => running.push(second),
            Err(error) => {
                // Its other end is closed now, but it need not look there.
                running[0].send(Signal::TERM);
                let _ = running[0].child.wait();
                return Err(error);
            }
        }
        wait(&mut running)
    }
}

/// One of the two.
struct Running {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Running {
    fn start(words: &[OsString], end: Socket) -> anyhow::Result<Self> {
        let output = OwnedFd::from(end);
        let input = output.try_clone().context("cannot hand a socket over")?;
        let mut command = of_words(words);
        command.stdin(Stdio::from(input)).stdout(Stdio::from(output));
        let child = command.spawn().map_err(|error| CommandError::new(command.get_program(), error))?;
        Ok(Self { child, ended: None })
    }

    fn send(&self, signal: Signal) {
        if self.ended.is_none() {
            // It is our child, so its pid is nobody else's before we have waited for it.
            let _ = signals::send(self.child.id().cast_signed(), Some(signal));
        }
    }
}

/// Waits for both, and passes on what is sent to us: the status of the first that failed.
fn wait(running: &mut [Running]) -> anyhow::Result<Status> {
    loop {
        signal::forget_child_ended();
        for one in &mut *running {
            if one.ended.is_none() {
                one.ended = one.child.try_wait().context("cannot wait for a command")?;
            }
        }
        if let Some(statuses) = running.iter().map(|one| one.ended).collect::<Option<Vec<_>>>() {
            let failed = statuses.iter().find(|status| !status.success());
            return Ok(failed.map_or(Status::Done, |&status| status_of(status)));
        }
        match signal::caught().and_then(Signal::new) {
            Some(signal) => {
                signal::settle();
                for one in running.iter() {
                    one.send(signal);
                }
            }
            // A child's end and a signal ring until they are noticed.
            None => {
                pause();
            }
        }
    }
}

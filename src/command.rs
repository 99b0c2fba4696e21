//! A command of the user's under a tool: what the `run` of every tool does.
//!
//! [`become_it`] leaves nothing of ours behind. [`Supervised`] stays beside the command, for tools that
//! have something to do when it has ended: it passes on the signals that are meant for the command,
//! stops and goes on with it, and tells its end as a shell does.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};

use anyhow::Context as _;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::exit::{CommandError, Status};
use crate::sys::signal;

/// Becomes the command: returns only where that cannot be done.
pub(crate) fn become_it(mut command: Command) -> anyhow::Error {
    let error = command.exec();
    CommandError::new(command.get_program(), error).into()
}

/// What a supervisor hears: the end of the command, and what is sent to us and meant for it.
const HEARD: [Signal; 10] = [
    Signal::SIGCHLD,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGCONT,
    Signal::SIGTSTP,
    Signal::SIGWINCH,
];

/// A command that runs while we watch over it. It keeps running when this is dropped.
#[derive(Debug)]
pub(crate) struct Supervised {
    command: Child,
    signals: SignalFd,
}

impl Supervised {
    /// Starts the command. From here on no signal but SIGKILL ends us before [`wait`](Self::wait) returns.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        let heard: SigSet = HEARD.into_iter().collect();
        // A parent that ignored SIGCHLD would leave us nothing to wait for.
        signal::keep_ended_children();
        let before = heard.thread_swap_mask(SigmaskHow::SIG_BLOCK).context("cannot block signals")?;
        signal::start_with_mask(&mut command, before);
        let command = command.spawn().map_err(|error| CommandError::new(command.get_program(), error))?;
        let signals = SignalFd::with_flags(&heard, SfdFlags::SFD_CLOEXEC).context("cannot listen for signals")?;
        Ok(Self { command, signals })
    }

    /// Waits for the end of the command: its status, or 128 and the number of the signal that ended it.
    pub(crate) fn wait(&mut self) -> anyhow::Result<Status> {
        loop {
            if let Some(info) = self.signals.read_signal().context("cannot listen for signals")? {
                match Signal::try_from(info.ssi_signo.cast_signed()) {
                    Ok(Signal::SIGCHLD) => {
                        if let Some(status) = self.look()? {
                            return Ok(status);
                        }
                    }
                    Ok(signal) if is_for_the_command(signal, &info) => self.pass_on(signal),
                    _ => {}
                }
            }
        }
    }

    /// The status of the command if it has ended; stops with it if it has stopped.
    fn look(&mut self) -> anyhow::Result<Option<Status>> {
        if let Some(status) = self.command.try_wait().context("cannot wait for the command")? {
            return Ok(Some(status_of(status)));
        }
        let stops = WaitPidFlag::WNOHANG | WaitPidFlag::WSTOPPED;
        if let Ok(WaitStatus::Stopped(..)) = waitid(Id::Pid(self.pid()), stops) {
            // The shell shall notice; who lets us go on means both.
            let _ = raise(Signal::SIGSTOP);
            self.pass_on(Signal::SIGCONT);
        }
        Ok(None)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.command.id().cast_signed())
    }

    fn pass_on(&self, signal: Signal) {
        // It may have ended: then there is nobody to tell.
        let _ = kill(self.pid(), signal);
    }
}

/// The terminal sends its signals to every process in the foreground, so the command has got them.
fn is_for_the_command(signal: Signal, info: &siginfo) -> bool {
    let from_terminal = info.ssi_code > 0;
    !(from_terminal && matches!(signal, Signal::SIGINT | Signal::SIGQUIT | Signal::SIGTSTP | Signal::SIGWINCH))
}

/// As a shell tells it: 128 and the number of the signal that ended it.
fn status_of(status: ExitStatus) -> Status {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Status::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

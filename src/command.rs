//! A command of the user's under a tool: what the `run` of every tool does.
//!
//! [`become_it`] leaves nothing of ours behind. [`Supervised`] stays beside the command, for tools that
//! have something to do when it has ended: it passes on the signals that are meant for the command,
//! stops and goes on with it, and tells its end as a shell does. It can also wait for all that the
//! command leaves behind.

use std::ffi::OsString;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use crate::exit::{CommandError, Status};
use crate::proc::process;
use crate::sys::signal;

/// The command of these words, of which there is at least one.
pub(crate) fn of_words(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

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
    /// Whether its end is that of all its descendants.
    with_descendants: bool,
}

impl Supervised {
    /// Starts the command. From here on no signal but SIGKILL ends us before [`wait`](Self::wait) returns.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        let heard: SigSet = HEARD.into_iter().collect();
        // A parent that ignored SIGCHLD would leave us nothing to wait for.
        signal::keep_ended_children();
        let before = heard.thread_swap_mask(SigmaskHow::SIG_BLOCK).context("cannot block signals")?;
        // std leaves it what we have blocked.
        signal::start_with_mask(&mut command, before);
        let command = command.spawn().map_err(|error| CommandError::new(command.get_program(), error))?;
        let signals = SignalFd::with_flags(&heard, SfdFlags::SFD_CLOEXEC).context("cannot listen for signals")?;
        let started = Self { command, signals, with_descendants: false };
        // One that a tool caught before it came so far is for the command, too.
        if let Some(signal) = signal::caught().and_then(|signal| Signal::try_from(signal).ok()) {
            signal::settle();
            started.pass_on(signal);
        }
        Ok(started)
    }

    /// The same, but what the command leaves behind becomes our child, and [`wait`](Self::wait) waits
    /// for all of it (PR_SET_CHILD_SUBREAPER).
    pub(crate) fn start_with_descendants(command: Command) -> anyhow::Result<Self> {
        set_child_subreaper(true).context("cannot become the parent of orphans")?;
        let started = Self::start(command)?;
        Ok(Self { with_descendants: true, ..started })
    }

    /// Waits for the end of the command: its status, or 128 and the number of the signal that ended it.
    pub(crate) fn wait(&mut self) -> anyhow::Result<Status> {
        loop {
            match self.hear()? {
                Some(Signal::SIGCHLD) => {
                    if let Some(status) = self.look()? {
                        return if self.with_descendants {
                            self.wait_for_orphans().map(|()| status)
                        } else {
                            Ok(status)
                        };
                    }
                }
                Some(signal) => self.pass_on(signal),
                None => {}
            }
        }
    }

    /// The next signal that is for the command, or SIGCHLD.
    fn hear(&self) -> anyhow::Result<Option<Signal>> {
        let info = match self.signals.read_signal() {
            Err(Errno::EINTR) => return Ok(None),
            heard => heard.context("cannot listen for signals")?,
        };
        let heard = info.and_then(|info| Some((Signal::try_from(info.ssi_signo.cast_signed()).ok()?, info)));
        Ok(heard.filter(|(signal, info)| is_for_the_command(*signal, info)).map(|(signal, _)| signal))
    }

    /// Waits until we have no child any more. Signals go to those that we have.
    fn wait_for_orphans(&self) -> anyhow::Result<()> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => match self.hear()? {
                    None | Some(Signal::SIGCHLD) => {}
                    Some(signal) => process::own_children().into_iter().for_each(|pid| {
                        let _ = kill(Pid::from_raw(pid), signal);
                    }),
                },
                Err(Errno::ECHILD) => return Ok(()),
                Err(error) if error != Errno::EINTR => return Err(error).context("cannot wait for the descendants"),
                _ => {}
            }
        }
    }

    /// Lets the orphans go that have ended while the command runs.
    fn reap_orphans(&self) {
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        while let Ok(Some(pid)) = waitid(Id::All, ended | WaitPidFlag::WNOWAIT).map(|status| status.pid())
            && pid != self.pid()
        {
            let _ = waitid(Id::Pid(pid), ended);
        }
    }

    /// The status of the command if it has ended; stops with it if it has stopped.
    fn look(&mut self) -> anyhow::Result<Option<Status>> {
        if let Some(status) = self.command.try_wait().context("cannot wait for the command")? {
            return Ok(Some(status_of(status)));
        }
        if self.with_descendants {
            self.reap_orphans();
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

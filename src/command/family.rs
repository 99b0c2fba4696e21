//! Several commands side by side: what is sent to us reaches all of them, and all are waited for.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{HEARD, is_of_child, is_of_keys, set};
use crate::exit::{CommandError, Status};
use crate::ipc::Wait;
use crate::ipc::signal::{self, Ending, Receiver, Signal};
use crate::sys::child::{self, Change, Usage};
use crate::sys::exec::{self, Setup};
use crate::sys::{errno, signal as own};

/// Commands that run while we watch over them.
#[derive(Debug)]
pub(crate) struct Family {
    signals: Receiver,
    members: Vec<Member>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its pid; `None` when it could not be started.
    pub pid: Option<i32>,
    started: Instant,
    is_stopped: bool,
    end: Option<End>,
}

/// How one of them ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    /// By itself, or of a signal.
    pub ending: Ending,
    /// How long it ran.
    pub elapsed: Duration,
    /// What it used.
    pub usage: Usage,
    /// SIGPIPE ended it, and there was nobody who could have read what it wrote.
    pub unread: bool,
}

impl End {
    /// As a shell shows it.
    pub(crate) fn status(&self) -> u8 {
        match self.ending {
            Ending::Exited(status) => status,
            Ending::Killed(signal) => u8::try_from(128 + signal.number()).unwrap_or(u8::MAX),
            Ending::Unknown => u8::MAX,
        }
    }
}

impl Member {
    /// How it ended, once [`Family::wait`] has returned.
    pub(crate) fn end(&self) -> End {
        self.end.unwrap_or(End {
            ending: Ending::Unknown,
            elapsed: self.started.elapsed(),
            usage: Usage::default(),
            unread: false,
        })
    }

    fn is_running(&self) -> bool {
        self.end.is_none()
    }
}

impl Family {
    /// Nobody yet. From here on no signal but SIGKILL ends us before [`release`](Self::release).
    pub(crate) fn new() -> anyhow::Result<Self> {
        // A parent that ignored SIGCHLD would leave us nothing to wait for.
        own::keep_ended_children();
        let signals = Receiver::new(set(HEARD)).context("cannot block signals")?;
        Ok(Self { signals, members: Vec::new() })
    }

    /// Starts another one. One that cannot be started counts as ended, with the status that a shell gives it.
    pub(crate) fn start(&mut self, mut command: Command) -> Result<(), CommandError> {
        exec::prepare(&mut command, Setup::default(), self.signals.mask_before().bits());
        let started = Instant::now();
        let mut member = Member { pid: None, started, is_stopped: false, end: None };
        let spawned = command.spawn().map_err(|error| CommandError::new(command.get_program(), error));
        match &spawned {
            Ok(child) => member.pid = Some(child.id().cast_signed()),
            Err(error) => {
                let ending = Ending::Exited(error.status().code());
                member.end = Some(End { ending, elapsed: Duration::ZERO, usage: Usage::default(), unread: false });
            }
        }
        self.members.push(member);
        spawned.map(drop)
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Waits until all have ended. `is_abandoned` is asked of one that SIGPIPE ended whether nobody reads what
    /// it wrote. With `grace` those that still run so long after the first one ended are sent TERM.
    pub(crate) fn wait(
        &mut self,
        mut grace: Option<Duration>,
        is_abandoned: impl Fn(usize, &[Member]) -> bool,
    ) -> anyhow::Result<()> {
        let mut deadline = None;
        loop {
            self.look(&is_abandoned)?;
            if !self.members.iter().any(Member::is_running) {
                return Ok(());
            }
            if let Some(grace) = grace.take_if(|_| self.members.iter().any(|member| !member.is_running())) {
                deadline = Some(Instant::now() + grace);
            }
            let left = |end: Instant| Wait::For(end.saturating_duration_since(Instant::now()));
            let wait = deadline.map_or(Wait::Forever, left);
            match self.signals.receive(wait) {
                Ok(arrival) if is_of_child(&arrival) => {}
                // All of us have got what comes of keys.
                Ok(arrival) if is_of_keys(&arrival) => {}
                Ok(arrival) => self.send(arrival.signal),
                Err(error) if errno::is(&error, errno::EINTR) => {}
                Err(error) if errno::is(&error, errno::EAGAIN) => {
                    self.send(Signal::TERM);
                    self.send(Signal::CONT);
                    deadline = None;
                }
                Err(error) => return Err(error).context("cannot listen for signals"),
            }
        }
    }

    /// Sends TERM to all and waits for them: what was begun cannot be brought to its end.
    pub(crate) fn give_up(&mut self) {
        self.send(Signal::TERM);
        self.send(Signal::CONT);
        // Why we give up is told anyway.
        let _ = self.wait(None, |_, _| true);
    }

    /// Signals do to us again what they did before.
    pub(crate) fn release(&self) -> anyhow::Result<()> {
        self.signals.release().context("cannot unblock signals")
    }

    /// Sees who has ended or stopped; when all that run have stopped, we do, too.
    fn look(&mut self, is_abandoned: &impl Fn(usize, &[Member]) -> bool) -> anyhow::Result<()> {
        for index in 0..self.members.len() {
            while let (Some(pid), true) = (self.members[index].pid, self.members[index].is_running()) {
                let Some(change) = child::look(pid).context("cannot wait for a command")? else { break };
                match change {
                    Change::Stopped => self.members[index].is_stopped = true,
                    Change::Continued => self.members[index].is_stopped = false,
                    Change::Ended(status, usage) => {
                        let ending = Ending::of_wait_status(status);
                        let unread = ending == Ending::Killed(Signal::PIPE) && is_abandoned(index, &self.members);
                        let elapsed = self.members[index].started.elapsed();
                        self.members[index].end = Some(End { ending, elapsed, usage, unread });
                    }
                }
            }
        }
        let mut running = self.members.iter().filter(|member| member.is_running()).peekable();
        if running.peek().is_some() && running.all(|member| member.is_stopped) {
            // The shell shall notice; who lets us go on means all.
            let _ = signal::send(std::process::id().cast_signed(), Some(Signal::STOP));
            self.send(Signal::CONT);
            self.members.iter_mut().for_each(|member| member.is_stopped = false);
        }
        Ok(())
    }

    /// The last one first: in a pipeline it would take the end of the others for the end of its input.
    fn send(&self, signal: Signal) {
        for pid in self.members.iter().rev().filter(|member| member.is_running()).filter_map(|member| member.pid) {
            // It may have ended. It is our child, so its pid is nobody else's before we have waited for it.
            let _ = signal::send(pid, Some(signal));
        }
    }
}

/// The status of several commands when each counts: that of the last one that failed.
pub(crate) fn last_failure(statuses: impl DoubleEndedIterator<Item = u8>) -> Status {
    Status::Command(statuses.rev().find(|&status| status != 0).unwrap_or(0))
}

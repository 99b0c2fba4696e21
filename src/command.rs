//! A command of the user's under a tool: what the `run` of every tool does.
//!
//! [`become_it`] leaves nothing of ours behind. [`Supervised`] stays beside the command, for tools that
//! have something to do when it has ended: it passes on the signals that are meant for the command,
//! stops and goes on with it, and tells its end as a shell does. It can also wait for all that the
//! command leaves behind. [`Family`] is the same for several commands at once.

mod family;

pub(crate) use family::{Family, Member, last_failure};

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl::set_child_subreaper;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use crate::exit::{CommandError, Status};
use crate::ipc::Wait;
use crate::ipc::signal::{self, Arrival, Code, Process, Receiver, Signal, SignalSet};
use crate::proc::process;
use crate::sys::{errno, siginfo, signal as own};

/// The command of these words, of which there is at least one. It ignores SIGPIPE if our parent had us do so.
pub(crate) fn of_words(words: &[OsString]) -> Command {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    if own::pipe_was_ignored() {
        own::start_ignoring_pipe(&mut command);
    }
    command
}

/// Becomes the command: returns only where that cannot be done.
pub(crate) fn become_it(mut command: Command) -> anyhow::Error {
    let error = command.exec();
    CommandError::new(command.get_program(), error).into()
}

/// Bytes as a file for the standard input of a command, or an empty one for its output: a pipe would block us
/// while the command does not read, kill us when it never does, and keep it waiting until we read.
pub(crate) fn in_memory(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"message", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file)
}

/// What a supervisor hears: the end of the command, and what is sent to us and meant for it.
const HEARD: &str = "CHLD,HUP,INT,QUIT,TERM,USR1,USR2,CONT,TSTP,WINCH";

/// What the terminal sends to every process in the foreground.
const FROM_KEYS: &str = "INT,QUIT,TSTP,WINCH";

/// How a command is watched over.
#[derive(Debug, Default)]
pub(crate) struct Manners {
    /// Signals that are passed on, too.
    pub forward: SignalSet,
    /// Signals that are passed on as others.
    pub map: Vec<(Signal, Signal)>,
    /// Signals that the command gets on its own, and how long after its start.
    pub limits: Vec<(Duration, Signal)>,
    /// The command leads a process group, and what it gets, the group gets.
    pub whole_group: bool,
}

/// A command that runs while we watch over it. It keeps running when this is dropped.
#[derive(Debug)]
pub(crate) struct Supervised {
    command: Child,
    signals: Receiver,
    manners: Manners,
    started: Instant,
    /// How many of the limits have passed.
    passed: usize,
    /// Whether its end is that of all its descendants.
    with_descendants: bool,
}

impl Supervised {
    /// Starts the command. From here on no signal but SIGKILL ends us before [`wait`](Self::wait) returns.
    pub(crate) fn start(mut command: Command) -> anyhow::Result<Self> {
        // std leaves it what we have blocked, which is more when it starts.
        let mask = siginfo::block(0).context("cannot ask for the blocked signals")?;
        own::start_with_mask(&mut command, mask);
        Self::start_with(command, Manners::default())
    }

    /// The same, but what the command leaves behind becomes our child, and [`wait`](Self::wait) waits
    /// for all of it (PR_SET_CHILD_SUBREAPER).
    pub(crate) fn start_with_descendants(command: Command) -> anyhow::Result<Self> {
        set_child_subreaper(true).context("cannot become the parent of orphans")?;
        let started = Self::start(command)?;
        Ok(Self { with_descendants: true, ..started })
    }

    /// The same as [`start`](Self::start), with manners; the command sees to its signal mask itself.
    pub(crate) fn start_with(mut command: Command, manners: Manners) -> anyhow::Result<Self> {
        let mapped: SignalSet = manners.map.iter().map(|(from, _)| *from).collect();
        let heard = set(HEARD).union(manners.forward).union(mapped);
        // A parent that ignored SIGCHLD would leave us nothing to wait for.
        own::keep_ended_children();
        let signals = Receiver::new(heard).context("cannot block signals")?;
        let command = command.spawn().map_err(|error| CommandError::new(command.get_program(), error))?;
        let started = Self { command, signals, manners, started: Instant::now(), passed: 0, with_descendants: false };
        // One that a tool caught before it came so far is for the command, too.
        if let Some(signal) = own::caught().and_then(Signal::new) {
            own::settle();
            started.send(signal);
        }
        Ok(started)
    }

    /// Waits for the end of the command: its status, or 128 and the number of the signal that ended it.
    pub(crate) fn wait(&mut self) -> anyhow::Result<Status> {
        loop {
            let Some(arrival) = self.hear()? else { continue };
            // Standard signals are not counted: one that was sent to us may hide the one of the end.
            if arrival.signal == Signal::CHLD
                && let Some(status) = self.look()?
            {
                if self.with_descendants {
                    self.wait_for_orphans()?;
                }
                return Ok(status);
            }
            if !is_of_child(&arrival) {
                self.pass_on(arrival);
            }
        }
    }

    /// Whether the command ran into a limit.
    pub(crate) fn is_late(&self) -> bool {
        self.passed > 0
    }

    /// The next signal; none when something interrupted, or a limit of the command's has passed.
    fn hear(&mut self) -> anyhow::Result<Option<Arrival>> {
        let limit = self.manners.limits.get(self.passed).copied();
        let wait = limit.map_or(Wait::Forever, |(limit, _)| Wait::For(limit.saturating_sub(self.started.elapsed())));
        match (self.signals.receive(wait), limit) {
            (Ok(arrival), _) => return Ok(Some(arrival)),
            (Err(error), _) if errno::is(&error, errno::EINTR) => {}
            (Err(error), Some((_, signal))) if errno::is(&error, errno::EAGAIN) => {
                self.passed += 1;
                self.send(signal);
                // One that is stopped takes it now.
                self.send(Signal::CONT);
            }
            (Err(error), _) => return Err(error).context("cannot listen for signals"),
        }
        Ok(None)
    }

    /// Waits until we have no child any more. Signals go to those that we have.
    fn wait_for_orphans(&mut self) -> anyhow::Result<()> {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => {
                    if let Some(arrival) = self.hear()?.filter(|arrival| !is_of_child(arrival) && !is_of_keys(arrival))
                    {
                        for pid in process::own_children() {
                            let _ = signal::send(pid, Some(arrival.signal));
                        }
                    }
                }
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
            && pid.as_raw() != self.pid()
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
        if let Ok(WaitStatus::Stopped(..)) = waitid(Id::Pid(Pid::from_raw(self.pid())), stops) {
            // The shell shall notice; who lets us go on means both.
            let _ = signal::send(std::process::id().cast_signed(), Some(Signal::STOP));
            self.send(Signal::CONT);
        }
        Ok(None)
    }

    fn pid(&self) -> i32 {
        self.command.id().cast_signed()
    }

    /// Gives the command what is meant for it, with its value where it has one.
    fn pass_on(&self, arrival: Arrival) {
        let mapped = self.manners.map.iter().find(|(from, _)| *from == arrival.signal).map(|(_, to)| *to);
        // The command has got what comes of keys; a group of its own has not.
        if is_of_keys(&arrival) && mapped.is_none() && !self.manners.whole_group {
            return;
        }
        let signal = mapped.unwrap_or(arrival.signal);
        match arrival.value.filter(|_| !self.manners.whole_group) {
            // It may have ended: then there is nobody to tell.
            Some(value) => drop(Process::open(self.pid()).and_then(|process| process.queue(signal, value))),
            None => self.send(signal),
        }
    }

    fn send(&self, signal: Signal) {
        // As above. It is our child, so its pid is nobody else's before we have waited for it.
        let _ = if self.manners.whole_group {
            signal::send_to_group(self.pid(), Some(signal))
        } else {
            signal::send(self.pid(), Some(signal))
        };
    }
}

fn set(names: &str) -> SignalSet {
    SignalSet::parse(names).expect("names of signals")
}

/// Whether it tells of a child.
fn is_of_child(arrival: &Arrival) -> bool {
    matches!(arrival.code, Code::Child(_))
}

/// Whether the terminal sent it, to every process in the foreground.
fn is_of_keys(arrival: &Arrival) -> bool {
    arrival.code == Code::Kernel && set(FROM_KEYS).contains(arrival.signal)
}

/// As a shell tells it: 128 and the number of the signal that ended it.
pub(crate) fn status_of(status: ExitStatus) -> Status {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    Status::Command(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

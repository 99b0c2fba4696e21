//! `rsignal send`: send a signal.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use super::escalation::Escalation;
use super::spelling;
use super::targets::{self, Operand, OperandParser};
use crate::app::{Context, Verb};
use crate::args::{self, Sendable};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::signal::{self, Dispositions, Process, Signal, Target, Tree};
use crate::proc::stat;
use crate::sys::errno;
use crate::sys::signal::hold_endings;

#[derive(Debug, Args)]
#[allow(clippy::option_option, reason = "clap's type for --wait[=DURATION]")]
pub(super) struct Send {
    /// Processes: PID, PID:INODE, group:PGID (or -PGID behind the signal), session:SID, tree:PID, name:COMMAND,
    /// match:REGEX, user:USER, cgroup:PATH, pidfile:PATH, @FILE or - for one a line
    #[arg(value_name = "TARGETS", value_parser = OperandParser, required = true)]
    targets: Vec<Operand>,

    /// The signal: name, number, RTMIN+N or RTMAX-N; 0 only asks whether one could be sent. Also -9, -KILL
    #[arg(short, long, value_name = "SIG", default_value = "TERM", value_parser = args::sendable)]
    signal: Sendable,

    /// Send this number with it; given several times, each in turn
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    value: Vec<i32>,

    /// Wait until they have ended, at most DURATION (then status 124)
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, value_parser = args::duration)]
    wait: Option<Option<Duration>>,

    /// Wait, and send those that are still there another signal: 5s:KILL. Given several times, one after the other
    #[arg(long, value_name = "DURATION:SIG", value_parser = args::later)]
    then: Vec<(Duration, Signal)>,

    /// Send only to processes that have a handler for it
    #[arg(long)]
    require_handler: bool,

    /// Send nothing, print the pids that would get it
    #[arg(short = 'n', long)]
    dry_run: bool,

    /// Print the pids that got it
    #[arg(short, long)]
    print: bool,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Send a signal to processes, perhaps with a value, and see them end";

    fn respell(words: &mut Vec<OsString>) {
        spelling::respell(words);
    }

    /// `[-s SIG] PID…`
    fn quick(words: &[OsString]) -> Option<Self> {
        let (name, pids) = match words {
            [first, name, rest @ ..] if first == "-s" || first == "--signal" => (name.to_str()?, rest),
            [first, rest @ ..] if first.as_bytes().starts_with(b"--signal=") => (&first.to_str()?[9..], rest),
            _ => ("TERM", words),
        };
        let signal = args::sendable(name).ok()?;
        let targets: Vec<Operand> = pids.iter().map(targets::plain).collect::<Option<_>>()?;
        let empty = targets.is_empty();
        (!empty).then(|| Self {
            targets,
            signal,
            value: Vec::new(),
            wait: None,
            then: Vec::new(),
            require_handler: false,
            dry_run: false,
            print: false,
        })
    }

    fn run(mut self, context: &mut Context) -> anyhow::Result<Status> {
        if self.signal.0.is_none() && (!self.value.is_empty() || self.require_handler) {
            bail!(UsageError("signal 0 is never sent: it has no value and no handler".into()));
        }
        let targets = targets::all(std::mem::take(&mut self.targets))?;
        let mut sender = Sender { send: &self, status: Status::Done, met: BTreeSet::new(), reached: Vec::new() };
        for target in &targets {
            match sender.reach(context, target) {
                // It got the signal as another target, and has ended of it.
                Err(error) if sender.has_met(target) && is_gone(&error) => {}
                Err(error) => sender.failed(context, &error),
                Ok(()) => {}
            }
        }
        let Sender { status, reached, .. } = sender;
        if self.dry_run || self.wait.is_none() && self.then.is_empty() {
            return Ok(status);
        }
        let escalation = Escalation { steps: &self.then, limit: self.wait.flatten() };
        Ok(status.max(escalation.see_off(context, reached)?))
    }
}

/// Whether it is that the process has ended.
fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref().is_some_and(|error| errno::is(error, errno::ESRCH))
}

/// What has been sent so far.
struct Sender<'a> {
    send: &'a Send,
    status: Status,
    /// Those that a condition was met by, so that none gets the signal twice.
    met: BTreeSet<i32>,
    /// Those that got it, where they are to be waited for.
    reached: Vec<Process>,
}

impl Sender<'_> {
    /// Sends to all that are meant; the error is that there is none.
    fn reach(&mut self, context: &mut Context, target: &Target) -> anyhow::Result<()> {
        let signal = self.send.signal.0;
        match target {
            Target::Pid(pid) if self.send.is_plain() => {
                return signal::send(*pid, signal).with_context(|| self.cannot(&super::describe(*pid)));
            }
            Target::Group(group) if self.send.is_plain() && !is_ours(*group) => {
                return signal::send_to_group(*group, signal).with_context(|| self.cannot(&target.to_string()));
            }
            Target::Tree(root) if !self.send.dry_run => return self.reach_tree(context, *root),
            _ => {}
        }
        let all = targets::hold(target)?;
        let is_pid = matches!(target, Target::Pid(_));
        let new: Vec<Process> = all.into_iter().filter(|process| self.met.insert(process.pid()) || is_pid).collect();
        let count = new.len();
        let mut caught = 0;
        for process in new {
            if self.send.require_handler && !catches(&process, signal) {
                continue;
            }
            caught += 1;
            if self.try_one(context, &process, target) {
                self.reached.push(process);
            }
        }
        if caught == 0 && count > 0 {
            return Err(self.nobody_catches(target).into());
        }
        Ok(())
    }

    /// A tree that is to be ended is frozen first: nobody forks away. Another signal follows the forks.
    fn reach_tree(&mut self, context: &mut Context, root: i32) -> anyhow::Result<()> {
        let target = Target::Tree(root);
        let mut tree = Tree::open(root).map_err(|error| targets::none_or(error, &target))?;
        // None of them shall be left stopped.
        let held = hold_endings();
        if self.send.signal.0.is_some_and(Signal::is_ending) && !self.send.require_handler {
            tree.freeze().with_context(|| format!("cannot follow {target}"))?;
        }
        let (mut done, mut wanted, mut got) = (0, 0, BTreeSet::new());
        loop {
            for process in &tree.members()[done..] {
                if self.send.require_handler && !catches(process, self.send.signal.0) {
                    continue;
                }
                wanted += 1;
                if self.met.insert(process.pid()) && self.try_one(context, process, &target) {
                    got.insert(process.pid());
                }
            }
            done = tree.members().len();
            if tree.grow().with_context(|| format!("cannot follow {target}"))? == 0 {
                break;
            }
        }
        self.reached.extend(tree.into_processes().into_iter().filter(|process| got.contains(&process.pid())));
        drop(held);
        if wanted == 0 { Err(self.nobody_catches(&target).into()) } else { Ok(()) }
    }

    /// Whether the target is a process that was met already.
    fn has_met(&self, target: &Target) -> bool {
        matches!(target, Target::Pid(pid) if self.met.contains(pid))
    }

    /// Whether the process got the signal as another target.
    fn has_reached(&self, process: &Process) -> bool {
        self.reached.iter().any(|reached| reached.pid() == process.pid())
    }

    /// Sends to one that is held; whether it got it. One of several that has ended is no failure.
    fn try_one(&mut self, context: &mut Context, process: &Process, target: &Target) -> bool {
        match self.send_to(process) {
            Ok(()) => {
                if self.send.dry_run || self.send.print {
                    // Where this fails, the output remembers it.
                    let _ = writeln!(context.out, "{}", process.pid());
                }
                true
            }
            // By itself, or of the signal that it got as another target: it may be held just before its end.
            Err(error) if is_gone(&error) && (!target.is_single() || self.has_reached(process)) => false,
            Err(error) => {
                self.failed(context, &error);
                false
            }
        }
    }

    fn send_to(&self, process: &Process) -> anyhow::Result<()> {
        let signal = if self.send.dry_run { None } else { self.send.signal.0 };
        let (Some(signal), false) = (signal, self.send.value.is_empty()) else {
            return process.send(signal).with_context(|| self.cannot(&super::describe(process.pid())));
        };
        for (done, value) in self.send.value.iter().enumerate() {
            match process.queue(signal, *value) {
                Err(error) if errno::is(&error, errno::EAGAIN) => bail!(queue_is_full(process.pid(), *value, done)),
                queued => queued.with_context(|| self.cannot(&super::describe(process.pid())))?,
            }
        }
        Ok(())
    }

    fn nobody_catches(&self, target: &Target) -> io::Error {
        let signal = self.send.signal.0.map_or_else(String::new, |signal| signal.to_string());
        io::Error::new(io::ErrorKind::NotFound, format!("no process of {target} catches {signal}"))
    }

    fn cannot(&self, whom: &str) -> String {
        match self.send.signal.0 {
            Some(signal) => format!("cannot send {signal} to {whom}"),
            None => format!("cannot send to {whom}"),
        }
    }

    fn failed(&mut self, context: &mut Context, error: &anyhow::Error) {
        self.status = self.status.max(context.report(error));
    }
}

impl Send {
    /// Whether nothing is asked that needs the processes to be held.
    fn is_plain(&self) -> bool {
        let waits = self.wait.is_some() || !self.then.is_empty();
        !waits && self.value.is_empty() && !(self.require_handler || self.dry_run || self.print)
    }
}

/// Whether a process has a handler for the signal.
fn catches(process: &Process, signal: Option<Signal>) -> bool {
    let caught =
        Dispositions::of(process.pid()).is_ok_and(|of| signal.is_some_and(|signal| of.caught.contains(signal)));
    caught && process.is_running().unwrap_or(false)
}

/// Whether we or an ancestor of ours are in this process group, and so are to be left out of it.
fn is_ours(group: i32) -> bool {
    stat::lineage().iter().any(|stat| stat.group == group)
}

fn queue_is_full(pid: i32, value: i32, sent: usize) -> GaveUp {
    let whom = super::describe(pid);
    let limit = Dispositions::of(pid).map_or_else(
        |_| String::new(),
        |of| format!(" (ulimit -i) is {}, and {} are queued for {}", of.limit, of.queued, super::user(of.uid)),
    );
    GaveUp(format!("cannot queue value {value} for {whom}: its RLIMIT_SIGPENDING{limit}; {sent} sent before"))
}

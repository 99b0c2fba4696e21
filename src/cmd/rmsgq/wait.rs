//! `rmsgq wait`: block until a queue is in a state, and take nothing.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::exit::{GaveUp, Status};
use crate::ipc::msgq::posix::{self, Access};
use crate::ipc::msgq::{Queue, sysv};
use crate::ipc::{Name, Wait as Patience};
use crate::sys::{errno, fd};

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// What to wait for: a message, until it is empty, or room for another
    #[arg(long, value_name = "STATE", default_value = "message", hide_possible_values = true)]
    r#for: State,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not say that it did not happen; the status says it
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum State {
    /// There is a message
    Message,
    /// There is no message
    Empty,
    /// A message could be sent
    Room,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until a queue has a message, is empty, or has room";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let access = if self.r#for == State::Room { Access::Send } else { Access::Receive };
        let queue = super::open(&self.name, access)?;
        let waited = match (&queue, self.r#for) {
            (Queue::Posix(queue), State::Message) => polled(queue, fd::READABLE, self.patience.wait()),
            (Queue::Posix(queue), State::Room) => polled(queue, fd::WRITABLE, self.patience.wait()),
            (Queue::Posix(queue), State::Empty) => {
                sampled(|| Ok(queue.attributes()?.messages == 0), self.patience.wait())
            }
            (Queue::SystemV(queue), state) => sampled(|| Ok(is_in(state, &queue.status()?)), self.patience.wait()),
        };
        match waited {
            Ok(()) => Ok(Status::Done),
            Err(error) if error.kind() == ErrorKind::TimedOut && self.quiet => Ok(Status::GaveUp),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                let state = match self.r#for {
                    State::Message => "has no message",
                    State::Empty => "is not empty",
                    State::Room => "is full",
                };
                bail!(GaveUp(format!("queue {} {state}", self.name)))
            }
            Err(error) => Err(error).with_context(|| format!("cannot wait for queue {}", self.name)),
        }
    }
}

/// Waits by poll(2), which takes nothing; mq_notify(3) would take the one slot that a queue has.
fn polled(queue: &posix::Queue, events: i16, patience: Patience) -> io::Result<()> {
    let limit = match patience {
        Patience::Never => Some(Duration::ZERO),
        Patience::For(limit) => Some(limit),
        Patience::Forever => None,
    };
    if fd::poll(queue, events, limit)? { Ok(()) } else { Err(errno::error(errno::ETIMEDOUT)) }
}

/// Looks again and again, less often the longer it takes: nothing tells of a System V queue.
fn sampled(mut is_so: impl FnMut() -> io::Result<bool>, patience: Patience) -> io::Result<()> {
    const LONGEST: Duration = Duration::from_millis(50);
    let started = Instant::now();
    let mut pause = Duration::from_micros(500);
    while !is_so()? {
        let left = match patience {
            Patience::Never => Duration::ZERO,
            Patience::For(limit) => limit.saturating_sub(started.elapsed()),
            Patience::Forever => LONGEST,
        };
        if left.is_zero() {
            return Err(errno::error(errno::ETIMEDOUT));
        }
        thread::sleep(pause.min(left));
        pause = (pause * 2).min(LONGEST);
    }
    Ok(())
}

fn is_in(state: State, queue: &sysv::QueueStatus) -> bool {
    match state {
        State::Message => queue.messages > 0,
        State::Empty => queue.messages == 0,
        // The kernel counts messages against the limit of bytes too: empty ones would be endless.
        State::Room => queue.max_bytes.is_none_or(|limit| queue.bytes < limit && queue.messages < limit),
    }
}

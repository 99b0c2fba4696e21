//! `rmsgq recv`: take messages and write them to standard output.

use std::io::{self, ErrorKind};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::{self, FramingOut, WaitArgs};
use crate::exit::{GaveUp, OutputError, Status, UsageError, words};
use crate::framing::{Label, Line, Writer};
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::{HEADER, Select, Type};
use crate::ipc::{Name, Wait};
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
pub(super) struct Recv {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// Take N messages
    #[arg(short, long, value_name = "N", default_value_t = 1, conflicts_with = "follow")]
    count: u64,

    /// Take messages until the queue is removed or a signal comes
    #[arg(short, long)]
    follow: bool,

    #[command(flatten)]
    select: SelectArgs,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    framing: FramingOut,

    /// Do not say that no message came; the status says it
    #[arg(short, long)]
    quiet: bool,
}

/// Which messages to take (System V).
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
struct SelectArgs {
    /// Take messages of type N alone (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    r#type: Option<Type>,

    /// Take messages of the lowest type that is at most N (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    up_to: Option<Type>,

    /// Take messages of any type but N (System V)
    #[arg(long, value_name = "N", value_parser = message_type)]
    not_type: Option<Type>,
}

impl SelectArgs {
    fn select(&self) -> Select {
        match (self.r#type, self.up_to, self.not_type) {
            (Some(kind), _, _) => Select::Exactly(kind),
            (_, Some(kind), _) => Select::UpTo(kind),
            (_, _, Some(kind)) => Select::Not(kind),
            _ => Select::Any,
        }
    }
}

fn message_type(text: &str) -> Result<Type, String> {
    text.parse().ok().and_then(Type::new).ok_or_else(|| format!("a type is a number from 1 to {}", i64::MAX))
}

impl Verb for Recv {
    const NAME: &'static str = "recv";
    const ABOUT: &'static str = "Take messages and write them to standard output";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let (queue, label) = open(&self.name)?;
        if label == Label::Priority && self.select.select() != Select::Any {
            bail!(UsageError("--type, --up-to and --not-type are for System V queues".into()));
        }
        // From here on nothing may end us between taking a message and writing it.
        signal::survive_closed_pipe();
        signal::catch_endings().context("cannot catch signals")?;
        let mut receiver = Receiver {
            room: room_of(&queue).with_context(|| format!("cannot ask for the limits of queue {}", self.name))?,
            queue,
            name: &self.name,
            select: self.select.select(),
            wait: self.wait.wait(),
            writer: Writer::new(fd::stdout(), self.framing.framing(), label),
            label,
        };
        match receiver.receive(if self.follow { u64::MAX } else { self.count }) {
            Ok(()) => Ok(Status::Done),
            Err(error) if error.is::<OutputError>() => Err(receiver.put_back(context).unwrap_or(error)),
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            Err(error) => Err(error),
        }
    }
}

/// Opened for sending too where we may: what cannot be written goes back.
fn open(name: &Name) -> anyhow::Result<(Queue, Label)> {
    let Name::Posix(_) = name else { return Ok((super::open(name, Access::Receive)?, Label::Type)) };
    let queue = match Queue::open(name, Access::Both) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => super::open(name, Access::Receive)?,
        opened => opened.with_context(|| format!("cannot open queue {name}"))?,
    };
    Ok((queue, Label::Priority))
}

/// Bytes that a message may have, as far as is known beforehand.
fn room_of(queue: &Queue) -> io::Result<usize> {
    match queue {
        // The kernel says E2BIG when this is not enough; asking for msgmax would not tell of longer
        // messages that were sent before it was lowered.
        Queue::SystemV(_) => Ok(8192),
        Queue::Posix(queue) => Ok(usize::try_from(queue.attributes()?.max_size).unwrap_or(0)),
    }
}

/// Takes messages from one queue and writes them.
struct Receiver<'a> {
    queue: Queue,
    name: &'a Name,
    select: Select,
    wait: Wait,
    writer: Writer<'static>,
    label: Label,
    room: usize,
}

impl Receiver<'_> {
    /// Takes what is there, writes it in one go, and only then sleeps: a message that was taken is
    /// never held back, and many cost one write.
    fn receive(&mut self, count: u64) -> anyhow::Result<()> {
        let mut left = count;
        while left > 0 {
            if !self.writer.is_pending() && signal::caught().is_some() {
                return Err(errno::error(errno::EINTR).into());
            }
            let wait = if self.writer.is_pending() { Wait::Never } else { self.wait };
            match self.take(wait) {
                Ok(()) => left -= 1,
                Err(error) if self.writer.is_pending() && is_empty(&error) => self.flush()?,
                Err(error) => {
                    self.flush()?;
                    return Err(self.explain(error));
                }
            }
            if self.writer.is_full() {
                self.flush()?;
            }
        }
        self.flush()
    }

    /// Takes one message into the writer.
    fn take(&mut self, wait: Wait) -> io::Result<()> {
        loop {
            let (queue, select) = (&self.queue, self.select);
            let taken = self.writer.receive_with(HEADER, self.room, |slot| {
                queue.receive(slot, select, wait).map(|received| (received.length, received.tag))
            });
            match taken {
                Err(error) if errno::is(&error, errno::E2BIG) => self.room *= 2,
                taken => return taken,
            }
        }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().context(OutputError)
    }

    fn explain(&self, error: io::Error) -> anyhow::Error {
        match error.kind() {
            ErrorKind::TimedOut => GaveUp(format!("no message came to queue {} until the timeout", self.name)).into(),
            _ if is_empty(&error) => GaveUp(format!("no message in queue {}", self.name)).into(),
            _ => anyhow::Error::from(error).context(format!("cannot receive from queue {}", self.name)),
        }
    }

    /// What was taken and could not be delivered goes back to the queue's end. What cannot is written
    /// to standard error as `send --json` takes it, and is the error to end with.
    fn put_back(&self, context: &Context) -> Option<anyhow::Error> {
        let mut lost = 0;
        let mut reason = String::new();
        for (tag, record) in self.writer.undelivered() {
            let mut message = vec![0; HEADER];
            message.extend_from_slice(record);
            if let Err(error) = self.queue.send(&mut message, tag, Wait::Never) {
                let line = serde_json::to_string(&Line::of(record, self.label, tag)).unwrap_or_default();
                context.note(&format!("lost: {line}"));
                reason = words(&error);
                lost += 1;
            }
        }
        (lost > 0).then(|| anyhow!("{lost} messages, told above, could not go back to queue {}: {reason}", self.name))
    }
}

/// Nothing to take now: ENOMSG of System V, EAGAIN of POSIX.
fn is_empty(error: &io::Error) -> bool {
    errno::is(error, errno::ENOMSG) || error.kind() == ErrorKind::WouldBlock
}

//! `rmsgq send`: send messages from arguments or standard input.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;

use anyhow::{Context as _, bail};
use clap::Args;

use super::create;
use super::inbox::message_type;
use crate::app::{Context, Verb};
use crate::args::{self, FramingIn, WaitArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::framing::{Framing, Line, Reader, TooLong};
use crate::ipc::msgq::posix::{Access, HIGHEST_PRIORITY};
use crate::ipc::msgq::sysv::{HEADER, Type};
use crate::ipc::msgq::{Queue, sysv};
use crate::ipc::{Name, Wait};
use crate::output::counted;
use crate::sys::fd;

#[derive(Debug, Args)]
pub(super) struct Send {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// The messages, one each; without any, or with - alone, the records of standard input
    messages: Vec<OsString>,

    /// Type of the messages, from 1 up (System V)
    #[arg(long, value_name = "N", value_parser = message_type, conflicts_with = "priority")]
    r#type: Option<Type>,

    /// Priority of the messages, 0 to 32767 (POSIX)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..=i64::from(HIGHEST_PRIORITY)))]
    priority: Option<i64>,

    /// Make the queue if it does not exist, with mode 0600
    #[arg(long)]
    create: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    framing: FramingIn,

    /// Do not say that the queue stayed full; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Send messages: arguments, or records from standard input";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let framing = self.framing.framing();
        let piped = self.messages.is_empty() || self.messages.as_slice() == ["-"];
        if !piped && framing != Framing::Lines {
            bail!(UsageError(
                "--null, --whole, --length-prefixed and --json are about standard input, not arguments".into()
            ));
        }
        let queue = if self.create {
            create::create_or_open(&self.name, &create::Shape::DEFAULT, false, Access::Send)?.0
        } else {
            super::open(&self.name, Access::Send)?
        };
        let mut sender = Sender::new(&self, queue)?;
        let sent = if piped { sender.send_records(framing, context) } else { sender.send_arguments(&self.messages) };
        match sent {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            sent => sent,
        }
    }
}

/// Sends to one queue and counts.
struct Sender<'a> {
    queue: Queue,
    name: &'a Name,
    /// Type or priority of a message that brings none.
    tag: i64,
    wait: Wait,
    limit: Limit,
    sent: u64,
}

/// The longest message that the queue takes, and who says so.
struct Limit {
    bytes: usize,
    whose: &'static str,
}

impl<'a> Sender<'a> {
    fn new(args: &'a Send, queue: Queue) -> anyhow::Result<Self> {
        let tag = match (&queue, args.r#type, args.priority) {
            (Queue::SystemV(_), _, Some(_)) => {
                bail!(UsageError("--priority is for POSIX queues; System V messages have a --type".into()))
            }
            (Queue::Posix(_), Some(_), _) => {
                bail!(UsageError("--type is for System V queues; POSIX messages have a --priority".into()))
            }
            (Queue::SystemV(_), kind, _) => kind.unwrap_or(Type::ONE).get(),
            (Queue::Posix(_), _, priority) => priority.unwrap_or(0),
        };
        let limit = Limit::of(&queue).with_context(|| format!("cannot ask for the limits of queue {}", args.name))?;
        Ok(Self { queue, name: &args.name, tag, wait: args.wait.wait(), limit, sent: 0 })
    }

    /// All of them or, when one is too long, none.
    fn send_arguments(&mut self, messages: &[OsString]) -> anyhow::Result<Status> {
        for message in messages {
            self.limit.check(message.len())?;
        }
        let mut buffer = Vec::new();
        for message in messages {
            buffer.clear();
            buffer.resize(HEADER, 0);
            buffer.extend_from_slice(message.as_bytes());
            self.send(&mut buffer, self.tag)?;
        }
        Ok(Status::Done)
    }

    /// Each record as it comes; one that is no message is reported and passed over.
    fn send_records(&mut self, framing: Framing, context: &mut Context) -> anyhow::Result<Status> {
        // The limit is on the message; in its line of JSON a byte takes up to six.
        let limit = if framing == Framing::Json { self.limit.bytes.saturating_mul(6) + 1024 } else { self.limit.bytes };
        let mut reader = Reader::new(fd::stdin(), framing, HEADER, limit);
        let mut worst = Status::Done;
        let mut number = 0_u64;
        loop {
            number += 1;
            let done = match reader.next() {
                Ok(None) => return Ok(worst),
                Ok(Some(record)) if framing == Framing::Json => self.send_line(&record[HEADER..]),
                Ok(Some(record)) => self.send(record, self.tag),
                Err(error) if is_too_long(&error) && framing == Framing::Json => {
                    Err(BadRecord(format!("a line of {error} holds more than a message of {}", self.limit.bytes))
                        .into())
                }
                Err(error) if is_too_long(&error) => self.limit.refuse(&error),
                Err(error) => return Err(error).context("cannot read standard input"),
            };
            match done {
                Ok(()) => {}
                Err(error) if error.is::<BadRecord>() => {
                    worst = worst.max(context.report(&error.context(format!("record {number} is not sent"))));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn send_line(&mut self, line: &[u8]) -> anyhow::Result<()> {
        let line = Line::parse(line).map_err(BadRecord)?;
        let (tag, what, highest) = match self.queue {
            // Priority 0 is what a message has that nobody gave one: it takes the type of such.
            Queue::SystemV(_) => (line.kind.or(line.priority.filter(|&priority| priority != 0)), "type", i64::MAX),
            Queue::Posix(_) => (line.priority.or(line.kind), "priority", HIGHEST_PRIORITY.into()),
        };
        let lowest = i64::from(matches!(self.queue, Queue::SystemV(_)));
        let tag = tag.unwrap_or(self.tag);
        if !(lowest..=highest).contains(&tag) {
            bail!(BadRecord(format!("{what} {tag} is not between {lowest} and {highest}")));
        }
        let mut message = vec![0; HEADER];
        message.append(&mut line.bytes().map_err(BadRecord)?);
        self.send(&mut message, tag)
    }

    /// Sends one message, [`HEADER`] bytes before it; an error tells how many went before.
    fn send(&mut self, message: &mut [u8], tag: i64) -> anyhow::Result<()> {
        self.limit.check(message.len() - HEADER)?;
        let Err(error) = self.queue.send(message, tag, self.wait) else {
            self.sent += 1;
            return Ok(());
        };
        let before = match self.sent {
            0 => String::new(),
            sent => format!(", {} sent before", counted(sent, "message")),
        };
        match error.kind() {
            ErrorKind::WouldBlock => bail!(GaveUp(format!("queue {} is full{}{before}", self.name, self.holds()))),
            ErrorKind::TimedOut => {
                bail!(GaveUp(format!("queue {} stayed full until the timeout{}{before}", self.name, self.holds())))
            }
            _ => Err(error).with_context(|| format!("cannot send to queue {}{before}", self.name)),
        }
    }

    /// What the full queue holds, where we may know.
    fn holds(&self) -> String {
        match &self.queue {
            Queue::SystemV(queue) => queue.status().ok().and_then(|status| {
                Some(format!(" (msg_qbytes is {}, it holds {})", status.max_bytes?, counted(status.bytes, "byte")))
            }),
            Queue::Posix(queue) => queue
                .attributes()
                .ok()
                .map(|all| format!(" (it holds {})", counted(all.messages.cast_unsigned(), "message"))),
        }
        .unwrap_or_default()
    }
}

/// A record that is no message; others may be.
#[derive(Debug)]
struct BadRecord(String);

impl std::fmt::Display for BadRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadRecord {}

impl Limit {
    /// A queue that may hold fewer bytes than a message may have would let its sender sleep for ever.
    fn of(queue: &Queue) -> io::Result<Self> {
        match queue {
            Queue::Posix(queue) => {
                let bytes = usize::try_from(queue.attributes()?.max_size).unwrap_or(usize::MAX);
                Ok(Self { bytes, whose: "the queue's message size" })
            }
            Queue::SystemV(queue) => {
                let system = Self { bytes: sysv::limits()?.max_message, whose: "kernel.msgmax" };
                // Who may only send may not ask; then the kernel's limit has to do.
                let of_queue = queue.status().ok().and_then(|status| usize::try_from(status.max_bytes?).ok());
                Ok(match of_queue {
                    Some(bytes) if bytes < system.bytes => Self { bytes, whose: "the queue's limit of bytes" },
                    _ => system,
                })
            }
        }
    }

    fn check(&self, length: usize) -> anyhow::Result<()> {
        // A queue that may hold no byte takes no message, not even an empty one.
        if length <= self.bytes && self.bytes > 0 { Ok(()) } else { self.refuse(&counted(length as u64, "byte")) }
    }

    fn refuse(&self, length: &dyn std::fmt::Display) -> anyhow::Result<()> {
        bail!(BadRecord(format!("a message of {length} is too long: {} is {}", self.whose, self.bytes)))
    }
}

fn is_too_long(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|cause| cause.downcast_ref::<TooLong>().is_some())
}

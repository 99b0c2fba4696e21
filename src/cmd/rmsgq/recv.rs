//! `rmsgq recv`: take messages and write them to standard output.

use std::io::{self, ErrorKind};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::inbox::{self, Inbox, SelectArgs, is_empty, label_of};
use crate::app::{Context, Verb};
use crate::args::{self, FramingOut, WaitArgs};
use crate::exit::{GaveUp, OutputError, Status, UsageError, words};
use crate::framing::{Line, Writer};
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::sysv::{HEADER, Select, Take};
use crate::ipc::{Name, Wait};
use crate::output::counted;
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Recv {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// Take N messages
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "follow")]
    count: u64,

    /// Take messages until the queue is removed or a signal comes
    #[arg(short, long)]
    follow: bool,

    /// Take all messages that are there now, and do not wait for more
    #[arg(long, conflicts_with_all = ["count", "follow", "timeout"])]
    drain: bool,

    #[command(flatten)]
    select: SelectArgs,

    /// Take no message of more than SIZE bytes: it stays, and the status is 1 (System V)
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    max_size: Option<u64>,

    /// Cut a longer message at --max-size; the rest of it is lost
    #[arg(long, requires = "max_size")]
    truncate: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    framing: FramingOut,

    /// Do not say that no message came; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Recv {
    const NAME: &'static str = "recv";
    const ABOUT: &'static str = "Take messages and write them to standard output";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let queue = inbox::open(&self.name)?;
        let select = self.select.select();
        if matches!(queue, Queue::Posix(_)) && (select != Select::Any || self.max_size.is_some()) {
            bail!(UsageError("--type, --up-to, --not-type and --max-size are for System V queues".into()));
        }
        let max_size = self.max_size.map(|size| usize::try_from(size).unwrap_or(usize::MAX));
        // From here on nothing may end us between taking a message and writing it.
        signal::survive_closed_pipe();
        signal::catch_endings().context("cannot catch signals")?;
        let mut receiver = Receiver {
            inbox: Inbox::new(queue, max_size)
                .with_context(|| format!("cannot ask for the limits of queue {}", self.name))?,
            name: &self.name,
            take: Take { select, truncate: self.truncate },
            wait: if self.drain { Wait::Never } else { self.wait.wait() },
            writer: Writer::new(fd::stdout(), self.framing.framing(), label_of(&self.name)),
        };
        match receiver.receive(if self.follow || self.drain { u64::MAX } else { self.count }) {
            Ok(()) => Ok(Status::Done),
            Err(error) if error.is::<OutputError>() => Err(receiver.put_back(context).unwrap_or(error)),
            Err(error) if self.drain && error.is::<GaveUp>() => Ok(Status::Done),
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            Err(error) => Err(error),
        }
    }
}

/// Takes messages from one queue and writes them.
struct Receiver<'a> {
    inbox: Inbox,
    name: &'a Name,
    take: Take,
    wait: Wait,
    writer: Writer<'static>,
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
            match self.inbox.take(&mut self.writer, self.take, wait) {
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

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.flush().context(OutputError)
    }

    fn explain(&self, error: io::Error) -> anyhow::Error {
        match error.kind() {
            ErrorKind::TimedOut => GaveUp(format!("no message came to queue {} until the timeout", self.name)).into(),
            _ if errno::is(&error, errno::E2BIG) => {
                anyhow!("the next message in queue {} is longer than --max-size; it stays there", self.name)
            }
            _ if is_empty(&error) => GaveUp(format!("no message in queue {}", self.name)).into(),
            _ => anyhow::Error::from(error).context(format!("cannot receive from queue {}", self.name)),
        }
    }

    /// What was taken and could not be delivered goes back to the queue's end. What cannot is written
    /// to standard error as `send --json` takes it, and is the error to end with.
    fn put_back(&self, context: &mut Context) -> Option<anyhow::Error> {
        let mut lost = 0;
        let mut reason = String::new();
        for (tag, record) in self.writer.undelivered() {
            let mut message = vec![0; HEADER];
            message.extend_from_slice(record);
            if let Err(error) = self.inbox.queue.send(&mut message, tag, Wait::Never) {
                context.note(&format!("lost: {}", Line::of(record, label_of(self.name), tag)));
                reason = words(&error);
                lost += 1;
            }
        }
        let told =
            format!("{}, told above, could not go back to queue {}: {reason}", counted(lost, "message"), self.name);
        if lost > 0 && signal::caught().is_some() {
            // The signal ends us before the error is told.
            context.note(&told);
        }
        (lost > 0).then(|| anyhow!(told))
    }
}

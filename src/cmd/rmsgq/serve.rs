//! `rmsgq serve`: a worker command per message.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::inbox::{self, Inbox, SelectArgs, is_empty, label_of};
use super::worker::{Message, Worker, wait_for_one};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{Status, UsageError, words};
use crate::framing::Line;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::{HEADER, Select, Take};
use crate::ipc::{Name, Wait};
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The queue: identifier (42), key (0x4b, key:75, ftok:PATH) or POSIX name (/jobs)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// Run up to N workers at a time
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,

    /// Put a message whose worker failed back into the queue, up to N times
    #[arg(long, value_name = "N", default_value_t = 0)]
    retries: u32,

    /// Send a message that failed for good to this queue
    #[arg(long, value_name = "NAME", value_parser = args::queue())]
    dead_letter: Option<Name>,

    /// End when the queue is empty and the last worker has ended
    #[arg(long)]
    drain: bool,

    #[command(flatten)]
    select: SelectArgs,

    /// The worker: it has the message on standard input, and RMSGQ_TYPE or RMSGQ_PRIORITY,
    /// RMSGQ_SIZE and RMSGQ_ATTEMPT in its environment
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Where a message goes whose worker failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Queue,
    DeadLetters,
}

/// How long to wait for room at the end, before a message is told as lost.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// How soon a message that found its queue full is tried again.
const HOLD: Duration = Duration::from_millis(50);

impl Verb for Serve {
    const NAME: &'static str = "serve";
    const ABOUT: &'static str = "Run a command for each message";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let queue = inbox::open(&self.name)?;
        let select = self.select.select();
        if matches!(queue, Queue::Posix(_)) && select != Select::Any {
            bail!(UsageError("--type, --up-to and --not-type are for System V queues".into()));
        }
        let dead_letter = self.dead_letter.as_ref().map(|name| super::open(name, Access::Send)).transpose()?;
        // From here on nothing may end us while a message is in our hands alone.
        signal::survive_closed_pipe();
        signal::catch_endings().and_then(|()| signal::catch_children()).context("cannot catch signals")?;
        let inbox =
            Inbox::new(queue, None).with_context(|| format!("cannot ask for the limits of queue {}", self.name))?;
        let mut server = Server {
            args: &self,
            context,
            inbox,
            dead_letter,
            workers: Vec::new(),
            failures: HashMap::new(),
            held: Vec::new(),
            worst: Status::Done,
        };
        let served = server.serve(Take::from(select));
        server.finish();
        let worst = server.worst;
        // Asked to end and done so in order: that is no death by a signal.
        signal::settle();
        served.map(|()| worst)
    }
}

/// The messages in our hands: each at a worker, or held because the queue had no room for it.
struct Server<'a> {
    args: &'a Serve,
    context: &'a mut Context,
    inbox: Inbox,
    dead_letter: Option<Queue>,
    workers: Vec<Worker>,
    /// How often a message has failed here, by its digest: it went back to the queue, and another
    /// server may have done it since.
    failures: HashMap<u64, u32>,
    held: Vec<(Message, To)>,
    worst: Status,
}

impl Server<'_> {
    /// Serves until a signal asks for the end, the queue is removed, or all is done.
    fn serve(&mut self, take: Take) -> anyhow::Result<()> {
        while signal::caught().is_none() {
            self.reap();
            self.give_held();
            // Held messages count as work: a full queue of dead letters shall not make us hoard.
            if self.workers.len() + self.held.len() >= usize::from(self.args.jobs) {
                self.wait_or_retry()?;
                continue;
            }
            match self.take(take) {
                Ok(message) => self.start(message)?,
                Err(error) if errno::is(&error, errno::EINTR) || error.kind() == ErrorKind::TimedOut => {}
                Err(error) if is_empty(&error) => match (self.workers.is_empty(), self.held.is_empty()) {
                    (true, true) => return Ok(()),
                    (true, false) => thread::sleep(HOLD),
                    (false, _) => wait_for_one(),
                },
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot receive from queue {}", self.args.name));
                }
            }
        }
        Ok(())
    }

    /// Nothing more may be taken now. A message that found its own queue full is tried again at once
    /// where a worker is free: waiting for room that only our taking makes could last for ever.
    fn wait_or_retry(&mut self) -> anyhow::Result<()> {
        let own = self.held.iter().position(|(_, to)| *to == To::Queue);
        match own {
            Some(index) if self.workers.len() < usize::from(self.args.jobs) => {
                let (message, _) = self.held.swap_remove(index);
                self.start(message)?;
            }
            _ if self.workers.is_empty() => thread::sleep(HOLD),
            _ => wait_for_one(),
        }
        Ok(())
    }

    fn take(&mut self, take: Take) -> io::Result<Message> {
        let wait = match (self.args.drain, self.held.is_empty()) {
            (true, _) => Wait::Never,
            (false, true) => Wait::Forever,
            (false, false) => Wait::For(HOLD),
        };
        self.inbox.with_room(|queue, room| {
            let mut bytes = vec![0; HEADER + room];
            let received = queue.receive(&mut bytes, take, wait)?;
            bytes.truncate(HEADER + received.length);
            // The header holds the type, which the tag tells; equal messages shall be equal.
            bytes[..HEADER].fill(0);
            Ok(Message { tag: received.tag, bytes })
        })
    }

    fn start(&mut self, message: Message) -> anyhow::Result<()> {
        let attempt = self.failures.get(&message.digest()).map_or(1, |failures| failures + 1);
        match Worker::start(&self.args.command, message, attempt, label_of(&self.args.name)) {
            Ok(worker) => self.workers.push(worker),
            Err((error, message)) => {
                // Held where there is no room: `finish` waits for it, when no child's end interrupts that.
                self.give(message, To::Queue, Wait::Never);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Looks which workers have ended, and what is to be done with their messages.
    fn reap(&mut self) {
        signal::forget_child_ended();
        let mut index = 0;
        while index < self.workers.len() {
            match self.workers[index].ended() {
                None => index += 1,
                Some(true) => {
                    let done = self.workers.swap_remove(index);
                    self.failures.remove(&done.message.digest());
                }
                Some(false) => {
                    let failed = self.workers.swap_remove(index);
                    self.after_failure(failed.message);
                }
            }
        }
    }

    /// Back to the queue while it may be tried again, then to the dead letters, else told.
    fn after_failure(&mut self, message: Message) {
        let failures = self.failures.get(&message.digest()).map_or(1, |failures| failures + 1);
        if failures <= self.args.retries {
            self.failures.insert(message.digest(), failures);
            self.give(message, To::Queue, Wait::Never);
            return;
        }
        self.failures.remove(&message.digest());
        match self.dead_letter {
            Some(_) => self.give(message, To::DeadLetters, Wait::Never),
            None => self.tell("failed", &message),
        }
    }

    /// Sends a message where it shall go; it is held where there is no room yet.
    fn give(&mut self, message: Message, to: To, wait: Wait) {
        let (queue, name) = match (to, &self.dead_letter, &self.args.dead_letter) {
            (To::DeadLetters, Some(queue), Some(name)) => (queue, name),
            _ => (&self.inbox.queue, &self.args.name),
        };
        match message.send_to(queue, wait) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.held.push((message, to)),
            Err(error) => {
                self.context.note(&format!("no message can be put into queue {name}: {}", words(&error)));
                self.tell("lost", &message);
            }
        }
    }

    fn give_held(&mut self) {
        for (message, to) in std::mem::take(&mut self.held) {
            self.give(message, to, Wait::Never);
        }
    }

    /// Waits for the running workers, and for room for what is held: others may be at the queue. Another
    /// signal ends that wait.
    fn finish(&mut self) {
        while !self.workers.is_empty() {
            wait_for_one();
            self.reap();
        }
        signal::settle();
        let end = Instant::now() + LAST_WAIT;
        for (message, to) in std::mem::take(&mut self.held) {
            self.give(message, to, Wait::For(end.saturating_duration_since(Instant::now())));
        }
    }

    /// Nothing vanishes in silence: the message as `send --json` takes it.
    fn tell(&mut self, what: &str, message: &Message) {
        let line = Line::of(&message.bytes[HEADER..], label_of(&self.args.name), message.tag);
        self.context.note(&format!("{what}: {line}"));
        self.worst = self.worst.max(Status::Failed);
    }
}

//! `rsock ask`: a question, and its answer.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, bail};
use clap::Args;

use super::records::{self, Inbox};
use super::send::{input, next_of};
use super::talk::{Patience, Talk};
use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs};
use crate::exit::{GaveUp, Status};
use crate::framing::{Framing, Label, Writer};
use crate::ipc::Wait;
use crate::ipc::socket::{Address, Deadline, Socket, Type};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Ask {
    /// Where somebody answers: unix:PATH, unix:@NAME, tcp:HOST:PORT, exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// The questions, one line or packet each; without any, or with - alone, standard input
    questions: Vec<OsString>,

    #[command(flatten)]
    frame: Frame,

    #[command(flatten)]
    reach: ReachArgs,
}

/// How an answer ends where that is not the end of the connection.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct Frame {
    /// Each question is a line, and so is its answer
    #[arg(short, long)]
    lines: bool,

    /// Each question ends with a NUL byte, and so does its answer
    #[arg(short = '0', long)]
    null: bool,

    /// Each question is behind its length, 4 bytes, most significant first, and so is its answer
    #[arg(long)]
    length_prefixed: bool,
}

impl Frame {
    /// `None` where the answer ends with the connection.
    fn framing(self) -> Option<Framing> {
        match self {
            Self { lines: true, .. } => Some(Framing::Lines),
            Self { null: true, .. } => Some(Framing::Null),
            Self { length_prefixed: true, .. } => Some(Framing::LengthPrefixed),
            _ => None,
        }
    }
}

impl Verb for Ask {
    const NAME: &'static str = "ask";
    const ABOUT: &'static str = "Send a question, end sending, and write the answer";

    fn run(self, _context: &mut Context) -> anyhow::Result<Status> {
        let deadline = Deadline::of(self.reach.patience.wait());
        super::converse(&self.address, &self.reach, |socket| match self.frame.framing() {
            None if socket.kind() == Type::Stream => self.ask_whole(socket, deadline),
            framing => {
                Asker { ask: &self, socket: &socket, framing: framing.unwrap_or(Framing::Lines), deadline }.ask_each()
            }
        })?;
        Ok(Status::Done)
    }
}

/// So much goes into any socket's buffer at once, without waiting for its reader.
const AT_ONCE: usize = 64 * 1024;

impl Ask {
    fn is_piped(&self) -> bool {
        self.questions.is_empty() || self.questions.as_slice() == ["-"]
    }

    /// All that we have, half-close, all that they say.
    fn ask_whole(&self, socket: Socket, deadline: Deadline) -> anyhow::Result<()> {
        let mut writer = records::output(Framing::Whole, Label::Nothing);
        if self.is_piped() {
            let talk = Talk { patience: Patience::Until(deadline), ends_with_peer: true, framing_in: Framing::Whole };
            return talk.run(socket, &mut writer, Framing::Whole);
        }
        let mut question = Vec::new();
        for line in &self.questions {
            question.extend_from_slice(line.as_bytes());
            question.push(b'\n');
        }
        if question.len() <= AT_ONCE {
            self.told(socket.send(&question, deadline).and_then(|()| socket.end_sending()), "cannot ask")?;
            return self.copy_answer(&socket, &mut writer, deadline);
        }
        // Longer ones are sent while the answer is read.
        let sending = std::thread::scope(|scope| {
            let sender = scope.spawn(|| socket.send(&question, deadline).and_then(|()| socket.end_sending()));
            // Who has no use for the answer sends no more.
            self.copy_answer(&socket, &mut writer, deadline).inspect_err(|_| socket.hang_up())?;
            anyhow::Ok(sender.join().unwrap_or(Ok(())))
        })?;
        self.told(sending, "cannot ask")
    }

    fn copy_answer(&self, socket: &Socket, writer: &mut Writer<'_>, deadline: Deadline) -> anyhow::Result<()> {
        let mut inbox = Inbox::new(socket, Framing::Whole);
        while self.told(inbox.take(writer, deadline), "cannot receive the answer of")? {
            records::flush(writer)?;
        }
        records::flush(writer)
    }

    /// The timeout in words of its own, everything else behind what was tried.
    fn told<T>(&self, done: io::Result<T>, what: &str) -> anyhow::Result<T> {
        match done {
            Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.reach.patience.timeout.is_some() => {
                bail!(GaveUp(format!("{} did not answer until the timeout", self.address)))
            }
            done => done.with_context(|| format!("{what} {}", self.address)),
        }
    }
}

/// Asks one question after the other through one connection.
struct Asker<'a> {
    ask: &'a Ask,
    socket: &'a Socket,
    framing: Framing,
    deadline: Deadline,
}

impl Asker<'_> {
    fn ask_each(&self) -> anyhow::Result<()> {
        let mut writer = records::output(self.framing, Label::Nothing);
        let mut inbox = Inbox::new(self.socket, self.framing);
        if self.socket.kind() == Type::SeqPacket {
            self.socket.ask_for_senders()?;
        }
        if !self.ask.is_piped() {
            let mut questions = self.ask.questions.iter();
            return questions.try_for_each(|question| self.ask_one(question.as_bytes(), &mut inbox, &mut writer));
        }
        let mut reader = input(self.framing);
        while let Some(question) = next_of(&mut reader, self.framing)? {
            self.ask_one(&question, &mut inbox, &mut writer)?;
        }
        Ok(())
    }

    fn ask_one(&self, question: &[u8], inbox: &mut Inbox<'_>, writer: &mut Writer<'_>) -> anyhow::Result<()> {
        let wait = self.deadline.left().map_or(Wait::Forever, Wait::For);
        records::send(self.socket, self.framing, question, wait)?;
        if !self.ask.told(inbox.take(writer, self.deadline), "cannot receive the answer of")? {
            bail!("{} ended the connection without an answer", self.ask.address);
        }
        records::flush(writer)
    }
}

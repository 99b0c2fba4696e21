//! `rsock send`: send records one way.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::records::{self, CHUNK, LONGEST};
use crate::app::{Context, Verb};
use crate::args::{self, FramingIn, ReachArgs};
use crate::exit::{Status, UsageError};
use crate::framing::{Framing, Line, Reader};
use crate::ipc::Wait;
use crate::ipc::socket::{Address, Socket, Type};
use crate::output::counted;
use crate::sys::fd;

#[derive(Debug, Args)]
pub(super) struct Send {
    /// Where somebody listens: unix:PATH, unix:@NAME, tcp:HOST:PORT, exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// The records, one each; without any, or with - alone, those of standard input
    messages: Vec<OsString>,

    #[command(flatten)]
    framing: FramingIn,

    #[command(flatten)]
    reach: ReachArgs,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Send records: arguments, or standard input";

    fn run(self, _context: &mut Context) -> anyhow::Result<Status> {
        if !self.is_piped() && self.framing.framing() == Framing::Json {
            bail!(UsageError("--json is about standard input, not arguments".into()));
        }
        super::converse(&self.address, &self.reach, |socket| self.send(&socket))?;
        Ok(Status::Done)
    }
}

impl Send {
    fn is_piped(&self) -> bool {
        self.messages.is_empty() || self.messages.as_slice() == ["-"]
    }

    fn send(&self, socket: &Socket) -> anyhow::Result<()> {
        let (framing, wait) = (self.framing.framing(), self.reach.patience.wait());
        let mut sender = Sender { socket, framing, wait, sent: 0 };
        let done = if self.is_piped() {
            sender.send_input()
        } else {
            self.messages.iter().try_for_each(|message| sender.send(message.as_bytes()))
        };
        let sent = sender.sent;
        done.map_err(|error| match sent {
            0 => error,
            sent => {
                let before = counted(sent, "record");
                error.context(format!("{before} went to {} before this failed", self.address))
            }
        })
    }
}

/// Sends records through a socket and counts them.
pub(super) struct Sender<'a> {
    pub(super) socket: &'a Socket,
    pub(super) framing: Framing,
    pub(super) wait: Wait,
    pub(super) sent: u64,
}

impl Sender<'_> {
    pub(super) fn send(&mut self, record: &[u8]) -> anyhow::Result<()> {
        records::send(self.socket, self.framing, record, self.wait)?;
        self.sent += 1;
        Ok(())
    }

    /// The records of standard input, or all of it as it comes.
    fn send_input(&mut self) -> anyhow::Result<()> {
        self.send_input_with(|| ())
    }

    /// The same; `moved` is called whenever something was sent.
    pub(super) fn send_input_with(&mut self, moved: impl Fn()) -> anyhow::Result<()> {
        if self.socket.kind() == Type::Stream && self.framing == Framing::Whole {
            return self.send_bytes(moved);
        }
        let mut reader = input(self.framing);
        while let Some(record) = next_of(&mut reader, self.framing)? {
            self.send(&record)?;
            moved();
        }
        Ok(())
    }

    fn send_bytes(&mut self, moved: impl Fn()) -> anyhow::Result<()> {
        let mut buffer = vec![0; CHUNK];
        loop {
            match read_input(&mut buffer)? {
                0 => return Ok(()),
                length => records::send(self.socket, self.framing, &buffer[..length], self.wait)?,
            }
            moved();
        }
    }
}

/// Standard input as records.
pub(super) fn input(framing: Framing) -> Reader<std::os::fd::BorrowedFd<'static>> {
    Reader::new(fd::stdin(), framing, 0, LONGEST)
}

/// The next record of standard input, out of its JSON where it comes as such.
pub(super) fn next_of(
    reader: &mut Reader<std::os::fd::BorrowedFd<'static>>,
    framing: Framing,
) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(record) = reader.next().context("cannot read standard input")? else { return Ok(None) };
    if framing != Framing::Json {
        return Ok(Some(record.to_vec()));
    }
    Line::parse(record).and_then(Line::bytes).map(Some).map_err(|error| anyhow!("a line of standard input: {error}"))
}

/// Bytes of standard input; 0 at its end.
pub(super) fn read_input(buffer: &mut [u8]) -> anyhow::Result<usize> {
    loop {
        match fd::read(fd::stdin(), buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            got => return got.context("cannot read standard input"),
        }
    }
}

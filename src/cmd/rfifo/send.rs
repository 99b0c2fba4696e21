//! `rfifo send`: write records or a stream into a FIFO.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use nix::unistd;

use super::{LinkArgs, quoted};
use crate::app::{Context, Verb};
use crate::args::{FramingIn, WaitArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::framing::{Framing, Line, Reader};
use crate::ipc::Wait;
use crate::ipc::fifo::{self, ATOMIC, Links};
use crate::ipc::pipe::{Flow, FlowError, LARGE};
use crate::output::counted;
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
pub(super) struct Send {
    /// The FIFO
    path: PathBuf,

    /// The records, one each; without any, or with - alone, those of standard input
    records: Vec<OsString>,

    /// Refuse a record that is longer than PIPE_BUF with its frame: it could be mixed with those of others
    #[arg(short, long)]
    atomic: bool,

    /// Wait for the next reader when one goes, and end only when all has been read
    #[arg(short, long, conflicts_with = "nowait")]
    follow: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    framing: FramingIn,

    #[command(flatten)]
    links: LinkArgs,

    /// Do not say that nobody read; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Send {
    const NAME: &'static str = "send";
    const ABOUT: &'static str = "Write records into a FIFO: arguments, or standard input";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let framing = self.framing.framing();
        let piped = self.records.is_empty() || self.records.as_slice() == ["-"];
        if !piped && framing == Framing::Json {
            bail!(UsageError("--json is about standard input, not arguments".into()));
        }
        // A reader that goes is an error that can be told, or another one comes.
        signal::survive_closed_pipe();
        let mut sender = Sender::new(&self, framing);
        let sent = if piped { sender.send_input(context) } else { sender.send_arguments(&self.records) };
        match sent.and_then(|status| sender.finish().map(|()| status)) {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            sent => sent,
        }
    }
}

/// Writes into one FIFO and counts.
struct Sender<'a> {
    path: &'a Path,
    links: Links,
    wait: Wait,
    framing: Framing,
    follow: bool,
    atomic: bool,
    /// Open from the first record on.
    file: Option<File>,
    sent: u64,
}

impl<'a> Sender<'a> {
    fn new(args: &'a Send, framing: Framing) -> Self {
        Self {
            path: &args.path,
            links: args.links.links(),
            wait: args.wait.wait(),
            framing,
            follow: args.follow,
            atomic: args.atomic,
            file: None,
            sent: 0,
        }
    }

    /// All of them or, when one is too long, none.
    fn send_arguments(&mut self, records: &[OsString]) -> anyhow::Result<Status> {
        let framed = records.iter().map(|record| self.framed(record.as_bytes()));
        for record in framed.collect::<anyhow::Result<Vec<_>>>()? {
            self.send(&record)?;
        }
        Ok(Status::Done)
    }

    /// Each record as it comes; one that is none is reported and passed over.
    fn send_input(&mut self, context: &mut Context) -> anyhow::Result<Status> {
        // Whoever reads learns that we are there, though nothing has come yet.
        self.open()?;
        if self.framing == Framing::Whole && !self.atomic {
            return self.send_stream();
        }
        let mut reader = Reader::new(fd::stdin(), self.framing, 0, usize::MAX);
        let mut worst = Status::Done;
        let mut number = 0_u64;
        while let Some(record) = reader.next().context("cannot read standard input")? {
            number += 1;
            let framed = if self.framing == Framing::Json {
                let line = Line::parse(record).and_then(Line::bytes).map_err(anyhow::Error::msg);
                line.and_then(|bytes| self.framed(&bytes))
            } else {
                self.framed(record)
            };
            match framed {
                Ok(framed) => self.send(&framed)?,
                Err(error) => {
                    worst = worst.max(context.report(&error.context(format!("record {number} is not sent"))));
                }
            }
        }
        Ok(worst)
    }

    /// Standard input as it is. Where nothing is to be watched on the way, the kernel moves it.
    fn send_stream(&mut self) -> anyhow::Result<Status> {
        if let (Some(file), Wait::Forever, false) = (&self.file, self.wait, self.follow) {
            let mut flow = Flow::new(fd::stdin(), file.as_fd());
            loop {
                match flow.step(LARGE) {
                    Ok(0) | Err(FlowError::Interrupted) => return Ok(Status::Done),
                    Ok(_) => self.sent += 1,
                    Err(FlowError::Read(error)) => return Err(error).context("cannot read standard input"),
                    Err(FlowError::Write(error)) => return Err(self.explain(error)),
                }
            }
        }
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match fd::read(fd::stdin(), &mut buffer).context("cannot read standard input")? {
                0 => return Ok(Status::Done),
                got => self.send(&buffer[..got])?,
            }
        }
    }

    /// A record with its frame, if it may be sent.
    fn framed(&self, record: &[u8]) -> anyhow::Result<Vec<u8>> {
        let mut framed = Vec::with_capacity(record.len() + 4);
        self.framing.push(&mut framed, record)?;
        if self.atomic && framed.len() > ATOMIC {
            bail!(
                "a record of {} is not atomic: with its frame it has {}, and PIPE_BUF is {ATOMIC}",
                counted(record.len() as u64, "byte"),
                framed.len()
            );
        }
        Ok(framed)
    }

    /// Opens the FIFO unless it is open.
    fn open(&mut self) -> anyhow::Result<()> {
        if self.file.is_none() {
            let file = fifo::open_to_write(self.path, self.links, self.wait).map_err(|error| self.explain(error))?;
            self.file = Some(file);
        }
        Ok(())
    }

    /// Writes one record, in one call where it fits.
    fn send(&mut self, record: &[u8]) -> anyhow::Result<()> {
        let mut written = 0;
        while written < record.len() {
            self.open()?;
            let Some(file) = &self.file else { continue };
            match unistd::write(file, &record[written..]).map_err(io::Error::from) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait_for_room()?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // The next reader gets it from its start.
                Err(error) if self.follow && errno::is(&error, errno::EPIPE) => {
                    (self.file, written) = (None, 0);
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
        self.sent += 1;
        Ok(())
    }

    /// Waits until a write can go on, or finds that nobody reads any more.
    fn wait_for_room(&self) -> anyhow::Result<()> {
        let limit = match self.wait {
            Wait::Forever => None,
            Wait::For(limit) => Some(limit),
            Wait::Never => Some(Duration::ZERO),
        };
        let ready = self.file.as_ref().map_or(Ok(true), |file| fd::poll(file, fd::WRITABLE, limit));
        match ready {
            Ok(true) => Ok(()),
            Ok(false) => bail!(GaveUp(match self.wait {
                Wait::Never => format!("{} is full{}", quoted(self.path), self.before()),
                _ => format!("{} stayed full until the timeout{}", quoted(self.path), self.before()),
            })),
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Under `--follow`, waits until all has been read: what is unread when the last descriptor is closed is
    /// lost, and a reader may still be to come.
    fn finish(&mut self) -> anyhow::Result<()> {
        const LONGEST: Duration = Duration::from_millis(50);
        let Some(file) = self.file.as_ref().filter(|_| self.follow) else { return Ok(()) };
        let started = Instant::now();
        let mut pause = Duration::from_micros(200);
        loop {
            let unread = fd::unread(file).context("cannot ask what is unread")?;
            if unread == 0 {
                return Ok(());
            }
            if matches!(self.wait, Wait::For(limit) if started.elapsed() >= limit) {
                let unread = counted(unread as u64, "byte");
                bail!(GaveUp(format!("{unread} in {} were not read until the timeout", quoted(self.path))));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LONGEST);
        }
    }

    fn explain(&self, error: io::Error) -> anyhow::Error {
        let (path, before) = (quoted(self.path), self.before());
        match error.raw_os_error() {
            Some(errno::ENXIO) => GaveUp(format!("nobody has {path} open to read{before}")).into(),
            Some(errno::ETIMEDOUT) => GaveUp(format!("nobody opened {path} to read until the timeout{before}")).into(),
            Some(errno::EPIPE) => anyhow::anyhow!("nobody reads {path} any more{before}"),
            _ => anyhow::Error::from(error).context(format!("cannot write to {path}{before}")),
        }
    }

    fn before(&self) -> String {
        match self.sent {
            0 => String::new(),
            // A stream is cut anywhere.
            _ if self.framing == Framing::Whole => ", a part was sent before".into(),
            sent => format!(", {} sent before", counted(sent, "record")),
        }
    }
}

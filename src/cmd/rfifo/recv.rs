//! `rfifo recv`: read a FIFO, as a stream or record by record.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::LinkArgs;
use super::intake::{Intake, Records};
use crate::app::{Context, Verb};
use crate::args::{FramingOut, WaitArgs};
use crate::command;
use crate::exit::{CommandError, GaveUp, OutputError, Status};
use crate::framing::{Framing, Label, Line, Writer};
use crate::ipc::fifo::ATOMIC;
use crate::ipc::pipe::{Flow, FlowError, LARGE};
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
pub(super) struct Recv {
    /// The FIFO
    path: PathBuf,

    /// Take N records, and leave what follows to the next reader
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// Wait for the next writer when the last one has gone, until a signal comes or --count is reached
    #[arg(short, long)]
    follow: bool,

    #[command(flatten)]
    wait: WaitArgs,

    #[command(flatten)]
    framing: FramingOut,

    #[command(flatten)]
    links: LinkArgs,

    /// Do not say that nothing came; the status says it
    #[arg(short, long)]
    quiet: bool,

    /// Run this command for each record instead of writing it: it has the record on standard input, and its
    /// length in RFIFO_SIZE. Ends the options: all that follows belongs to it
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    exec: Vec<OsString>,
}

impl Verb for Recv {
    const NAME: &'static str = "recv";
    const ABOUT: &'static str = "Read a FIFO: all that comes, or record by record";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        // From here on nothing may end us between taking something and writing it.
        signal::survive_closed_pipe();
        signal::catch_endings().context("cannot catch signals")?;
        let intake = Intake::open(&self.path, self.links.links(), self.wait.wait(), self.follow)?;
        let received = if !self.exec.is_empty() {
            self.execute(intake, context)
        } else if self.is_stream() {
            stream(intake)
        } else {
            self.write(intake, context)
        };
        match received {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            received => received,
        }
    }
}

impl Recv {
    /// Whether nobody asks for records: then bytes pass as they are.
    fn is_stream(&self) -> bool {
        let by_line = self.framing.framing() == Framing::Lines;
        let shown = by_line && fd::is_terminal(fd::stdout());
        let asked = self.count.is_some() || shown || self.framing.is_chosen();
        !asked || self.framing.framing() == Framing::Whole && self.count.is_none()
    }

    /// How records are told apart in the FIFO.
    fn framing_inside(&self) -> Framing {
        match self.framing.framing() {
            Framing::Json | Framing::Whole => Framing::Lines,
            framing => framing,
        }
    }

    /// Takes what is there, writes it in one go, and only then sleeps.
    fn write(&self, intake: Intake<'_>, context: &mut Context) -> anyhow::Result<Status> {
        let mut records = Records::new(intake, self.framing_inside())?;
        let is_pipe = fd::pipe_capacity(fd::stdout()).is_some();
        if is_pipe {
            records = records.limited(ATOMIC);
        }
        let mut writer = Writer::new(fd::stdout(), self.framing.framing(), Label::Nothing);
        let mut left = self.count.unwrap_or(u64::MAX);
        let mut receive = || -> anyhow::Result<()> {
            while left > 0 {
                if is_pipe {
                    wait_for_reader()?;
                }
                let taken = records.take(left, |record| {
                    let put = |slot: &mut [u8]| {
                        slot.copy_from_slice(record);
                        Ok((record.len(), 0))
                    };
                    Ok(writer.receive_with(0, record.len(), put)?)
                })?;
                writer.flush().context(OutputError)?;
                if taken == 0 {
                    return Ok(());
                }
                left -= taken;
            }
            Ok(())
        };
        let received = receive();
        if received.as_ref().is_err_and(anyhow::Error::is::<OutputError>) {
            // There is no way back into a FIFO.
            for (_, record) in writer.undelivered() {
                context.note(&format!("lost: {}", Line::of(record, Label::Nothing, 0)));
            }
        }
        tell_part(&records, context);
        received.map(|()| self.end_of_count(left))
    }

    /// A command for each record; the next record waits for it in the FIFO.
    fn execute(&self, intake: Intake<'_>, context: &mut Context) -> anyhow::Result<Status> {
        let mut records = Records::new(intake, self.framing_inside())?;
        let mut left = self.count.unwrap_or(u64::MAX);
        let mut worst = Status::Done;
        while left > 0 {
            let mut one = Vec::new();
            let taken = records.take(1, |record| {
                one.extend_from_slice(record);
                Ok(())
            });
            match taken {
                Ok(0) => break,
                Ok(_) => worst = worst.max(self.execute_one(&one, context)?),
                Err(error) => {
                    tell_part(&records, context);
                    return Err(error);
                }
            }
            left -= 1;
        }
        Ok(worst.max(self.end_of_count(left)))
    }

    fn execute_one(&self, record: &[u8], context: &mut Context) -> anyhow::Result<Status> {
        let input = command::in_memory(record).context("cannot hold a record in memory")?;
        let mut command: Command = command::of_words(&self.exec);
        command.stdin(input).env("RFIFO_SIZE", record.len().to_string());
        let ended = command.status().map_err(|error| CommandError::new(&self.exec[0], error))?;
        if ended.success() {
            return Ok(Status::Done);
        }
        context.note(&format!("failed: {}", Line::of(record, Label::Nothing, 0)));
        Ok(Status::Failed)
    }

    /// The writers have gone before as many records came as were asked for.
    fn end_of_count(&self, left: u64) -> Status {
        if self.count.is_some() && left > 0 { Status::Failed } else { Status::Done }
    }
}

/// Waits until the pipe behind standard output has room for a page, so that nothing is taken that could not be
/// passed on. Where nobody reads it, nothing is taken at all.
fn wait_for_reader() -> anyhow::Result<()> {
    let stdout = fd::stdout();
    let waited = fd::poll(stdout, fd::WRITABLE, None).and_then(|_| fd::poll(stdout, 0, Some(Duration::ZERO)));
    // An error of the pipe is told without being asked for; a signal ends the next wait.
    if waited.unwrap_or(false) { Err(errno::error(errno::EPIPE)).context(OutputError) } else { Ok(()) }
}

/// Nothing vanishes in silence: what was read of a record that does not come to its end.
pub(super) fn tell_part(records: &Records<'_>, context: &mut Context) {
    if !records.part().is_empty() {
        context.note(&format!("cut short: {}", Line::of(records.part(), Label::Nothing, 0)));
    }
}

/// All that comes, as it is.
fn stream(mut intake: Intake<'_>) -> anyhow::Result<Status> {
    loop {
        // A FIFO through which nothing comes is not grown.
        intake.wait()?;
        let mut flow = Flow::new(intake.file(), fd::stdout());
        loop {
            intake.wait()?;
            match flow.step(LARGE) {
                Ok(0) => break,
                Ok(_) => {}
                Err(FlowError::Read(error)) => return Err(intake.explain(error)),
                Err(FlowError::Write(error)) => return Err(error).context(OutputError),
                Err(FlowError::Interrupted) => return Ok(Status::Done),
            }
        }
        if !intake.go_on()? {
            return Ok(Status::Done);
        }
    }
}

//! `rfifo serve`: a command per request, whose output goes to the client's own FIFO.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::LinkArgs;
use super::intake::{Intake, Records};
use super::recv::tell_part;
use super::request::Request;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::framing::Framing;
use crate::ipc::Wait;
use crate::output::note;
use crate::sys::{siginfo, signal};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The FIFO that requests come through
    path: PathBuf,

    /// Run up to N commands at a time
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,

    /// Requests end with a NUL byte instead of the end of the line
    #[arg(short = '0', long)]
    null: bool,

    /// Give a reply up that its client has not taken after DURATION
    #[arg(long, value_name = "DURATION", value_parser = args::duration, default_value = "5s")]
    reply_timeout: Duration,

    #[command(flatten)]
    links: LinkArgs,

    /// The command: it has the request on standard input, and RFIFO_REPLY and RFIFO_SIZE in its environment
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Serve {
    const NAME: &'static str = "serve";
    const ABOUT: &'static str = "Run a command for each request, and send its output back";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        signal::survive_closed_pipe();
        signal::keep_ended_children();
        signal::catch_endings().context("cannot catch signals")?;
        let intake = Intake::open(&self.path, self.links.links(), Wait::Forever, true)?;
        let framing = if self.null { Framing::Null } else { Framing::Lines };
        let mut records = Records::new(intake, framing)?;
        let failed = AtomicBool::new(false);
        let mask = siginfo::block(0).context("cannot ask for the blocked signals")?;
        let served = self.serve(&mut records, mask, &failed);
        tell_part(&records, context);
        if signal::caught().is_none() {
            served?;
        }
        // Asked to end and done so in order: that is no death by a signal.
        signal::settle();
        Ok(if failed.into_inner() { Status::Failed } else { Status::Done })
    }
}

impl Serve {
    /// Serves until a signal asks for the end, and waits for what runs then. A request is taken only when
    /// there is somebody for it. `mask` is what commands begin with.
    fn serve(&self, records: &mut Records<'_>, mask: u64, failed: &AtomicBool) -> anyhow::Result<()> {
        let (tell_free, free) = mpsc::channel();
        (0..self.jobs).try_for_each(|_| tell_free.send(()))?;
        thread::scope(|scope| {
            loop {
                free.recv()?;
                if signal::caught().is_some() {
                    return Ok(());
                }
                let mut taken = Vec::new();
                records.take(1, |record| {
                    taken.extend_from_slice(record);
                    Ok(())
                })?;
                let tell_free = tell_free.clone();
                let work = move || {
                    // Signals are for the thread that takes requests.
                    let _ = siginfo::block(u64::MAX);
                    if let Err(error) = Request::parse(&taken).answer(&self.command, mask, self.reply_timeout) {
                        failed.store(true, Ordering::Relaxed);
                        note("rfifo", &format!("failed: {}: {error:#}", Request::parse(&taken)));
                    }
                    let _ = tell_free.send(());
                };
                thread::Builder::new().spawn_scoped(scope, work).context("cannot start a thread")?;
            }
        })
    }
}

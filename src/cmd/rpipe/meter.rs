//! `rpipe meter`: standard input to standard output, and how fast.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;

use super::display::{Display, Form, Unit};
use super::explain;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::pipe::{Flow, FlowError, LARGE};
use crate::ipc::shm::transfer;
use crate::sys::{fd, signal};

/// How long the rate may be made up for that was not reached for a while.
const BURST: Duration = Duration::from_millis(500);

/// How long we sleep at most before we look again.
const NAP: Duration = Duration::from_millis(50);

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Meter {
    /// Move at most so many bytes a second (64K, 1M), or lines with --lines
    #[arg(short, long, value_name = "LIMIT", value_parser = positive)]
    rate: Option<u64>,

    /// How much will come, for percentage and remaining time; a regular file tells it by itself
    #[arg(short, long, value_name = "SIZE", value_parser = positive)]
    size: Option<u64>,

    /// Count lines instead of bytes
    #[arg(short, long)]
    lines: bool,

    /// Show it this often, also where standard error is no terminal; on one, once a second is the default
    #[arg(short, long, value_name = "DURATION", value_parser = args::interval)]
    interval: Option<Duration>,

    /// Show nothing but a line at the end
    #[arg(long, conflicts_with = "interval")]
    r#final: bool,

    /// Show it as JSON objects
    #[arg(long)]
    json: bool,

    /// Show nothing
    #[arg(short, long, conflicts_with_all = ["interval", "final", "json"])]
    quiet: bool,
}

fn positive(text: &str) -> Result<u64, String> {
    args::size(text).and_then(|size| if size == 0 { Err("0 is too little".into()) } else { Ok(size) })
}

impl Verb for Meter {
    const NAME: &'static str = "meter";
    const ABOUT: &'static str = "Pass standard input on, and show how much and how fast";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let Some(form) = self.form() else {
            self.pass(&mut |_| {}).or_else(explain)?;
            return Ok(Status::Done);
        };
        // What ends us shall find the last line written.
        signal::survive_closed_pipe();
        signal::catch_endings().context("cannot catch signals")?;
        let display = Display::start(form).context("cannot start a thread")?;
        let passed = self.pass(&mut |count| display.add(count));
        display.end();
        passed.or_else(explain)?;
        Ok(Status::Done)
    }
}

impl Meter {
    /// How it is shown; `None` when it is not.
    fn form(&self) -> Option<Form> {
        let is_terminal = fd::is_terminal(fd::stderr());
        let wanted = is_terminal || self.interval.is_some() || self.r#final || self.json;
        if self.quiet || !wanted {
            return None;
        }
        let unit = if self.lines { Unit::Lines } else { Unit::Bytes };
        let of_file = || transfer::unread(fd::stdin()).ok().flatten().map(|(_, left)| left).filter(|&left| left > 0);
        Some(Form {
            unit,
            whole: self.size.or_else(|| if self.lines { None } else { of_file() }),
            interval: if self.r#final { None } else { Some(self.interval.unwrap_or(Duration::from_secs(1))) },
            json: self.json,
            rewrite: is_terminal && !self.json,
        })
    }

    /// Moves everything; `tell` hears of each part as it is counted.
    fn pass(&self, tell: &mut dyn FnMut(u64)) -> Result<(), FlowError> {
        let (input, output) = (fd::stdin(), fd::stdout());
        let mut flow = if self.lines { Flow::copying(input, output) } else { Flow::new(input, output) };
        let mut bucket = self.rate.map(Bucket::new);
        loop {
            let most = match &mut bucket {
                Some(bucket) => bucket.wait()?,
                None => LARGE,
            };
            let (count, units) =
                if self.lines { flow.step_lines(most)? } else { flow.step(most).map(|count| (count, count))? };
            if count == 0 {
                return Ok(());
            }
            tell(units as u64);
            if let Some(bucket) = &mut bucket {
                bucket.take(units);
            }
        }
    }
}

/// What may be moved now under a rate.
struct Bucket {
    rate: f64,
    allowed: f64,
    since: Instant,
}

#[allow(clippy::cast_precision_loss, reason = "a rate is not exact to the byte")]
impl Bucket {
    fn new(rate: u64) -> Self {
        Self { rate: rate as f64, allowed: 0.0, since: Instant::now() }
    }

    /// So much was moved.
    fn take(&mut self, count: usize) {
        self.allowed -= count as f64;
    }

    /// Waits until something may be moved: how much.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and LARGE")]
    fn wait(&mut self) -> Result<usize, FlowError> {
        // A part at a time that is neither a flood nor a drop.
        let part = (self.rate * NAP.as_secs_f64()).clamp(1.0, LARGE as f64);
        loop {
            let now = Instant::now();
            let most = (self.rate * BURST.as_secs_f64()).max(1.0);
            self.allowed = (self.allowed + self.rate * (now - self.since).as_secs_f64()).min(most);
            self.since = now;
            if self.allowed >= part {
                return Ok(part as usize);
            }
            thread::sleep(Duration::from_secs_f64((part - self.allowed) / self.rate).min(NAP));
            if signal::wants_attention() {
                return Err(FlowError::Interrupted);
            }
        }
    }
}

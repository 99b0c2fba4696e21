//! `rlock run`: a command while a lock is held.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;

use super::request::{LockArgs, holder_in_the_way};
use super::{DESCRIPTOR, quoted};
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::command::{Supervised, become_it, of_words};
use crate::exit::{GaveUp, Status};
use crate::ipc::lock::{Claim, FileId, Kind, LockFile, Opening, Request, Writing};
use crate::ipc::{Mode, ModeChange, Wait};
use crate::sys::errno;

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Run {
    /// The file or directory; a file is made if there is none
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    lock: LockArgs,

    #[command(flatten)]
    patience: WaitArgs,

    /// Do not make the file
    #[arg(long)]
    no_create: bool,

    /// Permissions of a new file, octal or symbolic, as the umask allows; 600 unless given
    #[arg(short, long, value_name = "MODE", value_parser = args::mode, conflicts_with = "no_create")]
    mode: Option<ModeChange>,

    /// Keep the descriptor from the command: the lock ends with it, whatever it leaves behind
    #[arg(long)]
    close: bool,

    /// Hold the lock until all descendants of the command have ended, too
    #[arg(long)]
    tree: bool,

    /// End with status N instead of 124 where the lock could not be had
    #[arg(short = 'E', long, value_name = "N")]
    conflict_status: Option<u8>,

    /// Do not say that the lock could not be had; the status says it
    #[arg(short, long)]
    quiet: bool,

    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Run a command while a lock is held";
    const RUNS_COMMAND: bool = true;

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let request = self.lock.request()?;
        let file = match self.lock(request) {
            Err(error) if error.is::<GaveUp>() => return Ok(self.without_lock(&error, context)),
            locked => locked?,
        };
        let command = self.command(&file);
        if !self.stays() {
            // The lock is the descriptor's, or our process's, and both are the command's now.
            return Err(become_it(command));
        }
        let start = if self.tree { Supervised::start_with_descendants } else { Supervised::start };
        start(command)?.wait()
    }
}

impl Run {
    /// Whether we hold the lock ourselves, beside the command.
    fn stays(&self) -> bool {
        self.close || self.tree
    }

    /// The file with the lock on it. One that was removed or replaced before we had the lock is left for the one
    /// that has its name now: a lock on the old one excludes nobody.
    fn lock(&self, request: Request) -> anyhow::Result<LockFile> {
        let cannot = || format!("cannot lock {}", quoted(&self.file));
        let started = Instant::now();
        let mut opening = self.opening(request);
        loop {
            let file =
                LockFile::open(&self.file, opening).with_context(|| format!("cannot open {}", quoted(&self.file)))?;
            let wait = match self.patience.wait() {
                Wait::For(limit) => Wait::For(limit.saturating_sub(started.elapsed())),
                wait => wait,
            };
            match file.take(request, wait) {
                Err(error) if opening.writing == Writing::No && LockFile::wants_writing(&error) => {
                    opening.writing = Writing::Needed;
                    continue;
                }
                taken => taken.map_err(|error| self.refusal(&file, request, error))?,
            }
            if file.is_still(&self.file).with_context(cannot)? {
                return Ok(file);
            }
        }
    }

    fn opening(&self, request: Request) -> Opening {
        let writing = match (request.kind, request.claim) {
            (Kind::Flock, _) => Writing::No,
            // Whoever has it open for reading alone cannot make it an exclusive one.
            (_, Claim::Shared) => Writing::Wanted,
            (_, Claim::Exclusive) => Writing::Needed,
        };
        let mode = self.mode.as_ref().map_or(Mode::PRIVATE, |mode| mode.apply(Mode::PRIVATE));
        Opening { create: (!self.no_create).then_some(mode), writing, inherited: !self.close }
    }

    fn refusal(&self, file: &LockFile, request: Request, error: io::Error) -> anyhow::Error {
        let path = quoted(&self.file);
        let by = || FileId::of(file).map_or_else(|_| "somebody".into(), |id| holder_in_the_way(id, &request, None));
        if errno::is(&error, errno::EAGAIN) {
            return GaveUp(format!("{path} is locked by {}", by())).into();
        }
        if errno::is(&error, errno::ETIMEDOUT) {
            return GaveUp(format!("{path} was locked until the timeout by {}", by())).into();
        }
        anyhow::Error::from(error).context(format!("cannot lock {path}"))
    }

    fn command(&self, file: &LockFile) -> Command {
        let mut command = of_words(&self.command);
        if self.close {
            command.env_remove(DESCRIPTOR);
        } else {
            command.env(DESCRIPTOR, file.descriptor().to_string());
        }
        command
    }

    fn without_lock(&self, error: &anyhow::Error, context: &mut Context) -> Status {
        if !self.quiet {
            context.note(&error.to_string());
        }
        self.conflict_status.map_or(Status::GaveUp, Status::Command)
    }
}

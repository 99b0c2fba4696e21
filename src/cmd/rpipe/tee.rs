//! `rpipe tee`: standard input to files and commands.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Args;
use nix::errno::Errno;

use super::{explain, limits, stages};
use crate::app::{Context, Verb};
use crate::command::of_words;
use crate::exit::{CommandError, OutputError, Status};
use crate::ipc::pipe::{Branches, Output, Pipe};
use crate::output::escape;
use crate::sys::exec::{self, Setup};
use crate::sys::{fd, siginfo, signal};

#[derive(Debug, Args)]
pub(super) struct Tee {
    /// Files to write, besides standard output
    #[arg(value_name = "OUTPUTS")]
    outputs: Vec<PathBuf>,

    /// Append to the files instead of emptying them first
    #[arg(short, long)]
    append: bool,

    /// Write nothing to standard output: it is the commands' alone
    #[arg(long)]
    no_output: bool,

    /// Commands that read it, too, with ::: between them. The last of all options: all that follows belongs to
    /// them
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true)]
    to: Vec<OsString>,
}

/// All outputs, by their numbers.
#[derive(Debug, Default)]
struct Outputs<'a> {
    branches: Branches<'a>,
    targets: Vec<Target<'a>>,
}

/// Where the bytes go.
#[derive(Debug)]
enum Target<'a> {
    StandardOutput,
    File(&'a PathBuf),
    Command(&'a [OsString], Child),
}

impl Verb for Tee {
    const NAME: &'static str = "tee";
    const ABOUT: &'static str = "Pass standard input on to standard output, files and commands";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        // An output that nobody reads any more is left out, and does not end us.
        signal::survive_closed_pipe();
        let mut outputs = Outputs::default();
        let opened = self.open_all(context, &mut outputs)?;
        let Outputs { branches, targets } = outputs;
        let alone = matches!(targets[..], [Target::StandardOutput]);
        let mut failures = Vec::new();
        let passed = branches.pass(fd::stdin(), &mut |number, error| match &targets[number] {
            // Its status will tell; and a reader of ours that has gone is no failure while others read.
            Target::Command(..) if is_closed(&error) => {}
            Target::StandardOutput if is_closed(&error) && !alone => {}
            target => failures.push(target.explain(error)),
        });
        if alone && let Some(failure) = failures.pop() {
            return Err(failure);
        }
        failures.extend(passed.or_else(explain).err());
        let worst = failures.iter().map(|error| context.report(error)).fold(opened, Status::max);
        targets.into_iter().try_fold(worst, |worst, target| Ok(worst.max(target.wait(context)?)))
    }
}

impl<'a> Outputs<'a> {
    fn add(&mut self, target: Target<'a>, output: Output<'a>) -> anyhow::Result<()> {
        self.targets.push(target);
        self.branches.add(self.targets.len() - 1, output).map_err(|error| limits::explain(error, None))
    }
}

impl Tee {
    /// Opens the files and starts the commands: how bad it is that some cannot be.
    fn open_all<'a>(&'a self, context: &mut Context, outputs: &mut Outputs<'a>) -> anyhow::Result<Status> {
        let commands = if self.to.is_empty() { Vec::new() } else { stages::split(&self.to)? };
        let mut worst = Status::Done;
        if !self.no_output {
            outputs.add(Target::StandardOutput, Output::Borrowed(fd::stdout()))?;
        }
        for path in &self.outputs {
            match self.open(path) {
                Ok(file) => outputs.add(Target::File(path), Output::Owned(file.into()))?,
                Err(error) => worst = worst.max(context.report(&error)),
            }
        }
        for words in commands {
            match start(words) {
                Ok((child, output)) => outputs.add(Target::Command(words, child), Output::Owned(output))?,
                Err(error) => worst = worst.max(context.report(&error)),
            }
        }
        Ok(worst)
    }

    fn open(&self, path: &PathBuf) -> anyhow::Result<File> {
        let mut options = File::options();
        options.create(true).append(self.append).write(true).truncate(!self.append);
        options.open(path).with_context(|| format!("cannot open '{}'", path.display()))
    }
}

/// Starts a command that reads a pipe: with the end to write into.
fn start(words: &[OsString]) -> anyhow::Result<(Child, OwnedFd)> {
    signal::keep_ended_children();
    let pipe = Pipe::large().map_err(|error| limits::explain(error, None))?;
    let mut command = of_words(words);
    let mask = siginfo::block(0).context("cannot ask for the blocked signals")?;
    exec::prepare(&mut command, Setup::default(), mask);
    let child = command.stdin(Stdio::from(pipe.reader)).spawn();
    Ok((child.map_err(|error| CommandError::new(&words[0], error))?, pipe.writer))
}

fn is_closed(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EPIPE as i32)
}

impl Target<'_> {
    fn explain(&self, error: std::io::Error) -> anyhow::Error {
        match self {
            Self::StandardOutput => anyhow!(error).context(OutputError),
            Self::File(path) => anyhow!(error).context(format!("cannot write to '{}'", path.display())),
            Self::Command(words, _) => anyhow!(error).context(format!("cannot write to {}", called(words))),
        }
    }

    /// Waits for a command's end, and tells when it was no good one.
    fn wait(self, context: &mut Context) -> anyhow::Result<Status> {
        let Self::Command(words, mut child) = self else { return Ok(Status::Done) };
        let ended = child.wait().with_context(|| format!("cannot wait for {}", called(words)))?;
        if ended.success() {
            return Ok(Status::Done);
        }
        context.note(&format!("{} failed: {ended}", called(words)));
        Ok(crate::command::status_of(ended))
    }
}

fn called(words: &[OsString]) -> String {
    format!("'{}'", escape(words[0].as_encoded_bytes()))
}

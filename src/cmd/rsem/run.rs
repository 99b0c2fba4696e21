//! `rsem run`: hold units while a command runs.

use std::ffi::OsString;

use anyhow::{Context as _, bail};
use clap::Args;

use super::create::{Shape, open_or_create, value};
use super::refusal::{self, Wanted};
use super::wait::{catch_where_counted, refuse_too_many};
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::command::{Supervised, become_it, of_words};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::sem::Semaphore;
use crate::ipc::{Indexed, Mode, Name};

#[derive(Debug, Args)]
pub(super) struct Run {
    /// The semaphore: set and index (42:1, 0x4b:1, key:75:1), POSIX name (/jobs); index 0 unless stated
    #[arg(value_parser = args::semaphore())]
    name: Indexed,

    /// Hold N units
    #[arg(short = 'N', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    units: u32,

    /// At most N at a time: --create --value N
    #[arg(short, long, value_name = "N", value_parser = value(), conflicts_with_all = ["create", "value"])]
    jobs: Option<u32>,

    /// Make the semaphore if it does not exist
    #[arg(long)]
    create: bool,

    /// Units of a new semaphore, 1 unless stated
    #[arg(long, value_name = "N", requires = "create", value_parser = value())]
    value: Option<u32>,

    /// Hold the units until all descendants of the command have ended, too
    #[arg(long)]
    tree: bool,

    #[command(flatten)]
    patience: WaitArgs,

    /// End with status N instead of 124 where the units could not be had
    #[arg(short = 'E', long, value_name = "N")]
    conflict_status: Option<u8>,

    /// Do not say that the units could not be had; the status says it
    #[arg(short, long)]
    quiet: bool,

    /// The command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Hold units while a command runs";
    const RUNS_COMMAND: bool = true;

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let semaphore = self.open()?;
        refuse_too_many(&semaphore, self.units)?;
        catch_where_counted(&semaphore)?;
        if let Err(error) = semaphore.take(self.units, true, self.patience.wait()) {
            let error = refusal::of_wait(error, &self.name, &semaphore, Wanted::Units(self.units));
            return self.without_units(error, context);
        }
        match semaphore {
            // The kernel gives them back when the process ends that we become.
            Semaphore::SystemV { .. } if !self.tree => Err(become_it(of_words(&self.command))),
            Semaphore::SystemV { .. } => self.supervise(),
            Semaphore::Posix(_) => {
                let ended = self.supervise();
                let cannot = || format!("cannot give back {} units to {}", self.units, super::the(&self.name));
                semaphore.give(self.units).with_context(cannot)?;
                ended
            }
        }
    }
}

impl Run {
    /// The semaphore, made where that is asked for.
    fn open(&self) -> anyhow::Result<Semaphore> {
        let first = if self.create { Some(self.value.unwrap_or(1)) } else { self.jobs };
        let Some(value) = first else { return super::open(&self.name) };
        if self.name.index.is_some_and(|index| index > 0) {
            bail!(UsageError("--create makes one semaphore: it has the index 0".into()));
        }
        let name = create(&self.name.name, &Shape { values: vec![value], mode: Mode::PRIVATE })?;
        Semaphore::open(&Indexed { name, index: None })
            .with_context(|| format!("cannot open {}", super::the(&self.name)))
    }

    fn supervise(&self) -> anyhow::Result<Status> {
        let start = if self.tree { Supervised::start_with_descendants } else { Supervised::start };
        start(of_words(&self.command))?.wait()
    }

    fn without_units(&self, error: anyhow::Error, context: &mut Context) -> anyhow::Result<Status> {
        if !error.is::<GaveUp>() {
            return Err(error);
        }
        if !self.quiet {
            context.note(&error.to_string());
        }
        Ok(self.conflict_status.map_or(Status::GaveUp, Status::Command))
    }
}

/// Finds or makes what `--create` asks for: the name by which it is found now.
pub(super) fn create(name: &Name, shape: &Shape) -> anyhow::Result<Name> {
    if let Name::Private = name {
        bail!(UsageError("nobody else finds a private set: --create wants a key or a POSIX name".into()));
    }
    let made = open_or_create(name, shape)?;
    if !made.has_values {
        bail!(
            "{} was made without values, perhaps by somebody who died: give it some (rsem set), or remove it",
            super::the_whole(name)
        );
    }
    Ok(made.name)
}

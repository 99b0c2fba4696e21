//! `rsem set`: change values, mode or owner.

use anyhow::{Context as _, bail};
use clap::Args;

use super::create::{system_v_value, value};
use super::refusal;
use crate::app::{Context, Verb};
use crate::args::{self, Owner};
use crate::exit::{Status, UsageError};
use crate::ipc::sem::Semaphore;
use crate::ipc::{Changes, Indexed, ModeChange};

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The set, one of its semaphores (42:1), or POSIX name (/jobs)
    #[arg(value_parser = args::semaphore())]
    name: Indexed,

    #[command(flatten)]
    changes: ChangeArgs,
}

// At least one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ChangeArgs {
    /// Values: one, or of a whole set as many as it has, with commas between, or one for all
    #[arg(long, value_name = "VALUES", value_delimiter = ',', value_parser = value())]
    value: Vec<u32>,

    /// Permissions, octal (640) or as a change (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Owner: USER, USER:GROUP or :GROUP, by name or number
    #[arg(long, value_parser = args::owner)]
    owner: Option<Owner>,
}

impl Verb for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Change values, mode or owner";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let semaphore = super::open(&self.name)?;
        let cannot = format!("cannot change {}", super::the_whole(&self.name.name));
        if !self.changes.value.is_empty() {
            self.set_values(&semaphore, &cannot)?;
        }
        let ChangeArgs { mode, owner, .. } = self.changes;
        let changes = args::changes(owner, mode);
        if changes != Changes::default() {
            match &semaphore {
                Semaphore::SystemV { set, .. } => set.set(&changes),
                Semaphore::Posix(semaphore) => semaphore.set(&changes),
            }
            .context(cannot)?;
        }
        Ok(Status::Done)
    }
}

impl Set {
    fn set_values(&self, semaphore: &Semaphore, cannot: &str) -> anyhow::Result<()> {
        let values = &self.changes.value;
        let done = match (semaphore, self.name.index, values.as_slice()) {
            (Semaphore::Posix(semaphore), _, &[value]) => semaphore.set_value(value),
            (Semaphore::SystemV { set, .. }, Some(index), &[value]) => set.set_value(index, system_v_value(value)?),
            (Semaphore::SystemV { set, .. }, None, _) => {
                let mut values =
                    values.iter().map(|&value| system_v_value(value)).collect::<anyhow::Result<Vec<_>>>()?;
                let count = set.count().with_context(|| cannot.to_owned())?;
                if let &[value] = values.as_slice() {
                    values = vec![value; count];
                }
                if values.len() != count {
                    bail!(UsageError(format!("there are {} values for {count} semaphores", values.len())));
                }
                set.set_values(&values)
            }
            _ => bail!(UsageError(format!("there are {} values for one semaphore", values.len()))),
        };
        done.map_err(|error| refusal::of_use(error, &self.name, semaphore, cannot))
    }
}

//! `rshm wait`: block until a cell has a value.

use std::io::Write as _;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::cells::Place;
use super::{Called, open, size_of};
use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::Name;
use crate::ipc::shm::{Access, Cell, Relation, Segment};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// The cell, OFFSET:TYPE: i8 to i64, u8 to u64, f32 or f64, with le or be for a byte order
    cell: Cell,

    /// How its number shall stand to VALUE: eq, ne, lt, le, gt, ge, or changed
    #[arg(hide_possible_values = true)]
    relation: Word,

    /// The number; for changed the one it shall no longer be, that of now if it is left out
    #[arg(allow_negative_numbers = true)]
    value: Option<String>,

    #[command(flatten)]
    patience: WaitArgs,

    /// Print nothing: not the number, nor that it did not come
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Changed,
}

impl Word {
    const fn relation(self) -> Relation {
        match self {
            Self::Eq => Relation::Equal,
            Self::Ne | Self::Changed => Relation::NotEqual,
            Self::Lt => Relation::Less,
            Self::Le => Relation::AtMost,
            Self::Gt => Relation::Greater,
            Self::Ge => Relation::AtLeast,
        }
    }
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until the number in a cell is as wanted, and print it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let (cell, relation) = (self.cell, self.relation.relation());
        let given = match &self.value {
            Some(text) => {
                let value = cell.parse(text);
                Some(value.map_err(|error| UsageError(format!("'{text}' is {error}: cell {cell}")))?)
            }
            None if self.relation == Word::Changed => None,
            None => bail!(UsageError("a value to compare with is missing".into())),
        };
        let segment = open(&self.name, Access::Read)?;
        let place = Place::of(&self.name, &segment, size_of(&self.name, &segment)?, cell, Access::Read)?;
        let other = match given {
            Some(value) => value,
            None => place.touch(|memory| cell.get(memory))?,
        };
        let was_removed = segment.is_removed().unwrap_or(false);
        let waited = place.touch(|memory| {
            let is_wanted = |value| relation.holds(value, other);
            let waited = cell.wait_until(memory, self.patience.wait(), is_wanted, || still(&segment, was_removed));
            match waited {
                Err(error) if errno::is(&error, errno::ETIMEDOUT) => Ok(None),
                value => value.map(Some),
            }
        })?;
        match waited {
            Some(_) | None if self.quiet => {}
            Some(value) => writeln!(context.out, "{value}")?,
            None => {
                let value = place.touch(|memory| cell.get(memory))?;
                bail!(GaveUp(format!("cell {cell} of {} is still {value}", Called(&self.name))))
            }
        }
        Ok(if waited.is_some() { Status::Done } else { Status::GaveUp })
    }
}

/// Who waits for memory that was removed meanwhile waits for ever: nobody else can reach it.
fn still(segment: &Segment, was_removed: bool) -> std::io::Result<()> {
    match segment.is_removed() {
        Ok(true) if !was_removed => Err(errno::error(errno::EIDRM)),
        _ => Ok(()),
    }
}

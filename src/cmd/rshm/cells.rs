//! `rshm get`, `put`, `add`, `swap`, `cas`: numbers in shared memory.

use std::io::{self, Write as _};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Called, attach, check_part, explain, open, size_of};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{Status, UsageError};
use crate::ipc::Name;
use crate::ipc::shm::{Access, Cell, Memory, Segment, Value};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Get {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// The cells, OFFSET:TYPE: i8 to i64, u8 to u64, f32 or f64, with le or be for a byte order
    #[arg(required = true, value_name = "CELL")]
    cells: Vec<Cell>,
}

impl Verb for Get {
    const NAME: &'static str = "get";
    const ABOUT: &'static str = "Print the numbers in cells, one per line";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let segment = open(&self.name, Access::Read)?;
        let size = size_of(&self.name, &segment)?;
        for cell in self.cells {
            let place = Place::of(&self.name, &segment, size, cell, Access::Read)?;
            let value = place.touch(|memory| cell.get(memory))?;
            writeln!(context.out, "{value}")?;
        }
        Ok(Status::Done)
    }
}

/// Which cell, and whether somebody waits for it.
#[derive(Debug, Args)]
struct CellArgs {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// The cell, OFFSET:TYPE: i8 to i64, u8 to u64, f32 or f64, with le or be for a byte order
    cell: Cell,

    /// Wake up to N processes that sleep on the cell, all without N (futex(2); aligned cells of 32 bits)
    #[arg(long, value_name = "N", require_equals = true, num_args = 0..=1, default_missing_value = "2147483647", value_parser = clap::value_parser!(i32).range(1..))]
    wake: Option<i32>,
}

impl CellArgs {
    /// Reads a value of the cell's type.
    fn value(&self, text: &str) -> anyhow::Result<Value> {
        self.cell.parse(text).map_err(|error| self.no_value(text, &error))
    }

    fn no_value(&self, text: &str, error: &impl std::fmt::Display) -> anyhow::Error {
        UsageError(format!("'{text}' is {error}: cell {}", self.cell)).into()
    }

    /// Changes the cell, and wakes who waits for it if `change` says that there is a reason.
    fn change<T>(&self, change: impl FnOnce(&Memory) -> io::Result<(T, bool)>) -> anyhow::Result<T> {
        if self.wake.is_some() && !self.cell.is_futex() {
            bail!(UsageError(format!(
                "nobody can sleep on cell {}: --wake wants an aligned cell of 32 bits",
                self.cell
            )));
        }
        let segment = open(&self.name, Access::Write)?;
        let size = size_of(&self.name, &segment)?;
        let place = Place::of(&self.name, &segment, size, self.cell, Access::Write)?;
        let (result, changed) = place.touch(change)?;
        if let Some(count) = self.wake.filter(|_| changed) {
            place.touch(|memory| memory.wake(0, count))?;
        }
        Ok(result)
    }
}

/// A cell in memory that was opened.
pub(super) struct Place<'a> {
    name: &'a Name,
    segment: &'a Segment,
    cell: Cell,
    pub(super) memory: Memory,
}

impl<'a> Place<'a> {
    pub(super) fn of(
        name: &'a Name,
        segment: &'a Segment,
        size: u64,
        cell: Cell,
        access: Access,
    ) -> anyhow::Result<Self> {
        let width = cell.width().bytes() as u64;
        check_part(name, size, cell.offset(), width).with_context(|| format!("no cell {cell}"))?;
        let memory = attach(name, segment, cell.offset(), width, access)?;
        Ok(Self { name, segment, cell, memory })
    }

    pub(super) fn touch<T>(&self, touch: impl FnOnce(&Memory) -> io::Result<T>) -> anyhow::Result<T> {
        touch(&self.memory).map_err(|error| {
            if errno::is(&error, errno::EINVAL) && !self.cell.is_aligned() {
                let width = self.cell.width().bytes();
                return UsageError(format!(
                    "cell {} cannot be changed in one step: its offset is no multiple of {width}",
                    self.cell
                ))
                .into();
            }
            explain(error, self.name, self.segment)
        })
    }
}

#[derive(Debug, Args)]
pub(super) struct Put {
    #[command(flatten)]
    cell: CellArgs,

    /// The number: decimal, or 0x and hexadecimal digits
    #[arg(allow_negative_numbers = true)]
    value: String,
}

impl Verb for Put {
    const NAME: &'static str = "put";
    const ABOUT: &'static str = "Write a number into a cell";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let value = self.cell.value(&self.value)?;
        self.cell.change(|memory| Ok((self.cell.cell.put(memory, value)?, true)))?;
        Ok(Status::Done)
    }
}

#[derive(Debug, Args)]
pub(super) struct Add {
    #[command(flatten)]
    cell: CellArgs,

    /// What to add, perhaps negative
    #[arg(allow_negative_numbers = true, default_value = "1")]
    value: String,
}

impl Verb for Add {
    const NAME: &'static str = "add";
    const ABOUT: &'static str = "Add to a cell in one step and print the sum";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let Self { cell: args, value } = self;
        let more = args.cell.parse_addend(&value).map_err(|error| args.no_value(&value, &error))?;
        let sum = args.change(|memory| match args.cell.add(memory, more) {
            Err(error) if errno::is(&error, errno::ERANGE) => Ok((None, false)),
            sum => Ok((Some(sum?), true)),
        })?;
        let Some(sum) = sum else {
            bail!("adding {value} to cell {} of {} would leave its range", args.cell, Called(&args.name));
        };
        writeln!(context.out, "{sum}")?;
        Ok(Status::Done)
    }
}

#[derive(Debug, Args)]
pub(super) struct Swap {
    #[command(flatten)]
    cell: CellArgs,

    /// The new number
    #[arg(allow_negative_numbers = true)]
    value: String,
}

impl Verb for Swap {
    const NAME: &'static str = "swap";
    const ABOUT: &'static str = "Write a number into a cell in one step and print the one before";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let value = self.cell.value(&self.value)?;
        let old = self.cell.change(|memory| Ok((self.cell.cell.swap(memory, value)?, true)))?;
        writeln!(context.out, "{old}")?;
        Ok(Status::Done)
    }
}

#[derive(Debug, Args)]
pub(super) struct Cas {
    #[command(flatten)]
    cell: CellArgs,

    /// The number that has to be there
    #[arg(allow_negative_numbers = true)]
    expected: String,

    /// The number to write then
    #[arg(allow_negative_numbers = true)]
    new: String,
}

impl Verb for Cas {
    const NAME: &'static str = "cas";
    const ABOUT: &'static str = "Write a number if another is there, in one step; print what was there";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let args = &self.cell;
        let (expected, new) = (args.value(&self.expected)?, args.value(&self.new)?);
        let (old, swapped) = args.change(|memory| {
            let done = args.cell.compare_and_swap(memory, expected, new)?;
            Ok((done, done.1))
        })?;
        writeln!(context.out, "{old}")?;
        Ok(if swapped { Status::Done } else { Status::Failed })
    }
}

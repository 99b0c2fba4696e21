//! `rmsgq create`: make a queue and print its name.

use std::io;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{limits, set};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{OutputError, Status, UsageError};
use crate::ipc::msgq::posix::{self, Access, Capacity};
use crate::ipc::msgq::{Changes, Queue};
use crate::ipc::{Mode, ModeChange, Name};
use crate::sys::signal;

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Key (0x4b, key:75, ftok:PATH), POSIX name (/jobs), or private for a queue without a key
    #[arg(value_parser = args::queue(), default_value = "private")]
    name: Name,

    /// Permissions, octal (640) or as a change to 600 (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Bytes of text that a new queue may hold (System V); above kernel.msgmnb this needs CAP_SYS_RESOURCE
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    max_bytes: Option<u64>,

    /// Messages that a new queue may hold (POSIX)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_messages: Option<u32>,

    /// Bytes that a message of a new queue may have (POSIX)
    #[arg(long, value_name = "SIZE", value_parser = max_size)]
    max_size: Option<u32>,

    /// Fail with status 4 if the queue exists
    #[arg(long)]
    exclusive: bool,
}

fn max_size(text: &str) -> Result<u32, String> {
    let size = args::size(text)?;
    u32::try_from(size).ok().filter(|&size| size > 0).ok_or_else(|| format!("{size} is not between 1 and {}", u32::MAX))
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const ABOUT: &'static str = "Make a queue and print its name";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let shape = self.shape()?;
        // A queue whose name nobody learns is lost: no signal comes between the two, and it goes again
        // if the name cannot be printed.
        let _held = signal::hold_endings();
        let (queue, is_new) = create_or_open(&self.name, &shape, self.exclusive, Access::Receive)?;
        signal::survive_closed_pipe();
        let name = queue.name(&self.name);
        let _ = context.out.foreign_line(&name.to_bytes());
        if let Err(error) = context.out.finish() {
            if is_new {
                Queue::remove(&name).with_context(|| format!("cannot remove queue {name} again"))?;
            }
            return Err(error).context(OutputError);
        }
        Ok(Status::Done)
    }
}

impl Create {
    /// What the options say of a new queue.
    fn shape(&self) -> anyhow::Result<Shape> {
        let mode = self.mode.as_ref().map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE));
        let is_posix = matches!(self.name, Name::Posix(_));
        if is_posix && self.max_bytes.is_some() {
            bail!(UsageError(
                "--max-bytes is for System V queues; POSIX queues have --max-messages and --max-size".into()
            ));
        }
        if !is_posix && (self.max_messages.is_some() || self.max_size.is_some()) {
            bail!(UsageError(
                "--max-messages and --max-size are for POSIX queues; System V queues have --max-bytes".into()
            ));
        }
        let capacity = match (self.max_messages, self.max_size) {
            (None, None) => None,
            (messages, size) => {
                let default = posix::limits().context("cannot read the defaults in /proc/sys/fs/mqueue")?.default;
                Some(Capacity {
                    max_messages: messages.unwrap_or(default.max_messages),
                    max_size: size.unwrap_or(default.max_size),
                })
            }
        };
        Ok(Shape { mode, capacity, max_bytes: self.max_bytes })
    }
}

/// What a new queue shall be like.
pub(super) struct Shape {
    mode: Mode,
    capacity: Option<Capacity>,
    max_bytes: Option<u64>,
}

impl Shape {
    /// For its owner alone, and the system's defaults.
    pub(super) const DEFAULT: Self = Self { mode: Mode::PRIVATE, capacity: None, max_bytes: None };
}

/// A new queue, or the one that is there already unless only a new one will do; and whether it is new.
pub(super) fn create_or_open(
    name: &Name,
    shape: &Shape,
    exclusive: bool,
    access: Access,
) -> anyhow::Result<(Queue, bool)> {
    match name {
        Name::Id(_) => {
            bail!(UsageError("the kernel chooses identifiers; a new queue has a key, a POSIX name, or neither".into()))
        }
        Name::Private => {}
        _ => super::check_name(name)?,
    }
    loop {
        let error = match Queue::create(name, shape.mode, shape.capacity) {
            Ok(queue) => return limited(queue, name, shape).map(|queue| (queue, true)),
            Err(error) => error,
        };
        if exclusive || error.kind() != io::ErrorKind::AlreadyExists {
            let limit = limits::behind(&error, name, shape.capacity);
            let error = anyhow::Error::from(error);
            let error = if let Some(limit) = limit { error.context(limit) } else { error };
            return Err(error.context(format!("cannot create queue {name}")));
        }
        match Queue::open(name, access) {
            // Removed between our two looks: it can be made after all.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return Ok((opened.with_context(|| format!("cannot open queue {name}"))?, false)),
        }
    }
}

/// The new queue with its limit of bytes, or none.
fn limited(queue: Queue, name: &Name, shape: &Shape) -> anyhow::Result<Queue> {
    let (Queue::SystemV(new), Some(_)) = (&queue, shape.max_bytes) else { return Ok(queue) };
    let changes = Changes { max_bytes: shape.max_bytes, ..Changes::default() };
    if let Err(error) = set::set_system_v(*new, &changes) {
        new.remove().with_context(|| format!("cannot remove queue {} again", new.id()))?;
        return Err(error.context(format!("cannot create queue {name}")));
    }
    Ok(queue)
}

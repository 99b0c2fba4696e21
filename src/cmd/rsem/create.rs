//! `rsem create`: make a set or a semaphore and print its name.

use std::io::{self, ErrorKind};

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::limits;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{OutputError, Status, UsageError};
use crate::ipc::sem::{posix, sysv};
use crate::ipc::{Mode, ModeChange, Name};
use crate::sys::signal::Held;
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Key (0x4b, key:75, ftok:PATH), POSIX name (/jobs), or private for a set without a key
    #[arg(value_parser = args::semaphores(), default_value = "private")]
    name: Name,

    /// Semaphores in a new set (System V); as many as values unless stated
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    count: Option<u16>,

    /// First values, with commas between, or one for all
    #[arg(long, value_name = "VALUES", value_delimiter = ',', default_value = "0", value_parser = value())]
    value: Vec<u32>,

    /// Permissions, octal (640) or as a change to 600 (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Fail with status 4 if it exists
    #[arg(long)]
    exclusive: bool,
}

/// A value that a semaphore can have.
pub(super) fn value() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(..=i64::from(posix::HIGHEST_VALUE))
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const ABOUT: &'static str = "Make a semaphore set or a POSIX semaphore and print its name";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let shape = self.shape()?;
        // A set whose name nobody learns is lost: no signal comes between the two, and it goes again
        // if the name cannot be printed.
        let made = if self.exclusive { create(&self.name, &shape)? } else { open_or_create(&self.name, &shape)? };
        signal::survive_closed_pipe();
        let _ = context.out.foreign_line(&made.name.to_bytes());
        if let Err(error) = context.out.finish() {
            if made.new.is_some() {
                remove(&made.name).with_context(|| format!("cannot remove {} again", super::the_whole(&made.name)))?;
            }
            return Err(error).context(OutputError);
        }
        Ok(Status::Done)
    }
}

impl Create {
    /// What the options say of a new set.
    fn shape(&self) -> anyhow::Result<Shape> {
        let count = self.count.map_or(self.value.len(), usize::from);
        let values = match self.value.as_slice() {
            &[value] => vec![value; count],
            values if values.len() == count => values.to_vec(),
            values => bail!(UsageError(format!("there are {} values for {count} semaphores", values.len()))),
        };
        let mode = self.mode.as_ref().map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE));
        Ok(Shape { values, mode })
    }
}

/// What a new set or semaphore shall be like.
pub(super) struct Shape {
    /// The value of each semaphore.
    pub(super) values: Vec<u32>,
    pub(super) mode: Mode,
}

/// A set or semaphore that is there now.
#[derive(Debug)]
pub(super) struct Made {
    /// By what this very one is found: a set by its identifier.
    pub(super) name: Name,
    /// Where we made it: ending signals wait while this lives.
    pub(super) new: Option<Held>,
    /// Whether it has been given values: not so a set that ipcmk made, or whose maker died.
    pub(super) has_values: bool,
}

/// The one that is there, or a new one where there is none.
pub(super) fn open_or_create(name: &Name, shape: &Shape) -> anyhow::Result<Made> {
    let exists = |error: &anyhow::Error| {
        error.root_cause().downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == ErrorKind::AlreadyExists)
    };
    loop {
        check(name)?;
        match open(name) {
            Ok(Some(made)) => return Ok(made),
            Ok(None) => {}
            Err(error) => return Err(error).with_context(|| format!("cannot open {}", super::the_whole(name))),
        }
        match create(name, shape) {
            // Somebody else made it between our two looks.
            Err(error) if exists(&error) => {}
            made => return made,
        }
    }
}

/// The one that is there, with its values; `None` where there is none.
fn open(name: &Name) -> io::Result<Option<Made>> {
    let found = match name {
        Name::Private => return Ok(None),
        Name::Posix(posix) => posix::Semaphore::open(posix).map(|_| (name.clone(), true)),
        _ => sysv::Set::named(name).and_then(|set| Ok((Name::Id(set.id()), set.is_made()?))),
    };
    match found {
        Ok((name, has_values)) => Ok(Some(Made { name, new: None, has_values })),
        // Removed while we waited for its values: there is none again.
        Err(error) if error.kind() == ErrorKind::NotFound || errno::is(&error, errno::EIDRM) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A new one, EEXIST where there is one.
fn create(name: &Name, shape: &Shape) -> anyhow::Result<Made> {
    check(name)?;
    // One that is made shall have its values: no signal comes between the two.
    let held = signal::hold_endings();
    make(name, shape).map(|name| Made { name, new: Some(held), has_values: true })
}

/// Refuses what names nothing that could be made.
fn check(name: &Name) -> anyhow::Result<()> {
    match name {
        Name::Id(_) => {
            bail!(UsageError("the kernel chooses identifiers; a new set has a key, or a name, or neither".into()))
        }
        Name::Private => Ok(()),
        _ => super::check_name(name),
    }
}

fn make(name: &Name, shape: &Shape) -> anyhow::Result<Name> {
    let count = shape.values.len();
    let made = if let Name::Posix(posix) = name {
        let &[value] = shape.values.as_slice() else {
            bail!(UsageError("a POSIX semaphore is alone: it has one value, and no --count".into()));
        };
        posix::Semaphore::create(posix, value, shape.mode).map(|_| name.clone())
    } else {
        let values = shape.values.iter().map(|&value| system_v_value(value)).collect::<anyhow::Result<Vec<u16>>>()?;
        let made = match name.key()? {
            Some(key) => sysv::Set::create(key, &values, shape.mode),
            None => sysv::Set::create_private(&values, shape.mode),
        };
        made.map(|set| Name::Id(set.id()))
    };
    made.map_err(|error| {
        let limit = limits::behind(&error, name, count);
        let error = limit.map_or_else(|| error.into(), |limit| anyhow!(limit));
        error.context(format!("cannot create {}", super::the_whole(name)))
    })
}

/// A value that a semaphore of a set can have.
pub(super) fn system_v_value(value: u32) -> anyhow::Result<u16> {
    u16::try_from(value).ok().filter(|&value| value <= sysv::HIGHEST_VALUE).ok_or_else(|| {
        UsageError(format!("{value} is above SEMVMX, {}, the highest value in a set", sysv::HIGHEST_VALUE)).into()
    })
}

/// Removes the set or semaphore of this name.
pub(super) fn remove(name: &Name) -> io::Result<()> {
    match name {
        Name::Posix(name) => posix::Semaphore::remove(name),
        _ => sysv::Set::named(name)?.remove(),
    }
}

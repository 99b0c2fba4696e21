//! `rshm set`: change owner, mode, size, or whether it may be swapped out.

use anyhow::{Context as _, anyhow, bail};
use clap::Args;

use super::{Called, SEALED, cannot_open, limits, open};
use crate::app::{Context, Verb};
use crate::args::{self, Owner};
use crate::exit::{Status, UsageError};
use crate::ipc::shm::object::{self, Object};
use crate::ipc::shm::{Access, Segment, sysv};
use crate::ipc::{Changes, ModeChange, Name};
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Set {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    #[command(flatten)]
    changes: ChangeArgs,
}

// At least one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct ChangeArgs {
    /// Permissions, octal (640) or as a change (g+r)
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Owner: USER, USER:GROUP or :GROUP, by name or number
    #[arg(long, value_parser = args::owner)]
    owner: Option<Owner>,

    /// Bytes it shall have (POSIX objects and files); who uses what is cut off dies of SIGBUS
    #[arg(short, long, value_parser = args::size)]
    size: Option<u64>,

    /// Keep its pages out of swap (System V)
    #[arg(long, conflicts_with = "unlock")]
    lock: bool,

    /// Let its pages be swapped out again (System V)
    #[arg(long)]
    unlock: bool,
}

impl Verb for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Change owner, mode or size, or whether it may be swapped out";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let ChangeArgs { mode, owner, size, lock, unlock } = self.changes;
        let changes = args::changes(owner, mode);
        let _survived = signal::survive_file_limit();
        let cannot = || format!("cannot change {}", Called(&self.name));
        match find(&self.name, size.is_some())? {
            Segment::Object(_) if lock || unlock => {
                bail!(UsageError("--lock and --unlock are for System V segments".into()))
            }
            Segment::SystemV(_) if size.is_some() => {
                bail!(UsageError("--size is for POSIX objects and files: a System V segment keeps its size".into()))
            }
            Segment::Object(object) => {
                if let Some(size) = size {
                    resize(&self.name, &object, size).with_context(cannot)?;
                }
                object.set(&changes).with_context(cannot)?;
            }
            Segment::SystemV(segment) => {
                if changes != Changes::default() {
                    segment.set(&changes).with_context(cannot)?;
                }
                if lock || unlock {
                    set_lock(segment, lock).with_context(cannot)?;
                }
            }
        }
        Ok(Status::Done)
    }
}

/// Only a new size takes permission to write.
fn find(name: &Name, resized: bool) -> anyhow::Result<Segment> {
    match object::path_of(name) {
        Some(path) if !resized => {
            let found = Object::find(&path).map_err(|error| cannot_open(error, name))?;
            Ok(Segment::Object(found))
        }
        _ => open(name, if resized { Access::Write } else { Access::Read }),
    }
}

fn resize(name: &Name, object: &Object, size: u64) -> anyhow::Result<()> {
    object.resize(size).map_err(|error| {
        if errno::is(&error, errno::EPERM) {
            return anyhow::Error::from(error).context(SEALED);
        }
        let path = object::path_of(name).unwrap_or_default();
        limits::explain_object(error, &path, Some(size))
    })
}

fn set_lock(segment: sysv::Segment, locked: bool) -> anyhow::Result<()> {
    segment.lock(locked).map_err(|error| match limits::locked_memory() {
        Some(limit) if errno::is(&error, errno::ENOMEM) || errno::is(&error, errno::EPERM) => {
            anyhow!(error).context(format!("RLIMIT_MEMLOCK allows {limit} bytes; CAP_IPC_LOCK goes above"))
        }
        _ => error.into(),
    })
}

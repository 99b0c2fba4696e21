//! `rsem`: semaphores, System V and POSIX. One file per verb.

use anyhow::{Context as _, bail};

use crate::app::{Tool, VerbEntry};
use crate::cmd::names;
use crate::exit::UsageError;
use crate::ipc::sem::Semaphore;
use crate::ipc::sem::sysv::Set;
use crate::ipc::{Indexed, Kind, Name};

mod barrier;
mod create;
mod get;
mod limits;
mod list;
mod op;
mod post;
mod refusal;
mod remove;
mod run;
mod set;
mod show;
mod wait;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rsem",
    about: "Semaphores from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<create::Create>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<post::Post>(),
        VerbEntry::of::<op::Op>(),
        VerbEntry::of::<run::Run>(),
        VerbEntry::of::<barrier::Barrier>(),
        VerbEntry::of::<get::Get>(),
        VerbEntry::of::<set::Set>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<remove::Remove>(),
    ],
};

/// The semaphore of this name with its first value, or why not.
fn open(name: &Indexed) -> anyhow::Result<Semaphore> {
    check_name(&name.name)?;
    let cannot = || format!("cannot open {}", the(name));
    let semaphore = Semaphore::open(name).with_context(cannot)?;
    if let Semaphore::SystemV { set, .. } = semaphore {
        set.is_made().with_context(cannot)?;
    }
    Ok(semaphore)
}

/// The System V set of this name with its first values, or why not.
fn open_set(name: &Name) -> anyhow::Result<Set> {
    check_name(name)?;
    if let Name::Posix(_) = name {
        bail!(UsageError("a POSIX semaphore is alone; this is for the semaphores of a System V set".into()));
    }
    let cannot = || format!("cannot open semaphore set {name}");
    let set = Set::named(name).with_context(cannot)?;
    set.is_made().with_context(cannot)?;
    Ok(set)
}

/// Refuses what names no semaphore.
fn check_name(name: &Name) -> anyhow::Result<()> {
    names::check(name, Kind::Semaphore)
}

/// `semaphore '/jobs'`, `semaphore 0 of set 5`.
fn the(name: &Indexed) -> String {
    match &name.name {
        Name::Posix(name) => format!("semaphore {name}"),
        set => format!("semaphore {} of set {set}", name.index.unwrap_or(0)),
    }
}

/// `semaphore '/jobs'`, `semaphore set 5`.
fn the_whole(name: &Name) -> String {
    match name {
        Name::Posix(name) => format!("semaphore {name}"),
        set => format!("semaphore set {set}"),
    }
}

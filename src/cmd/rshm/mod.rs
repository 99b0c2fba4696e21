//! `rshm`: shared memory, System V, POSIX and mapped files. One file per verb; the verbs on typed cells
//! share one.

use std::fmt;
use std::io;

use anyhow::{Context as _, bail};

use crate::app::{Tool, VerbEntry};
use crate::cmd::names;
use crate::ipc::shm::{Access, Memory, Segment};
use crate::ipc::{Kind, Name};
use crate::output::counted;
use crate::sys::errno;

mod cells;
mod create;
mod limits;
mod list;
mod read;
mod remove;
mod run;
mod set;
mod show;
mod wait;
mod watch;
mod write;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rshm",
    about: "Shared memory from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<create::Create>(),
        VerbEntry::of::<write::Write>(),
        VerbEntry::of::<read::Read>(),
        VerbEntry::of::<cells::Get>(),
        VerbEntry::of::<cells::Put>(),
        VerbEntry::of::<cells::Add>(),
        VerbEntry::of::<cells::Swap>(),
        VerbEntry::of::<cells::Cas>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<watch::Watch>(),
        VerbEntry::of::<run::Run>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<set::Set>(),
        VerbEntry::of::<remove::Remove>(),
    ],
};

/// What a name stands for, and the name, for messages: `segment 42`, `object '/x'`, `'file:x'`.
struct Called<'a>(&'a Name);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Name::Private => return f.write_str("a segment without a key"),
            Name::Posix(_) => f.write_str("object ")?,
            Name::File(_) => {}
            _ => f.write_str("segment ")?,
        }
        self.0.fmt(f)
    }
}

/// The memory of this name, or why not.
fn open(name: &Name, access: Access) -> anyhow::Result<Segment> {
    check_name(name)?;
    Segment::open(name, access).map_err(|error| cannot_open(error, name))
}

fn cannot_open(error: io::Error, name: &Name) -> anyhow::Error {
    match name {
        Name::Posix(_) | Name::File(_) if errno::is(&error, errno::EINVAL) => {
            anyhow::anyhow!("cannot open {}: it is no regular file", Called(name))
        }
        _ => anyhow::Error::from(error).context(format!("cannot open {}", Called(name))),
    }
}

/// Refuses what names no segment.
fn check_name(name: &Name) -> anyhow::Result<()> {
    names::check(name, Kind::Segment)
}

/// The size of memory that was opened by this name.
fn size_of(name: &Name, segment: &Segment) -> anyhow::Result<u64> {
    segment.size().with_context(|| format!("cannot ask for the size of {}", Called(name)))
}

/// Refuses a part that does not lie inside.
fn check_part(name: &Name, size: u64, offset: u64, length: u64) -> anyhow::Result<()> {
    if offset.checked_add(length).is_some_and(|end| end <= size) {
        return Ok(());
    }
    let (called, size) = (Called(name), counted(size, "byte"));
    match length {
        0 => bail!("offset {offset} lies past the end of {called}, which has {size}"),
        1 => bail!("1 byte at offset {offset} lies past the end of {called}, which has {size}"),
        _ => bail!("{length} bytes from offset {offset} on run past the end of {called}, which has {size}"),
    }
}

/// A part of memory that was opened by this name, in our address space.
fn attach(name: &Name, segment: &Segment, offset: u64, length: u64, access: Access) -> anyhow::Result<Memory> {
    segment.memory(offset, length, access).map_err(|error| {
        let sealed = matches!(segment, Segment::Object(_)) && errno::is(&error, errno::EPERM);
        let error = anyhow::Error::from(error);
        let error = if sealed { error.context(SEALED) } else { error };
        error.context(format!("cannot attach {}", Called(name)))
    })
}

/// What EPERM means for an object that we could open.
const SEALED: &str = "a seal forbids it (F_ADD_SEALS of fcntl(2))";

/// Says what an error of touching memory means where the bare errno would not.
fn explain(error: io::Error, name: &Name, segment: &Segment) -> anyhow::Error {
    let called = Called(name);
    if !errno::is(&error, errno::EFAULT) {
        return anyhow::Error::from(error).context(format!("cannot access {called}"));
    }
    match segment.size() {
        Ok(size) => anyhow::anyhow!(
            "cannot access {called}: a part of it is not there; it was cut short, or its file system is full: it has {} now",
            counted(size, "byte")
        ),
        Err(_) => anyhow::Error::from(error).context(format!("cannot access {called}")),
    }
}

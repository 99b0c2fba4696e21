//! Pipes and FIFOs as rows, and the descriptors and threads at one.

use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use super::named;
use crate::ipc::pipe::inventory::{Access, Doing, End, Identity, Inventory, Pipe, Sleeper};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column, escape};

/// A pipe, and the processes at it in words.
#[derive(Debug)]
pub(crate) struct PipeRow {
    pipe: Pipe,
    writers: Vec<String>,
    readers: Vec<String>,
    blocked: Vec<String>,
}

impl PipeRow {
    /// The row of a pipe.
    pub(crate) fn new(inventory: &Inventory, pipe: &Pipe) -> Self {
        let end = |end: &End| format!("{}:{} {}", end.pid, end.descriptor, command(inventory, end.pid));
        let sleeper = |sleeper: &Sleeper| format!("{} {}", sleeper.pid, doing(sleeper.doing));
        Self {
            writers: pipe.writers().map(end).collect(),
            readers: pipe.readers().map(end).collect(),
            blocked: pipe.sleepers.iter().map(sleeper).collect(),
            pipe: pipe.clone(),
        }
    }

    fn path(&self) -> Cell<'_> {
        Cell::or_none(self.pipe.path.as_ref(), |path| Cell::Foreign(path.as_os_str().as_bytes().into()))
    }

    fn device(&self) -> Cell<'_> {
        match self.pipe.identity {
            Identity::Anonymous(_) => Cell::None,
            Identity::Fifo { device, .. } => Cell::Number(device),
        }
    }
}

/// What a process is called, escaped.
pub(crate) fn command(inventory: &Inventory, pid: i32) -> String {
    let process = inventory.processes.get(&pid);
    process.map_or_else(|| "(gone)".into(), |process| escape(process.command.as_bytes()))
}

fn words(words: &[String]) -> Cell<'static> {
    Cell::Words(words.to_vec(), words.join(", "))
}

/// Bytes in a pipe, where we may know.
pub(crate) fn bytes(count: Option<usize>) -> Cell<'static> {
    Cell::or_unknown(count, |count| Cell::Number(count as u64))
}

/// How much it has room for: nothing while nobody has it open.
pub(crate) fn capacity(pipe: &Pipe) -> Cell<'static> {
    if pipe.ends.is_empty() { Cell::None } else { bytes(pipe.capacity) }
}

/// Every column of a pipe.
pub(crate) static COLUMNS: &[Column<PipeRow>] = &[
    column("inode", "its number, as in pipe:[NUMBER] of /proc", Right, |row: &PipeRow| {
        Cell::Number(row.pipe.identity.inode())
    }),
    column("writers", "who has it open to write: PID:DESCRIPTOR COMMAND", Left, |row| words(&row.writers)),
    column("readers", "who has it open to read: PID:DESCRIPTOR COMMAND", Left, |row| words(&row.readers)),
    column("capacity", "bytes that it has room for", Right, |row| capacity(&row.pipe)),
    column("unread", "bytes written and not read yet", Right, |row| bytes(row.pipe.unread)),
    column("blocked", "who sleeps there: PID and in what", Left, |row| words(&row.blocked)),
    column("path", "path of a FIFO", Left, PipeRow::path),
    column("device", "device of a FIFO's file system", Right, PipeRow::device).hidden(),
];

/// A descriptor on a pipe, or a thread that sleeps in open(2) and has none yet.
#[derive(Debug)]
pub(crate) struct EndRow {
    pid: i32,
    descriptor: Option<u32>,
    command: String,
    uid: u32,
    how: String,
    names: Arc<Names>,
}

impl EndRow {
    /// The rows of a pipe; each user is looked up once.
    pub(crate) fn all(inventory: &Inventory, pipe: &Pipe) -> Vec<Self> {
        let names = Arc::new(Names::of(Database::Users, inventory.processes.values().map(|process| process.uid)));
        let row = |pid: i32, descriptor, how| {
            let process = inventory.processes.get(&pid)?;
            let (command, uid, names) = (process.command.clone(), process.uid, Arc::clone(&names));
            Some(Self { pid, descriptor, command, uid, how, names })
        };
        let ends = pipe.ends.iter().map(|end| row(end.pid, Some(end.descriptor), how(pipe, end)));
        let openers = pipe.openers().map(|opener| row(opener.pid, None, doing(opener.doing).into()));
        let mut rows: Vec<Self> = ends.chain(openers).flatten().collect();
        rows.sort_by_key(|row| (row.pid, row.descriptor));
        rows
    }
}

/// Every column of a descriptor.
pub(crate) static END_COLUMNS: &[Column<EndRow>] = &[
    column("pid", "process", Right, |row: &EndRow| Cell::Signed(row.pid.into())),
    column("fd", "its descriptor; none while it opens", Right, |row| {
        Cell::or_none(row.descriptor, |number| Cell::Number(number.into()))
    }),
    column("command", "what it is called", Left, |row| Cell::Foreign(row.command.as_bytes().into())),
    column("user", "its user", Left, |row| named(&row.names, row.uid)),
    column("how", "what it does there", Left, |row| Cell::text(&row.how)),
];

/// What a descriptor is for, and whether somebody sleeps in a call on it.
fn how(pipe: &Pipe, end: &End) -> String {
    let open = match end.access {
        Access::Read => "open to read",
        Access::Write => "open to write",
        Access::Both => "open for both",
    };
    let asleep = pipe.sleepers.iter().find(|one| (one.pid, one.descriptor) == (end.pid, Some(end.descriptor)));
    asleep.map_or(open, |sleeper| doing(sleeper.doing)).into()
}

/// What a thread sleeps in.
pub(crate) fn doing(doing: Doing) -> &'static str {
    match doing {
        Doing::Reading => "blocked reading",
        Doing::Writing => "blocked writing",
        Doing::Opening(Access::Read) => "blocked opening to read",
        Doing::Opening(_) => "blocked opening to write",
        Doing::Polling(Access::Read) => "waiting to read",
        Doing::Polling(Access::Write) => "waiting to write",
        Doing::Polling(Access::Both) => "waiting to read or write",
    }
}

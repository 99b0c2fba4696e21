//! FIFOs as rows.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cmd::rows::named;
use crate::cmd::rows::pipe::{bytes, capacity};
use crate::ipc::Mode;
use crate::ipc::pipe::inventory::{End, Pipe};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A FIFO: its file, and who is at it.
#[derive(Debug)]
pub(super) struct FifoRow {
    path: PathBuf,
    file: Option<Metadata>,
    pipe: Pipe,
    users: Arc<Names>,
    groups: Arc<Names>,
}

/// A FIFO by its path, its file unless it is out of our reach, and who is at it.
pub(super) type Found = (PathBuf, Option<Metadata>, Pipe);

impl FifoRow {
    /// The rows of these; each owner is looked up once.
    pub(super) fn all(found: Vec<Found>) -> Vec<Self> {
        let files = || found.iter().filter_map(|(_, file, _)| file.as_ref());
        let users = Arc::new(Names::of(Database::Users, files().map(MetadataExt::uid)));
        let groups = Arc::new(Names::of(Database::Groups, files().map(MetadataExt::gid)));
        let row =
            |(path, file, pipe)| Self { path, file, pipe, users: Arc::clone(&users), groups: Arc::clone(&groups) };
        found.into_iter().map(row).collect()
    }

    /// What only its file tells.
    fn of_file<'a>(&'a self, cell: impl FnOnce(&'a Metadata) -> Cell<'a>) -> Cell<'a> {
        Cell::or_unknown(self.file.as_ref(), cell)
    }
}

/// How many processes these descriptors belong to.
fn processes<'a>(ends: impl Iterator<Item = &'a End>) -> Cell<'static> {
    Cell::Number(ends.map(|end| end.pid).collect::<BTreeSet<_>>().len() as u64)
}

/// Every column of a FIFO.
pub(super) static COLUMNS: &[Column<FifoRow>] = &[
    column("path", "where it is", Left, |row: &FifoRow| Cell::Foreign(row.path.as_os_str().as_bytes().into())),
    column("owner", "user who owns it", Left, |row: &FifoRow| row.of_file(|file| named(&row.users, file.uid()))),
    column("mode", "permission bits", Left, |row: &FifoRow| {
        row.of_file(|file| Cell::Octal(Mode::of(file.mode()).bits().into()))
    }),
    column("readers", "processes that have it open to read", Right, |row| processes(row.pipe.readers())),
    column("writers", "processes that have it open to write", Right, |row| processes(row.pipe.writers())),
    column("openers", "threads that sleep in open(2) for want of a partner", Right, |row| {
        Cell::Number(row.pipe.openers().count() as u64)
    }),
    column("unread", "bytes written and not read yet", Right, |row| bytes(row.pipe.unread)),
    column("capacity", "bytes that it has room for, while somebody has it open", Right, |row| capacity(&row.pipe)),
    column("group", "group that owns it", Left, |row: &FifoRow| row.of_file(|file| named(&row.groups, file.gid())))
        .hidden(),
    column("uid", "number of the owner", Right, |row: &FifoRow| row.of_file(|file| Cell::Number(file.uid().into())))
        .hidden(),
    column("gid", "number of the group", Right, |row: &FifoRow| row.of_file(|file| Cell::Number(file.gid().into())))
        .hidden(),
    column("inode", "its inode", Right, |row: &FifoRow| Cell::Number(row.pipe.identity.inode())).hidden(),
    column("changed", "time of creation or of the last write", Left, |row: &FifoRow| {
        row.of_file(|file| Cell::Time(file.mtime()))
    })
    .hidden(),
];

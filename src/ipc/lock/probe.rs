//! Whether a lock could be had, asked without taking it.

use std::io;
use std::path::Path;

use super::inventory::{inventory_of, request_of};
use super::{FileId, Kind, LockFile, Opening, Request, Writing};
use crate::proc::locks;

/// A file, and the lock that one would take.
#[derive(Debug)]
pub struct Probe {
    file: FileId,
    request: Request,
    /// Of record locks: the kernel answers for a descriptor.
    open: Option<LockFile>,
    /// Whether the kernel's table has all locks of processes in our pid namespace.
    table_is_whole: bool,
}

impl Probe {
    /// Opens a file for reading where the kernel has to be asked, which for flock(2) is not so.
    pub fn open(path: &Path, request: Request) -> io::Result<Self> {
        let opening = Opening { create: None, writing: Writing::No, inherited: false };
        let (file, open) = match request.kind {
            Kind::Flock => (FileId::of_path(path)?, None),
            Kind::Ofd | Kind::Posix => {
                let open = LockFile::open(path, opening)?;
                (FileId::of(&open)?, Some(open))
            }
        };
        Ok(Self { file, request, open, table_is_whole: locks::table_is_whole() })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Whether nobody is in the way now.
    ///
    /// Inside a pid namespace, flock(2) locks of processes outside are not seen.
    pub fn is_free(&self) -> io::Result<bool> {
        if let Some(open) = &self.open {
            return open.is_free(self.request);
        }
        let (device, inode) = (self.file.device, self.file.inode);
        let in_the_way = |held: Option<Request>| held.is_some_and(|held| held.conflicts_with(&self.request));
        let table = locks::table()?;
        let mut held = table.iter().filter(|entry| entry.depth == 0 && entry.file == (device, inode));
        if held.any(|entry| in_the_way(request_of(entry))) {
            return Ok(false);
        }
        // Descriptors tell of those that the table leaves out.
        let unseen = || inventory_of(self.file).map(|inventory| inventory.locks);
        let others = if self.table_is_whole { Vec::new() } else { unseen()? };
        Ok(!others.iter().any(|lock| !lock.is_waiting() && in_the_way(lock.request())))
    }
}

//! What is known of the named semaphores that there are: their files, and what stands in them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::{path, word};
use crate::ipc::posix_files::{self, PosixFile, SHARED_MEMORY};
use crate::ipc::{PosixName, PosixObject};
use crate::sys::errno;

/// A POSIX named semaphore, as its file in `/dev/shm` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSemaphore {
    /// Name, owner and mode.
    pub file: PosixFile,
    /// Its value; `None` where we may not read it, or where it is no semaphore of glibc.
    pub value: Option<u32>,
    /// How many processes sleep on it, as they count themselves; one that was killed in its sleep is
    /// counted for ever. `None` where the value is.
    pub waiting: Option<u32>,
}

impl PosixObject for NamedSemaphore {
    fn file(&self) -> &PosixFile {
        &self.file
    }
}

/// Every POSIX named semaphore.
pub fn list() -> io::Result<Vec<NamedSemaphore>> {
    let name_of = |entry: &[u8]| entry.strip_prefix(b"sem.").and_then(PosixName::of_entry);
    let files = posix_files::list(SHARED_MEMORY, name_of)?;
    Ok(files.into_iter().map(of_file).collect())
}

/// What is known of one semaphore, ENOENT where there is none.
pub fn status(name: &PosixName) -> io::Result<NamedSemaphore> {
    let file = path(name).symlink_metadata()?;
    if !file.is_file() {
        return Err(errno::error(errno::ENOENT));
    }
    Ok(of_file(posix_files::describe(name.clone(), &file)))
}

fn of_file(file: PosixFile) -> NamedSemaphore {
    let is_one = file.size == word::SIZE as u64;
    let contents = is_one.then(|| posix_files::look(&path(&file.name)).and_then(|file| contents(&file)).ok()).flatten();
    NamedSemaphore { value: contents.map(|(value, _)| value), waiting: contents.map(|(_, waiting)| waiting), file }
}

/// Value and waiting processes.
///
/// Read, not mapped: any user may leave an empty file there, and mapping that ends in SIGBUS.
fn contents(file: &File) -> io::Result<(u32, u32)> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(word::halves(u64::from_ne_bytes(bytes)))
}

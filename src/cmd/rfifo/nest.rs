//! A private directory with FIFOs, gone when it is dropped.
//!
//! Its owner holds a lock on it (flock(2)), which the kernel takes away however the owner ends. So a
//! directory without a lock was left behind by a SIGKILL, and whoever makes the next one removes it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::mkdtemp;

use crate::ipc::{Mode, fifo, users};

/// How the directories are called, with six more letters behind it.
const PREFIX: &str = "rfifo-";

/// A directory of ours.
#[derive(Debug)]
pub(super) struct Nest {
    path: PathBuf,
    fifos: Vec<PathBuf>,
    /// Locked as long as we run; a command that we start does not inherit it.
    _lock: File,
}

impl Nest {
    /// Makes one with so many FIFOs, and removes those that a SIGKILL left behind.
    pub(super) fn make(number: usize) -> io::Result<Self> {
        let base = std::env::temp_dir();
        sweep(&base);
        let template = base.join(format!("{PREFIX}XXXXXX"));
        loop {
            let path = mkdtemp(&template)?;
            let lock = open(&path)?;
            lock.lock()?;
            // Before it was locked, somebody may have taken it for one that was left behind.
            if lock.metadata()?.nlink() == 0 {
                continue;
            }
            let mut nest = Self { path, fifos: Vec::new(), _lock: lock };
            for place in 1..=number {
                let fifo = nest.path.join(place.to_string());
                fifo::create(&fifo, Mode::PRIVATE)?;
                nest.fifos.push(fifo);
            }
            return Ok(nest);
        }
    }

    /// The FIFOs in it.
    pub(super) fn fifos(&self) -> &[PathBuf] {
        &self.fifos
    }
}

impl Drop for Nest {
    fn drop(&mut self) {
        for fifo in &self.fifos {
            // The command may have removed or replaced it.
            let _ = fifo::remove(fifo);
        }
        let _ = fs::remove_dir(&self.path);
    }
}

/// Removes what nobody holds any more. What cannot be looked at or removed is not ours to worry about.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    let is_one = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(PREFIX);
    for entry in entries.flatten().filter(is_one) {
        let _ = remove_abandoned(&entry.path());
    }
}

fn remove_abandoned(path: &Path) -> io::Result<()> {
    let lock = open(path)?;
    let directory = lock.metadata()?;
    if directory.uid() != users::effective() || Mode::of(directory.mode()).bits() != 0o700 || lock.try_lock().is_err() {
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        fifo::remove(&entry?.path())?;
    }
    fs::remove_dir(path)
}

/// The directory itself, to hold and to look at.
fn open(path: &Path) -> io::Result<File> {
    File::options().read(true).custom_flags((OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits()).open(path)
}

//! POSIX objects as the files they are on Linux: in `/dev/shm` and on the queue file system.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::linkat;

use super::{Mode, PosixName, PosixObject};
use crate::sys::{errno, fd};

/// What the file of a POSIX object tells without being opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PosixFile {
    /// The object's name.
    pub name: PosixName,
    /// Owner.
    pub uid: u32,
    /// Owner's group.
    pub gid: u32,
    /// Permission bits.
    pub mode: Mode,
    /// Size of the file in bytes.
    pub size: u64,
    /// Time of the last change of its content, in seconds since the epoch.
    pub modified: i64,
    /// Device and inode, by which an open descriptor or a mapping of it is known.
    pub inode: (u64, u64),
}

impl PosixObject for PosixFile {
    fn file(&self) -> &PosixFile {
        self
    }
}

/// Where the C library keeps shared memory objects and named semaphores: shm_overview(7).
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

/// Where the file of an object lies whose files begin with `prefix`.
pub(super) fn path(prefix: &[u8], name: &PosixName) -> PathBuf {
    let entry = [prefix, &name.as_bytes()[1..]].concat();
    Path::new(SHARED_MEMORY).join(OsStr::from_bytes(&entry))
}

/// The regular files of a directory, each with the name that `name_of` reads from its entry;
/// symbolic links, FIFOs and directories are no objects.
pub(super) fn list(
    directory: impl AsRef<Path>,
    name_of: impl Fn(&[u8]) -> Option<PosixName>,
) -> io::Result<Vec<PosixFile>> {
    let mut found = Vec::new();
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        // Where there is no place for them there are none.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => {
            let place = directory.as_ref().display();
            return Err(io::Error::new(error.kind(), format!("{place}: {}", errno::words(&error))));
        }
    };
    for entry in entries {
        let entry = entry?;
        let Some(name) = name_of(entry.file_name().as_bytes()) else { continue };
        // What vanished since readdir is no object any more.
        let Ok(file) = entry.metadata() else { continue };
        if !file.is_file() {
            continue;
        }
        found.push(describe(name, &file));
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// What the metadata of its file tells of an object.
pub(super) fn describe(name: PosixName, file: &Metadata) -> PosixFile {
    PosixFile {
        name,
        uid: file.uid(),
        gid: file.gid(),
        mode: Mode::of(file.mode()),
        size: file.len(),
        modified: file.mtime(),
        inode: (file.dev(), file.ino()),
    }
}

/// Opens an object's file to look into it: never through a symbolic link, never blocking.
pub(super) fn look(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(fd::NO_FOLLOW | fd::NON_BLOCKING).open(path)
}

/// A file of no name in the directory of shared memory objects: open(2), `O_TMPFILE`.
pub(super) fn nameless() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(fd::NAMELESS).open(SHARED_MEMORY)
}

/// Gives a nameless file its name, in one step; EEXIST where there is one: linkat(2).
pub(super) fn give_name(file: &File, path: &Path) -> io::Result<()> {
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(linkat(AT_FDCWD, own.as_str(), AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW)?)
}

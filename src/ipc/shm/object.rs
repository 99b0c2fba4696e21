//! POSIX shared memory objects and mapped files: shm_open(3), mmap(2). On Linux both are files.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions as FileMode};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, FcntlArg, OFlag, SealFlag, fcntl, open, posix_fallocate};
use nix::sys::stat::Mode as CreationMode;
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
use nix::sys::statvfs::statvfs;
use nix::unistd::linkat;

use super::Access;
use crate::ipc::posix_files::SHARED_MEMORY;
use crate::ipc::{Changes, Mode, Name};
use crate::proc::memory;
use crate::sys::memory::page_size;
use crate::sys::{errno, fd};

/// An open object.
#[derive(Debug)]
pub struct Object(File);

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<File> for Object {
    fn from(file: File) -> Self {
        Self(file)
    }
}

/// From this many bytes on it is asked whether there is so much memory.
const LARGE: u64 = 16 << 20;

/// The file behind the name of a POSIX object or of a file; `None` for a System V name.
#[must_use]
pub fn path_of(name: &Name) -> Option<PathBuf> {
    match name {
        Name::Posix(name) => Some(Path::new(SHARED_MEMORY).join(OsStr::from_bytes(&name.as_bytes()[1..]))),
        Name::File(path) => Some(path.clone()),
        _ => None,
    }
}

/// Whether a path lies where POSIX objects do: there no symbolic link is followed, as shm_open(3) does not.
fn flags(path: &Path) -> OFlag {
    let always = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    if path.starts_with(SHARED_MEMORY) { always | OFlag::O_NOFOLLOW } else { always }
}

impl Object {
    /// Opens the object at this path; EINVAL when it is no regular file, and so no memory.
    #[doc(alias = "shm_open")]
    pub fn open(path: &Path, access: Access) -> io::Result<Self> {
        let access = if access == Access::Write { OFlag::O_RDWR } else { OFlag::O_RDONLY };
        Self::open_with(path, access | flags(path))
    }

    /// Finds the object at this path, to be asked for its size and [set](Self::set): that takes no
    /// permission to read or write it, which an owner may have taken from himself.
    #[doc(alias = "O_PATH")]
    pub fn find(path: &Path) -> io::Result<Self> {
        Self::open_with(path, flags(path) | OFlag::O_PATH)
    }

    fn open_with(path: &Path, flags: OFlag) -> io::Result<Self> {
        // std's OpenOptions takes O_PATH for an access mode with musl, and away.
        let file = File::from(open(path, flags, CreationMode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(errno::error(errno::EINVAL));
        }
        Ok(Self(file))
    }

    /// Its size in bytes.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    /// Whether no directory has it any more.
    pub fn is_removed(&self) -> io::Result<bool> {
        Ok(self.0.metadata()?.nlink() == 0)
    }

    /// Gives it this size. What it grows by has room at once, so that no write to it can find none;
    /// what it shrinks by is gone, and who has it mapped dies of SIGBUS there.
    ///
    /// ENOSPC when the file system has not so much room, ENOMEM when it is one in memory and the machine
    /// has not so much of that, EFBIG when it takes no file so large, EPERM when a seal forbids it.
    #[doc(alias = "ftruncate")]
    #[doc(alias = "posix_fallocate")]
    pub fn resize(&self, size: u64) -> io::Result<()> {
        let old = self.size()?;
        if size < old {
            return self.0.set_len(size);
        }
        self.check_memory(size - old)?;
        let too_large = || errno::error(errno::EFBIG);
        let [start, more] = [old, size - old].map(i64::try_from);
        match (start.map_err(|_| too_large())?, more.map_err(|_| too_large())?) {
            (_, 0) => Ok(()),
            // A signal may interrupt what takes long; what has been done stays.
            (start, more) => loop {
                match posix_fallocate(&self.0, start, more) {
                    Err(Errno::EINTR) => {}
                    done => return Ok(done?),
                }
            },
        }
    }

    /// On tmpfs room is memory. The kernel does not ask first whether it has that: it takes page after
    /// page, and kills processes when none is left.
    fn check_memory(&self, more: u64) -> io::Result<()> {
        if more < LARGE {
            return Ok(());
        }
        let at = fstatfs(&self.0)?;
        if at.filesystem_type() != TMPFS_MAGIC {
            return Ok(());
        }
        // A memfd lies on a tmpfs without a limit.
        #[allow(clippy::useless_conversion, reason = "signed or not, by the C library")]
        let block = u64::try_from(at.block_size()).unwrap_or(0);
        if at.blocks() > 0 && at.blocks_available().saturating_mul(block) < more {
            return Err(errno::error(errno::ENOSPC));
        }
        if memory::available()? < more { Err(errno::error(errno::ENOMEM)) } else { Ok(()) }
    }

    /// A path that leads to it whatever it is called by now.
    fn nameless_path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }

    /// Changes owner and mode.
    #[doc(alias = "chmod")]
    #[doc(alias = "chown")]
    pub fn set(&self, changes: &Changes) -> io::Result<()> {
        changes.apply_to_file(&self.0)
    }
}

/// What is known of an object or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectStatus {
    /// Owner.
    pub uid: u32,
    /// Owner's group.
    pub gid: u32,
    /// Permission bits.
    pub mode: Mode,
    /// Size in bytes.
    pub size: u64,
    /// Bytes that it takes, in memory and swap or on a disk: a file with holes takes less than its size.
    pub allocated: u64,
    /// Bytes of it in memory; `None` where it may not be read, or the kernel cannot tell (Linux 6.5).
    pub resident: Option<u64>,
    /// Bytes of it in swap; `None` as above, and for a file on a disk.
    pub swapped: Option<u64>,
    /// What may not be done with it any more; `None` where nothing is sealed.
    pub seals: Option<Vec<&'static str>>,
    /// How many directory entries it has: none once it is removed.
    pub links: u64,
    /// Time of the last change of its content through a descriptor, in seconds since the epoch.
    pub modified: i64,
    /// Device and inode, by which a mapping of it is known.
    pub inode: (u64, u64),
}

impl ObjectStatus {
    /// Of the object at this path. Who may not read it learns less.
    #[doc(alias = "cachestat")]
    pub fn of(path: &Path) -> io::Result<Self> {
        let in_place = path.starts_with(SHARED_MEMORY);
        let status = if in_place { fs::symlink_metadata(path)? } else { fs::metadata(path)? };
        if !status.is_file() {
            return Err(errno::error(errno::EINVAL));
        }
        let object = Object::open(path, Access::Read).ok();
        let allocated = status.blocks() * 512;
        let pages = object.as_ref().and_then(|object| fd::cached_pages(object).ok());
        let resident = pages.map(|pages| pages * page_size() as u64);
        // What tmpfs has allocated and not in memory is in swap.
        let on_tmpfs =
            object.as_ref().is_some_and(|object| fstatfs(object).is_ok_and(|at| at.filesystem_type() == TMPFS_MAGIC));
        let seals = object.as_ref().and_then(|object| fcntl(object, FcntlArg::F_GET_SEALS).ok()).map(seal_names);
        Ok(Self {
            uid: status.uid(),
            gid: status.gid(),
            mode: Mode::of(status.mode()),
            size: status.len(),
            allocated,
            resident,
            swapped: resident.filter(|_| on_tmpfs).map(|resident| allocated.saturating_sub(resident)),
            // That no seal can be added says nothing: POSIX objects begin so.
            seals: seals.filter(|seals| seals.iter().any(|&seal| seal != "seal")),
            links: status.nlink(),
            modified: status.mtime(),
            inode: (status.dev(), status.ino()),
        })
    }
}

/// The words of fcntl(2) for these seals.
fn seal_names(bits: i32) -> Vec<&'static str> {
    let names = [
        (SealFlag::F_SEAL_SEAL, "seal"),
        (SealFlag::F_SEAL_SHRINK, "shrink"),
        (SealFlag::F_SEAL_GROW, "grow"),
        (SealFlag::F_SEAL_WRITE, "write"),
    ];
    let set = SealFlag::from_bits_truncate(bits);
    names.into_iter().filter(|(seal, _)| set.contains(*seal)).map(|(_, name)| name).collect()
}

/// Removes the object at this path; who has it mapped keeps it. A symbolic link is not followed; what
/// is no regular file is refused with EINVAL.
#[doc(alias = "shm_unlink")]
pub fn remove(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(errno::error(errno::EINVAL));
    }
    fs::remove_file(path)
}

/// A new object that nobody can find before it is [published](Self::publish): not while it is empty,
/// half filled or without its mode. One that is dropped instead leaves nothing.
#[derive(Debug)]
pub struct Draft {
    object: Object,
    path: PathBuf,
    /// The file system knows no files without a name: it has it already, and loses it if dropped.
    named: bool,
}

impl Draft {
    /// EEXIST where there is something of this path.
    pub fn begin(path: &Path, mode: Mode) -> io::Result<Self> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(errno::error(errno::EEXIST));
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let open = |flags: OFlag, path: &Path, new| {
            let flags = (flags | OFlag::O_CLOEXEC).bits();
            OpenOptions::new().read(true).write(true).create_new(new).mode(0o600).custom_flags(flags).open(path)
        };
        let (file, named) = match open(OFlag::O_TMPFILE, directory, false) {
            Err(error) if errno::is(&error, errno::EOPNOTSUPP) || errno::is(&error, errno::EISDIR) => {
                (open(OFlag::O_NOFOLLOW, path, true)?, true)
            }
            opened => (opened?, false),
        };
        let draft = Self { object: Object(file), path: path.to_owned(), named };
        // Whatever the umask.
        draft.object.0.set_permissions(FileMode::from_mode(mode.bits().into()))?;
        Ok(draft)
    }

    /// What is to be filled.
    #[must_use]
    pub const fn object(&self) -> &Object {
        &self.object
    }

    /// Gives it its name: EEXIST when somebody was faster.
    pub fn publish(mut self) -> io::Result<()> {
        if !self.named {
            linkat(AT_FDCWD, self.object.nameless_path().as_str(), AT_FDCWD, &self.path, AtFlags::AT_SYMLINK_FOLLOW)?;
        }
        self.named = false;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.named {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Bytes that are free, and all bytes, where an object of this path lies.
#[doc(alias = "statvfs")]
pub fn room(path: &Path) -> io::Result<(u64, u64)> {
    let place = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let status = statvfs(place)?;
    let block = status.fragment_size();
    Ok((status.blocks_available() * block, status.blocks() * block))
}

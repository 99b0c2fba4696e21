//! What is known of the POSIX queues that there are: their files, and mq_getattr(3).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{FsType, statfs};

use super::{Access, Capacity, Queue};
use crate::ipc::posix_files::{self, PosixFile};
use crate::ipc::{PosixName, PosixObject};
use crate::sys::mq::Attributes;
use crate::sys::{errno, mount, mq};

/// A queue, as its file and mq_getattr(3) show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// Name, owner and mode.
    pub file: PosixFile,
    /// Bytes of text in it; `None` where we may not read it.
    pub bytes: Option<u64>,
    /// Messages in it; `None` where we may not read it.
    pub messages: Option<u64>,
    /// Messages it can hold; `None` where we may not read it.
    pub max_messages: Option<u64>,
    /// Bytes a message can have; `None` where we may not read it.
    pub max_size: Option<u64>,
    /// The process that asked to be notified of a message (mq_notify(3)), if one did.
    pub notified: Option<i32>,
}

impl QueueStatus {
    /// What it takes of its owner's `RLIMIT_MSGQUEUE`, where its capacity may be known.
    #[must_use]
    pub fn cost(&self) -> Option<u64> {
        let max_messages = u32::try_from(self.max_messages?).ok()?;
        let max_size = u32::try_from(self.max_size?).ok()?;
        Some(Capacity { max_messages, max_size }.cost())
    }
}

impl PosixObject for QueueStatus {
    fn file(&self) -> &PosixFile {
        &self.file
    }
}

/// Every queue of this IPC namespace.
///
/// EPERM when the queue file system is not at `/dev/mqueue` and we may not mount it for ourselves.
pub fn list() -> io::Result<Vec<QueueStatus>> {
    let filesystem = FileSystem::find()?;
    let files = posix_files::list(&filesystem.root, PosixName::of_entry)?;
    Ok(files.into_iter().filter_map(|file| filesystem.status(file)).collect())
}

/// What is known of one queue.
///
/// EACCES when neither its file nor the queue itself may be looked at.
pub fn status(name: &PosixName) -> io::Result<QueueStatus> {
    let filesystem = FileSystem::find();
    let file = match &filesystem {
        Ok(filesystem) => filesystem.path(name).symlink_metadata()?,
        Err(_) => File::from(Queue::open(name, Access::Receive)?.0).metadata()?,
    };
    let file = posix_files::describe(name.clone(), &file);
    filesystem.unwrap_or_default().status(file).ok_or_else(|| errno::error(errno::ENOENT))
}

/// The directory that POSIX queues are files of; it can be looked at as long as this is kept.
#[derive(Debug)]
pub struct Directory(FileSystem);

impl Directory {
    /// That of this IPC namespace; EPERM as for [`list`].
    pub fn open() -> io::Result<Self> {
        FileSystem::find().map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.root
    }
}

/// The queue file system: a private mount of our own, or the one at `/dev/mqueue`.
#[derive(Debug, Default)]
struct FileSystem {
    /// Where it is; empty where it is nowhere to be seen.
    root: PathBuf,
    /// Keeps the private mount alive.
    mount: Option<OwnedFd>,
}

impl FileSystem {
    /// Our own mount shows this IPC namespace for certain; what is at `/dev/mqueue` may be another's.
    fn find() -> io::Result<Self> {
        match mount::mqueue() {
            Ok(mount) => Ok(Self { root: format!("/proc/self/fd/{}", mount.as_raw_fd()).into(), mount: Some(mount) }),
            Err(_) if is_queue_file_system(Path::new("/dev/mqueue")) => {
                Ok(Self { root: "/dev/mqueue".into(), mount: None })
            }
            Err(error) => Err(io::Error::new(
                error.kind(),
                format!("/dev/mqueue is not mounted, and mounting it privately failed: {}", errno::words(&error)),
            )),
        }
    }

    fn path(&self, name: &PosixName) -> PathBuf {
        self.root.join(OsStr::from_bytes(&name.as_bytes()[1..]))
    }

    /// What a queue's file and descriptor tell; `None` when the file is another namespace's.
    fn status(&self, file: PosixFile) -> Option<QueueStatus> {
        let attributes = mq::open(file.name.as_c_str(), mq::O_RDONLY | mq::O_NONBLOCK).and_then(mq::attributes);
        if self.mount.is_none() && attributes.as_ref().is_err_and(|error| errno::is(error, errno::ENOENT)) {
            return None;
        }
        let contents = posix_files::look(&self.path(&file.name)).and_then(Contents::read).ok();
        let of =
            |field: fn(&Attributes) -> i64| attributes.as_ref().ok().and_then(|all| u64::try_from(field(all)).ok());
        Some(QueueStatus {
            bytes: contents.as_ref().map(|contents| contents.bytes),
            notified: contents.and_then(|contents| contents.notified),
            messages: of(|all| all.messages),
            max_messages: of(|all| all.max_messages),
            max_size: of(|all| all.max_size),
            file,
        })
    }
}

/// Whether the queue file system is mounted here.
fn is_queue_file_system(path: &Path) -> bool {
    /// `MQUEUE_MAGIC` of ipc/mqueue.c.
    const MAGIC: FsType = FsType(0x1980_0202);
    statfs(path).is_ok_and(|status| status.filesystem_type() == MAGIC)
}

/// What the text in a queue's file says: mq_overview(7).
struct Contents {
    bytes: u64,
    notified: Option<i32>,
}

impl Contents {
    fn read(mut file: File) -> io::Result<Self> {
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let field = |name| text.split_ascii_whitespace().find_map(|field| field.strip_prefix(name));
        let bytes = field("QSIZE:").and_then(|bytes| bytes.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let notified = field("NOTIFY_PID:").and_then(|pid| pid.parse().ok()).filter(|&pid| pid != 0);
        Ok(Self { bytes, notified })
    }
}

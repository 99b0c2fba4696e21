//! POSIX message queues: mq_overview(7).

use std::ffi::OsStr;
use std::fs::{File, Permissions as FileMode};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::statfs::{FsType, statfs};

use crate::ipc::msgq::sysv::Changes;
use crate::ipc::posix_files::{self, PosixFile};
use crate::ipc::{Mode, PosixName, PosixObject, Wait};
use crate::sys::{errno, mount, mq, signal};

pub use crate::sys::mq::Attributes;

/// The highest priority of a message: `MQ_PRIO_MAX` - 1.
pub const HIGHEST_PRIORITY: u32 = 32_767;

/// What a queue is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To receive.
    Receive,
    /// To send.
    Send,
    /// Both.
    Both,
}

impl Access {
    const fn flags(self) -> i32 {
        match self {
            Self::Receive => mq::O_RDONLY,
            Self::Send => mq::O_WRONLY,
            Self::Both => mq::O_RDWR,
        }
    }

    /// The access in the flags of an open descriptor.
    pub(super) const fn of_flags(flags: u32) -> Self {
        match flags.cast_signed() & (mq::O_WRONLY | mq::O_RDWR) {
            mq::O_WRONLY => Self::Send,
            mq::O_RDWR => Self::Both,
            _ => Self::Receive,
        }
    }
}

/// What a new queue can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// Messages: at most `fs.mqueue.msg_max` without privilege.
    pub max_messages: u32,
    /// Bytes in a message: at most `fs.mqueue.msgsize_max` without privilege.
    pub max_size: u32,
}

impl Capacity {
    /// What a queue of this capacity takes of its owner's `RLIMIT_MSGQUEUE`: getrlimit(2).
    #[must_use]
    pub const fn cost(self) -> u64 {
        /// `sizeof(struct msg_msg)` and `sizeof(struct posix_msg_tree_node)` on 64-bit machines.
        const OVERHEAD: u64 = 48;
        let messages = self.max_messages as u64;
        let priorities = if messages < HIGHEST_PRIORITY as u64 + 1 { messages } else { HIGHEST_PRIORITY as u64 + 1 };
        messages * OVERHEAD + priorities * OVERHEAD + messages * self.max_size as u64
    }
}

/// Limits of this IPC namespace and process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Queues: `fs.mqueue.queues_max`.
    pub max_queues: u64,
    /// Messages in a queue, without privilege: `fs.mqueue.msg_max`.
    pub max_messages: u64,
    /// Bytes in a message, without privilege: `fs.mqueue.msgsize_max`.
    pub max_size: u64,
    /// What a queue gets that asks for nothing: `fs.mqueue.msg_default`, `msgsize_default`.
    pub default: Capacity,
    /// Bytes that all queues of a user may take: `RLIMIT_MSGQUEUE`; `None` for no limit.
    pub user_bytes: Option<u64>,
}

/// The limits that are in force here.
pub fn limits() -> io::Result<Limits> {
    let sysctl = |name: &str| {
        let text = std::fs::read_to_string(format!("/proc/sys/fs/mqueue/{name}"))?;
        text.trim().parse::<u32>().map_err(io::Error::other)
    };
    let (soft, _) = getrlimit(Resource::RLIMIT_MSGQUEUE)?;
    Ok(Limits {
        max_queues: sysctl("queues_max")?.into(),
        max_messages: sysctl("msg_max")?.into(),
        max_size: sysctl("msgsize_max")?.into(),
        default: Capacity { max_messages: sysctl("msg_default")?, max_size: sysctl("msgsize_default")? },
        user_bytes: Some(soft).filter(|&soft| soft != RLIM_INFINITY),
    })
}

/// An open queue.
#[derive(Debug)]
pub struct Queue(OwnedFd);

impl AsFd for Queue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Queue {
    /// Opens the queue of this name, ENOENT where there is none.
    #[doc(alias = "mq_open")]
    pub fn open(name: &PosixName, access: Access) -> io::Result<Self> {
        mq::open(name.as_c_str(), access.flags()).map(Self)
    }

    /// A new queue, EEXIST where there is one. The mode is what is asked for, whatever the umask.
    ///
    /// EINVAL when the capacity is above the system's limits, ENOSPC when there are
    /// `fs.mqueue.queues_max` queues, EMFILE mostly when the user's queues take `RLIMIT_MSGQUEUE`.
    #[doc(alias = "O_CREAT")]
    pub fn create(name: &PosixName, mode: Mode, capacity: Option<Capacity>) -> io::Result<Self> {
        let capacity = capacity.map(|capacity| (capacity.max_messages.into(), capacity.max_size.into()));
        let bits = u32::from(mode.bits());
        let queue = mq::create(name.as_c_str(), mq::O_RDWR | mq::O_EXCL, bits, capacity)?;
        // The umask may have taken bits away; giving them here touches this queue alone.
        File::from(queue.try_clone()?).set_permissions(FileMode::from_mode(bits))?;
        Ok(Self(queue))
    }

    /// Removes the name; who has the queue open keeps it.
    #[doc(alias = "mq_unlink")]
    pub fn remove(name: &PosixName) -> io::Result<()> {
        mq::unlink(name.as_c_str())
    }

    /// What it can hold, and holds.
    #[doc(alias = "mq_getattr")]
    pub fn attributes(&self) -> io::Result<Attributes> {
        mq::attributes(&self.0)
    }

    /// Changes owner and mode; the rest of `changes` is the caller's to refuse.
    #[doc(alias = "fchmod")]
    #[doc(alias = "fchown")]
    pub fn set(&self, changes: &Changes) -> io::Result<()> {
        let file = File::from(self.0.try_clone()?);
        if changes.uid.is_some() || changes.gid.is_some() {
            fchown(&file, changes.uid, changes.gid)?;
        }
        if let Some(change) = &changes.mode {
            let mode = change.apply(Mode::of(file.metadata()?.mode()));
            file.set_permissions(FileMode::from_mode(mode.bits().into()))?;
        }
        Ok(())
    }

    /// Sends. EAGAIN or ETIMEDOUT when the queue stayed full, EMSGSIZE when the text is longer than
    /// the queue's `max_size`, EINTR when a signal came that ends the process.
    #[doc(alias = "mq_send")]
    pub fn send(&self, text: &[u8], priority: u32, wait: Wait) -> io::Result<()> {
        until(wait, |deadline| mq::send(&self.0, text, priority, deadline))
    }

    /// Takes the oldest message of the highest priority into `buffer`: its length and priority.
    ///
    /// EAGAIN or ETIMEDOUT when none came, EMSGSIZE when the buffer is shorter than `max_size`.
    #[doc(alias = "mq_receive")]
    pub fn receive(&self, buffer: &mut [u8], wait: Wait) -> io::Result<(usize, u32)> {
        until(wait, |deadline| mq::receive(&self.0, buffer, deadline))
    }
}

/// Makes a call with a deadline wait as long as asked, over signals that end nothing.
fn until<T>(wait: Wait, mut call: impl FnMut(Option<Duration>) -> io::Result<T>) -> io::Result<T> {
    let deadline = match wait {
        Wait::Forever => None,
        // A deadline that has passed: what can be done at once is done, ETIMEDOUT otherwise.
        Wait::Never => Some(Duration::ZERO),
        Wait::For(limit) => Some(since_epoch().saturating_add(limit)),
    };
    loop {
        if signal::wants_attention() {
            return Err(errno::error(errno::EINTR));
        }
        match call(deadline) {
            Err(error) if errno::is(&error, errno::EINTR) => {}
            Err(error) if wait == Wait::Never && errno::is(&error, errno::ETIMEDOUT) => {
                return Err(errno::error(errno::EAGAIN));
            }
            done => return done,
        }
    }
}

/// The real-time clock, which the deadlines of mq_timedsend(3) are on.
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

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
            Err(error) => Err(error),
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

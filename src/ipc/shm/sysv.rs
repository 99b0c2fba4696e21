//! System V segments: shmget(2), shmop(2), shmctl(2).

use std::io;

use super::Memory;
use super::inventory::{self, SegmentStatus};
use crate::ipc::object::no_such_id;
use crate::ipc::{Changes, Id, Key, Mode, Name};
use crate::sys::{errno, memory, shm};

/// What a new segment shall be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Bytes, at least 1.
    pub size: u64,
    /// Permission bits.
    pub mode: Mode,
    /// Huge pages, of this size or of the system's default one (`SHM_HUGETLB`).
    pub huge: Option<HugePages>,
    /// Whether swap is set aside for it; without, a write can find none (`SHM_NORESERVE`).
    pub reserve: bool,
}

/// The size of huge pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HugePages {
    /// The system's default: `Hugepagesize` of proc_meminfo(5).
    Default,
    /// This many bytes, a power of two.
    Bytes(u64),
}

impl HugePages {
    const fn flags(self) -> i32 {
        match self {
            Self::Default => shm::SHM_HUGETLB,
            Self::Bytes(bytes) => shm::SHM_HUGETLB | (bytes.trailing_zeros() << shm::HUGE_SHIFT).cast_signed(),
        }
    }
}

/// Limits of this IPC namespace: sysctl `kernel.shm*`.
#[doc(alias = "shminfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one segment: `kernel.shmmax`.
    pub max_size: u64,
    /// Segments: `kernel.shmmni`.
    pub max_segments: u64,
    /// Pages of all segments together: `kernel.shmall`.
    pub max_pages: u64,
    /// Pages that all segments have now.
    pub pages: u64,
    /// Bytes of a page.
    pub page_size: u64,
}

/// The limits of this IPC namespace, and what is used of them.
#[doc(alias = "IPC_INFO")]
pub fn limits() -> io::Result<Limits> {
    let limits = shm::limits()?;
    Ok(Limits {
        max_size: limits.shmmax,
        max_segments: limits.shmmni,
        max_pages: limits.shmall,
        pages: limits.used,
        page_size: memory::page_size() as u64,
    })
}

pub use crate::sys::shm::Usage;

/// What there is in this IPC namespace, all owners together.
#[doc(alias = "SHM_INFO")]
pub fn usage() -> io::Result<Usage> {
    shm::usage()
}

/// A segment, by its identifier. Nothing is held: the kernel finds it anew in every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment(Id);

impl Segment {
    /// The segment of this identifier; whether there is one shows at the first call.
    #[must_use]
    pub const fn at(id: Id) -> Self {
        Self(id)
    }

    /// The segment of this key, ENOENT where there is none.
    #[doc(alias = "shmget")]
    pub fn open(key: Key) -> io::Result<Self> {
        shm::get(key.get(), 0, 0).map(Self::of_kernel)
    }

    /// The segment that a System V name names; EINVAL for any other name.
    pub fn named(name: &Name) -> io::Result<Self> {
        match (name, name.key()?) {
            (Name::Id(id), _) => Ok(Self::at(*id)),
            (_, Some(key)) => Self::open(key),
            _ => Err(errno::error(errno::EINVAL)),
        }
    }

    /// A new segment: of this key, EEXIST where there is one, or of none.
    ///
    /// EINVAL when the size is 0 or above [`Limits::max_size`], ENOSPC when a limit on all segments is
    /// reached, ENOMEM when there is not so much memory, EPERM when huge pages are not for us.
    #[doc(alias = "IPC_EXCL")]
    #[doc(alias = "IPC_PRIVATE")]
    pub fn create(key: Option<Key>, shape: &Shape) -> io::Result<Self> {
        let size = usize::try_from(shape.size).map_err(|_| errno::error(errno::EINVAL))?;
        let reserve = if shape.reserve { 0 } else { shm::SHM_NORESERVE };
        let huge = shape.huge.map_or(0, HugePages::flags);
        let flags = i32::from(shape.mode.bits()) | shm::IPC_CREAT | shm::IPC_EXCL | reserve | huge;
        shm::get(key.map_or(shm::IPC_PRIVATE, Key::get), size, flags).map(Self::of_kernel)
    }

    fn of_kernel(id: i32) -> Self {
        Self(Id::new(id).expect("the kernel hands out no negative identifier"))
    }

    /// Its identifier.
    #[must_use]
    pub const fn id(self) -> Id {
        self.0
    }

    /// What the kernel knows of it, whoever owns it.
    #[doc(alias = "IPC_STAT")]
    pub fn status(self) -> io::Result<SegmentStatus> {
        self.stat().map(|stat| inventory::of_stat(self.0, &stat))
    }

    fn stat(self) -> io::Result<shm::shmid_ds> {
        super::inventory::SLOTS.stat_or_listed(self.0, shm::stat)
    }

    /// `length` bytes from `offset` on of the `whole` that it has, in our address space.
    pub(super) fn attach(self, whole: usize, offset: usize, length: usize, writable: bool) -> io::Result<Memory> {
        Memory::attach(self.0.get(), whole, offset, length, writable).map_err(no_such_id)
    }

    /// Changes what `changes` names, and leaves the rest; for its owner, its creator or `CAP_SYS_ADMIN`.
    #[doc(alias = "IPC_SET")]
    pub fn set(self, changes: &Changes) -> io::Result<()> {
        let mut stat = self.stat()?;
        changes.apply_to(&mut stat.shm_perm);
        shm::set(self.0.get(), &mut stat).map_err(no_such_id)
    }

    /// Keeps its pages out of swap, or no longer.
    ///
    /// EPERM for who is neither owner nor creator nor has `CAP_IPC_LOCK`, and where `RLIMIT_MEMLOCK` is
    /// 0; ENOMEM when locking it would go beyond that limit.
    #[doc(alias = "SHM_LOCK")]
    #[doc(alias = "SHM_UNLOCK")]
    pub fn lock(self, locked: bool) -> io::Result<()> {
        shm::lock(self.0.get(), locked).map_err(no_such_id)
    }

    /// Removes it: at once, or with the last detach.
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> io::Result<()> {
        shm::remove(self.0.get()).map_err(no_such_id)
    }
}

//! Shared memory: System V segments ([`sysv`], shmget(2)), POSIX objects and mapped files ([`object`],
//! shm_overview(7)), and [`Segment`] for whoever takes any of them.

use std::io;

use super::Name;
use crate::sys::errno;

mod ahead;
mod cell;
mod inventory;
pub mod object;
mod relay;
pub mod sysv;
pub mod transfer;
pub mod users;

pub use crate::sys::memory::{Memory, Width};
pub use cell::{Cell, CellError, Relation, Value};
pub(super) use inventory::SLOTS;
pub use inventory::{Residence, SegmentStatus, Unnamed, add_residence, posix_objects, segments, unnamed_objects};

use object::Object;

/// What memory is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read.
    Read,
    /// To read and write.
    Write,
}

/// Shared memory of any kind.
#[derive(Debug)]
pub enum Segment {
    /// A System V segment.
    SystemV(sysv::Segment),
    /// A POSIX object, or a file.
    Object(Object),
}

impl Segment {
    /// The memory of this name.
    pub fn open(name: &Name, access: Access) -> io::Result<Self> {
        match object::path_of(name) {
            Some(path) => Object::open(&path, access).map(Self::Object),
            None => sysv::Segment::named(name).map(Self::SystemV),
        }
    }

    /// Its size in bytes, now: an object may grow and shrink.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Self::SystemV(segment) => segment.status().map(|status| status.size),
            Self::Object(object) => object.size(),
        }
    }

    /// The `length` bytes from `offset` on, in the address space of this process.
    ///
    /// ENXIO when they do not all lie inside.
    #[doc(alias = "shmat")]
    #[doc(alias = "mmap")]
    pub fn memory(&self, offset: u64, length: u64, access: Access) -> io::Result<Memory> {
        let outside = || errno::error(errno::ENXIO);
        let size = self.size()?;
        if offset.checked_add(length).is_none_or(|end| end > size) {
            return Err(outside());
        }
        let writable = access == Access::Write;
        let [whole, start, length] = [size, offset, length].map(usize::try_from);
        match (self, start, length, whole) {
            (Self::SystemV(segment), Ok(start), Ok(length), Ok(whole)) => {
                segment.attach(whole, start, length, writable)
            }
            (Self::Object(object), _, Ok(length), _) => Memory::map(object, offset, length, writable),
            _ => Err(outside()),
        }
    }

    /// Whether it cannot be found any more by those who do not have it yet.
    pub fn is_removed(&self) -> io::Result<bool> {
        match self {
            Self::SystemV(segment) => segment.status().map(|status| status.removal_pending),
            Self::Object(object) => object.is_removed(),
        }
    }
}

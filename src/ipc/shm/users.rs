//! Who uses shared memory: processes that have it mapped or open.

use std::io;

use super::sysv;
use crate::ipc::processes::{self, each};
use crate::proc::maps::{self, Mapping};
use crate::proc::process;

/// A process that uses shared memory, once for each way it does.
pub type User = processes::User<How>;

/// The users that we may see.
pub type Users = processes::Users<How>;

/// How a process uses shared memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It lies in its address space.
    Mapped {
        /// The first address.
        start: u64,
        /// The address behind the last.
        end: u64,
        /// It may be written there.
        writable: bool,
        /// What is written there is seen by others; what a private mapping (`MAP_PRIVATE`) writes is not.
        shared: bool,
        /// Bytes of the mapping that are in memory; `None` where that may not be asked.
        resident: Option<u64>,
        /// Bytes of one of its pages, which may be huge.
        page_size: Option<u64>,
    },
    /// It has a descriptor (POSIX objects and files).
    Open {
        /// It may be written through it.
        writable: bool,
    },
}

/// The processes that have a System V segment attached. Identifiers mean something in one IPC namespace
/// alone: only processes of ours count.
pub fn of_system_v(segment: sysv::Segment) -> io::Result<Users> {
    let id = u64::from(segment.id().get().cast_unsigned());
    Ok(each(process::neighbours()?, |pid| mapped(pid, |mapping| mapping.is_segment() && mapping.inode.1 == id)))
}

/// The processes that have an object or a file of this device and inode mapped or open, whatever their
/// namespaces.
pub fn of_inode(inode: (u64, u64)) -> io::Result<Users> {
    Ok(each(process::all()?, |pid| {
        // All System V segments and memfds share a device.
        let mut how = mapped(pid, |mapping| !mapping.is_segment() && mapping.inode == inode)?;
        how.extend(process::open_on(pid, inode).into_iter().map(|flags| How::Open { writable: flags & 0b11 != 0 }));
        Ok(how)
    }))
}

fn mapped(pid: i32, is_it: impl Fn(&Mapping) -> bool) -> io::Result<Vec<How>> {
    let mappings = maps::mappings(pid)?;
    let of_mapping = |mapping: Mapping| {
        let residence = maps::residence(pid, mapping.start);
        How::Mapped {
            start: mapping.start,
            end: mapping.end,
            writable: mapping.writable,
            shared: mapping.shared,
            resident: residence.map(|residence| residence.resident),
            page_size: residence.map(|residence| residence.page_size),
        }
    };
    Ok(mappings.into_iter().filter(is_it).map(of_mapping).collect())
}

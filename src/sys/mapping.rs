//! Mappings of a process, asked for one by one: `PROCMAP_QUERY` on `/proc/PID/maps` (Linux 6.11).

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::check;

/// `PROCMAP_QUERY`: `_IOWR('f', 17, struct procmap_query)`.
#[allow(clippy::cast_possible_wrap, reason = "signed or not, by the C library")]
const QUERY: libc::Ioctl = 0xc068_6611_u32 as libc::Ioctl;
/// `PROCMAP_QUERY_VMA_WRITABLE` and the like of <linux/fs.h>.
const WRITABLE: u64 = 0x02;
const SHARED: u64 = 0x08;
const COVERING_OR_NEXT: u64 = 0x10;
const FILE_BACKED: u64 = 0x20;

/// `struct procmap_query` of <linux/fs.h>.
#[repr(C)]
#[derive(Debug, Default)]
struct Query {
    size: u64,
    flags: u64,
    address: u64,
    vma_start: u64,
    vma_end: u64,
    vma_flags: u64,
    vma_page_size: u64,
    vma_offset: u64,
    inode: u64,
    dev_major: u32,
    dev_minor: u32,
    vma_name_size: u32,
    build_id_size: u32,
    vma_name_addr: u64,
    build_id_addr: u64,
}

/// A mapping of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mapped {
    /// The first address, and the one behind the last.
    pub range: (u64, u64),
    /// It may be written.
    pub writable: bool,
    /// Writes to it are seen by others.
    pub shared: bool,
    /// Device and inode.
    pub inode: (u64, u64),
}

/// Which mappings of files are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Those through which others see what is written: segments, and files that processes share. A process has
    /// next to none of them, where it has dozens of its program and its libraries.
    Shared,
    /// All.
    Any,
}

/// The mapping of a file at this address or the first one behind it; `None` where none is left.
///
/// ENOTTY where the kernel is older.
pub(crate) fn next(maps: impl AsFd, address: u64, wanted: Wanted) -> io::Result<Option<Mapped>> {
    let shared = if wanted == Wanted::Shared { SHARED } else { 0 };
    let mut query = Query { flags: COVERING_OR_NEXT | FILE_BACKED | shared, address, ..Query::default() };
    match ask(maps, &mut query) {
        Ok(()) => {}
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(None),
        Err(error) => return Err(error),
    }
    Ok(Some(Mapped {
        range: (query.vma_start, query.vma_end),
        writable: query.vma_flags & WRITABLE != 0,
        shared: query.vma_flags & SHARED != 0,
        inode: (libc::makedev(query.dev_major, query.dev_minor), query.inode),
    }))
}

/// The path of what is mapped at this address, with " (deleted)" behind one that is gone.
pub(crate) fn path(maps: impl AsFd, address: u64) -> io::Result<Vec<u8>> {
    let mut name = vec![0_u8; 4096];
    let mut query = Query { address, vma_name_size: 4096, vma_name_addr: name.as_mut_ptr() as u64, ..Query::default() };
    ask(maps, &mut query)?;
    // What the kernel counts has a NUL at its end.
    name.truncate((query.vma_name_size as usize).saturating_sub(1));
    Ok(name)
}

fn ask(maps: impl AsFd, query: &mut Query) -> io::Result<()> {
    query.size = size_of::<Query>() as u64;
    // SAFETY: one struct procmap_query that is read and filled; a name goes to the memory it gives, as much as it says.
    check(unsafe { libc::ioctl(maps.as_fd().as_raw_fd(), QUERY, std::ptr::from_mut(query)) }).map(drop)
}

//! Memory that other processes see: shmat(2), mmap(2).
//!
//! Nothing here hands out a reference to the memory: others write to it whenever they like. Words are
//! read and written by atomic operations, runs of bytes by copies or by the kernel.

use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use super::{bus, check_len, futex};
use word::is_aligned;

mod word;

pub use word::Width;

/// Shared memory in the address space of this process; out of it again when dropped.
#[derive(Debug)]
pub struct Memory {
    start: NonNull<u8>,
    length: usize,
    kind: Kind,
}

// SAFETY: the memory belongs to the process, not to a thread, and is only touched as other processes
// touch it: atomically, or as bytes whose value nobody relies on.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

#[derive(Debug)]
enum Kind {
    /// A System V segment of `whole` bytes; `start` lies `lead` behind its own.
    Attached { lead: usize, whole: usize },
    /// A file; `start` lies this far behind that of its page. It can shrink under us.
    Mapped { lead: usize, guard: bus::Guard },
}

impl Memory {
    /// Attaches a System V segment of `whole` bytes, for the `length` bytes from `offset` on.
    ///
    /// # Panics
    /// When it does not have those.
    pub(crate) fn attach(id: i32, whole: usize, offset: usize, length: usize, writable: bool) -> io::Result<Self> {
        assert!(offset.checked_add(length).is_some_and(|end| end <= whole), "the range lies in the segment");
        let flags = if writable { 0 } else { libc::SHM_RDONLY };
        // SAFETY: the kernel chooses an address where nothing is.
        let start = unsafe { libc::shmat(id, ptr::null(), flags) };
        if start.addr() == usize::MAX {
            return Err(io::Error::last_os_error());
        }
        let start: *mut u8 = start.cast();
        // SAFETY: `offset` bytes into a segment that is longer.
        let start = NonNull::new(unsafe { start.add(offset) }).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { start, length, kind: Kind::Attached { lead: offset, whole } })
    }

    /// Maps `length` bytes of a file, shared; any offset will do.
    pub(crate) fn map(file: impl AsFd, offset: u64, length: usize, writable: bool) -> io::Result<Self> {
        let lead = usize::try_from(offset % page_size() as u64).unwrap_or(0);
        let behind = || io::Error::from_raw_os_error(libc::EOVERFLOW);
        let whole = length.checked_add(lead).ok_or_else(behind)?;
        let page = libc::off_t::try_from(offset - lead as u64).map_err(|_| behind())?;
        let access = if writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        let fd = file.as_fd().as_raw_fd();
        // SAFETY: the kernel chooses an address where nothing is.
        let start = unsafe { libc::mmap(ptr::null_mut(), whole, access, libc::MAP_SHARED, fd, page) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let guard = bus::Guard::over(start.addr(), whole).inspect_err(|_| {
            // SAFETY: nobody has seen the mapping yet.
            unsafe { libc::munmap(start, whole) };
        })?;
        let start: *mut u8 = start.cast();
        // SAFETY: `lead` bytes into a mapping of lead + length.
        let start = NonNull::new(unsafe { start.add(lead) }).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { start, length, kind: Kind::Mapped { lead, guard } })
    }

    /// Its length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether it has no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Where a System V segment lies in our address space, from its first page to behind its last, and
    /// how far behind its start this memory begins; `None` for a mapped file.
    pub(crate) fn attached_at(&self) -> Option<(Range<usize>, usize)> {
        let Kind::Attached { lead, whole } = self.kind else { return None };
        let start = self.start.as_ptr().addr() - lead;
        Some((start..(start + whole).next_multiple_of(page_size()), lead))
    }

    /// Copies what is at `offset` into `bytes`.
    ///
    /// Errors and panics as [`load`](Self::load).
    pub fn copy_out(&self, offset: usize, bytes: &mut [u8]) -> io::Result<()> {
        let address = self.at(offset, bytes.len());
        // SAFETY: `at` checked the range; the compiler cannot see the memory, so it is not in `bytes`.
        self.guarded(|| unsafe { ptr::copy_nonoverlapping(address, bytes.as_mut_ptr(), bytes.len()) })
    }

    /// Copies `bytes` to `offset`.
    ///
    /// Errors and panics as [`load`](Self::load).
    pub fn copy_in(&self, offset: usize, bytes: &[u8]) -> io::Result<()> {
        let address = self.at(offset, bytes.len());
        // SAFETY: as in `copy_out`.
        self.guarded(|| unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), address, bytes.len()) })
    }

    /// Gives the `length` bytes from `offset` on this value.
    ///
    /// Errors and panics as [`load`](Self::load).
    pub fn fill(&self, offset: usize, length: usize, byte: u8) -> io::Result<()> {
        let address = self.at(offset, length);
        // SAFETY: `at` checked the range.
        self.guarded(|| unsafe { ptr::write_bytes(address, byte, length) })
    }

    /// Sleeps until somebody wakes the word of 32 bits at `offset`, unless it is not `expected`, and at
    /// most `limit`. May return early.
    ///
    /// # Panics
    /// When the word does not lie inside or is not aligned.
    #[doc(alias = "FUTEX_WAIT")]
    pub fn sleep_on(&self, offset: usize, expected: u32, limit: Option<Duration>) -> io::Result<()> {
        futex::wait(self.word(offset), expected, limit)
    }

    /// Wakes up to `count` who sleep on the word of 32 bits at `offset`: how many.
    ///
    /// # Panics
    /// As [`sleep_on`](Self::sleep_on).
    #[doc(alias = "FUTEX_WAKE")]
    pub fn wake(&self, offset: usize, count: i32) -> io::Result<u32> {
        futex::wake(self.word(offset), count)
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        let address = self.at(offset, Width::Four.bytes());
        assert!(is_aligned(address, Width::Four), "a word to sleep on is aligned");
        // SAFETY: in range, aligned, and borrowed no longer than the memory is there.
        unsafe { AtomicU32::from_ptr(address.cast()) }
    }

    /// Writes up to `length` bytes from `offset` on to a descriptor, without a copy of ours.
    ///
    /// EFAULT when a file that is mapped has become too short.
    pub(crate) fn write_to(&self, fd: impl AsFd, offset: usize, length: usize) -> io::Result<usize> {
        let address = self.at(offset, length);
        // SAFETY: `at` checked the range; the kernel finds out itself what is not there.
        check_len(unsafe { libc::write(fd.as_fd().as_raw_fd(), address.cast(), length) })
    }

    /// Reads up to `length` bytes from a descriptor to `offset`, without a copy of ours; `at` is where
    /// in the file, `None` for its own position.
    pub(crate) fn read_from(&self, fd: impl AsFd, at: Option<u64>, offset: usize, length: usize) -> io::Result<usize> {
        let address: *mut libc::c_void = self.at(offset, length).cast();
        let fd = fd.as_fd().as_raw_fd();
        // SAFETY: `at` checked the range.
        check_len(unsafe {
            match at {
                Some(at) => libc::pread(fd, address, length, at.try_into().unwrap_or(libc::off_t::MAX)),
                None => libc::read(fd, address, length),
            }
        })
    }

    /// Hands up to `length` bytes from `offset` on to a pipe as pages, not as a copy: what is written to
    /// them before they are read from the pipe shows.
    pub(crate) fn splice_to(&self, pipe: impl AsFd, offset: usize, length: usize) -> io::Result<usize> {
        let part = libc::iovec { iov_base: self.at(offset, length).cast(), iov_len: length };
        // SAFETY: one iovec over a range that `at` checked; the pages stay as long as the pipe wants them.
        check_len(unsafe { libc::vmsplice(pipe.as_fd().as_raw_fd(), &raw const part, 1, 0) })
    }

    /// Lets the kernel make the pages of a part present at once, to be written (or only read): cheaper
    /// than a fault for each. Linux 5.14; it is only a hint.
    pub(crate) fn populate(&self, offset: usize, length: usize, writing: bool) {
        let address = self.at(offset, length);
        let into_page = address.addr() % page_size();
        let advice = if writing { libc::MADV_POPULATE_WRITE } else { libc::MADV_POPULATE_READ };
        // SAFETY: whole pages of a range that is ours; the advice changes no byte.
        unsafe { libc::madvise(address.sub(into_page).cast(), length + into_page, advice) };
    }

    /// The address of a range that has to lie inside.
    fn at(&self, offset: usize, length: usize) -> *mut u8 {
        assert!(offset.checked_add(length).is_some_and(|end| end <= self.length), "the range lies in the memory");
        // SAFETY: not behind the end.
        unsafe { self.start.as_ptr().add(offset) }
    }

    /// Touches the memory; EFAULT where a page of a mapped file turned out to be missing.
    fn guarded<T>(&self, touch: impl FnOnce() -> T) -> io::Result<T> {
        let touched = touch();
        match &self.kind {
            Kind::Mapped { guard, .. } if guard.has_faulted() => Err(io::Error::from_raw_os_error(libc::EFAULT)),
            _ => Ok(touched),
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let start = self.start.as_ptr();
        // SAFETY: nothing borrows from it any more; these are the addresses that we were given.
        unsafe {
            match &self.kind {
                Kind::Attached { lead, .. } => libc::shmdt(start.sub(*lead).cast()),
                Kind::Mapped { lead, guard } => {
                    guard.lift();
                    libc::munmap(start.sub(*lead).cast(), self.length + lead)
                }
            }
        };
    }
}

/// The bytes of a page: sysconf(3).
pub(crate) fn page_size() -> usize {
    // SAFETY: no pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

//! POSIX semaphores in shared memory: sem_overview(7). The kernel knows only futexes, so this is the C
//! library's; what is not there is sem_open(3), which maps whatever lies at the name, and a file that
//! is too short would then kill us with SIGBUS.

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::time::Duration;

use super::check;

/// Bytes of a semaphore: glibc's `sem_t`.
pub(crate) const SIZE: usize = size_of::<libc::sem_t>();

/// The highest value of a semaphore: `SEM_VALUE_MAX`.
pub(crate) const VALUE_MAX: u32 = libc::c_int::MAX.cast_unsigned();

unsafe extern "C" {
    // In glibc since 2.30, and not yet in the `libc` crate.
    fn sem_clockwait(sem: *mut libc::sem_t, clock: libc::clockid_t, deadline: *const libc::timespec) -> libc::c_int;
}

/// The bytes of a new semaphore that processes share (sem_init(3)), EINVAL above [`VALUE_MAX`].
pub(crate) fn initial(value: u32) -> io::Result<[u8; SIZE]> {
    let mut semaphore = MaybeUninit::<libc::sem_t>::zeroed();
    // SAFETY: sem_init writes one sem_t; it keeps no pointer to it.
    check(unsafe { libc::sem_init(semaphore.as_mut_ptr(), 1, value) })?;
    // SAFETY: a sem_t of SIZE bytes, every one of which is initialised: it was zeroed.
    Ok(unsafe { semaphore.as_ptr().cast::<[u8; SIZE]>().read() })
}

/// A semaphore in a file that is mapped here.
#[derive(Debug)]
pub(crate) struct Mapped(NonNull<libc::sem_t>);

impl Mapped {
    /// Maps a file that is open for reading and writing and has at least [`SIZE`] bytes.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let address = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(address.cast()).map(Self).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Gives one unit: sem_post(3).
    pub(crate) fn post(&self) -> io::Result<()> {
        // SAFETY: the mapping lives as long as self and has SIZE bytes; sem_t is shared by design.
        check(unsafe { libc::sem_post(self.0.as_ptr()) }).map(drop)
    }

    /// Takes one unit if there is one, EAGAIN otherwise: sem_trywait(3).
    pub(crate) fn try_wait(&self) -> io::Result<()> {
        // SAFETY: as in `post`.
        check(unsafe { libc::sem_trywait(self.0.as_ptr()) }).map(drop)
    }

    /// Takes one unit, waiting for it; ETIMEDOUT at `deadline` on the clock of [`now`]: sem_wait(3),
    /// sem_clockwait(3).
    pub(crate) fn wait(&self, deadline: Option<Duration>) -> io::Result<()> {
        let Some(deadline) = deadline else {
            // SAFETY: as in `post`.
            return check(unsafe { libc::sem_wait(self.0.as_ptr()) }).map(drop);
        };
        let deadline = super::timespec(deadline);
        // SAFETY: as in `post`, and one timespec.
        check(unsafe { sem_clockwait(self.0.as_ptr(), libc::CLOCK_MONOTONIC, &raw const deadline) }).map(drop)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: mapped with this size by `of`; nobody has the pointer any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), SIZE) };
    }
}

/// The monotonic clock, on which deadlines are.
pub(crate) fn now() -> Duration {
    let mut now = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: writes one timespec; this clock is always there.
    let now = unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC, now.as_mut_ptr());
        now.assume_init()
    };
    Duration::new(now.tv_sec.cast_unsigned(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

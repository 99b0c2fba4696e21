//! POSIX semaphores in shared memory: sem_overview(7). The kernel knows only futexes, so this is the C
//! library's; what is not there is sem_open(3), which maps whatever lies at the name, and a file that
//! is too short, or becomes so, would then kill us with SIGBUS.

use std::array;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::time::Duration;

use super::{bus, check};

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
///
/// Whoever may write to the file can cut it short while the C library touches it. A [`bus::Guard`] then puts a
/// semaphore with one unit in its place, so that every call comes to its end, a wait as well, and says EFAULT
/// here. One gap is not ours to close: cut short between the last look of sem_wait(3) at the value and its
/// futex(2), the kernel says EFAULT and the C library ends the process (SIGABRT).
#[derive(Debug)]
pub(crate) struct Mapped {
    semaphore: NonNull<libc::sem_t>,
    guard: bus::Guard,
}

impl Mapped {
    /// Maps a file that is open for reading and writing and has at least [`SIZE`] bytes.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let one_unit = initial(1)?;
        let one_unit = u64::from_ne_bytes(array::from_fn(|byte| one_unit[byte]));
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: a new mapping at an address of the kernel's choice.
        let address = unsafe { libc::mmap(ptr::null_mut(), SIZE, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let semaphore = NonNull::new(address.cast()).ok_or(io::ErrorKind::InvalidData)?;
        let guard = bus::Guard::over_word(address.addr(), SIZE, one_unit).inspect_err(|_| {
            // SAFETY: nobody has seen the mapping yet.
            unsafe { libc::munmap(address, SIZE) };
        })?;
        Ok(Self { semaphore, guard })
    }

    /// Gives one unit: sem_post(3). EFAULT, as in all of these, when the file has become too short.
    pub(crate) fn post(&self) -> io::Result<()> {
        // SAFETY: the mapping lives as long as self and has SIZE bytes; sem_t is shared by design.
        self.guarded(|semaphore| unsafe { libc::sem_post(semaphore) })
    }

    /// Takes one unit if there is one, EAGAIN otherwise: sem_trywait(3).
    pub(crate) fn try_wait(&self) -> io::Result<()> {
        // SAFETY: as in `post`.
        self.guarded(|semaphore| unsafe { libc::sem_trywait(semaphore) })
    }

    /// Takes one unit, waiting for it; ETIMEDOUT at `deadline` on the clock of [`now`]: sem_wait(3),
    /// sem_clockwait(3).
    pub(crate) fn wait(&self, deadline: Option<Duration>) -> io::Result<()> {
        let Some(deadline) = deadline else {
            // SAFETY: as in `post`.
            return self.guarded(|semaphore| unsafe { libc::sem_wait(semaphore) });
        };
        let deadline = super::timespec(deadline);
        // SAFETY: as in `post`, and one timespec.
        self.guarded(|semaphore| unsafe { sem_clockwait(semaphore, libc::CLOCK_MONOTONIC, &raw const deadline) })
    }

    /// Makes a call of the C library; EFAULT when the file turned out to be too short.
    fn guarded(&self, call: impl FnOnce(*mut libc::sem_t) -> libc::c_int) -> io::Result<()> {
        let gone = || io::Error::from_raw_os_error(libc::EFAULT);
        // What was put in its place has no second unit: a wait would never end.
        if self.guard.has_faulted() {
            return Err(gone());
        }
        let returned = check(call(self.semaphore.as_ptr()));
        if self.guard.has_faulted() { Err(gone()) } else { returned.map(drop) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        self.guard.lift();
        // SAFETY: mapped with this size by `of`; nobody has the pointer any more.
        unsafe { libc::munmap(self.semaphore.as_ptr().cast(), SIZE) };
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    #[test]
    fn a_file_cut_short_is_an_error_of_every_call_and_no_call_sleeps() {
        let calls: [fn(&Mapped) -> io::Result<()>; 4] = [
            Mapped::post,
            Mapped::try_wait,
            |one| one.wait(None),
            |one| one.wait(Some(now() + Duration::from_secs(99))),
        ];
        for call in calls {
            let file = tempfile::tempfile().expect("a file");
            file.write_all_at(&initial(1).expect("a value"), 0).expect("room");
            let semaphore = Mapped::of(&file).expect("mapped");
            semaphore.wait(None).expect("it has a unit");
            semaphore.post().expect("it has room");
            file.set_len(0).expect("cut short");
            for _ in 0..3 {
                assert_eq!(call(&semaphore).expect_err("it is gone").raw_os_error(), Some(libc::EFAULT));
            }
        }
    }
}

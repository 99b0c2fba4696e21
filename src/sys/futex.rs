//! Waiting on a word of shared memory: futex(2).

use std::io;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use super::{errno, timespec};

/// Sleeps until somebody wakes `word`, unless it is not `expected`, and at most `limit`. Whatever ended
/// the sleep, the caller looks again.
pub(super) fn wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) -> io::Result<()> {
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: a word that lives as long as the borrow and, unless it is null, one timespec; FUTEX_WAIT writes neither.
    let slept = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, limit) };
    if slept == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    let looks_again = [errno::EAGAIN, errno::EINTR, errno::ETIMEDOUT].iter().any(|&number| errno::is(&error, number));
    if looks_again { Ok(()) } else { Err(error) }
}

/// Wakes up to `count` who sleep on `word`: how many.
pub(super) fn wake(word: &AtomicU32, count: i32) -> io::Result<u32> {
    let null = ptr::null::<libc::timespec>();
    // SAFETY: a word that lives as long as the borrow; FUTEX_WAKE does not even read it.
    let woken = unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, count, null) };
    u32::try_from(woken).map_err(|_| io::Error::last_os_error())
}

//! Children and what they used: wait4(2).

use std::io;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::check;

/// What has become of a child since we looked last.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// It has ended: wait(2)'s status, and what it used. It is waited for now.
    Ended(i32, Usage),
    /// A signal stopped it.
    Stopped,
    /// It goes on.
    Continued,
}

/// What a process used, with those of its children that it has waited for: getrusage(2).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Time on a processor, in its own code.
    pub user: Duration,
    /// Time on a processor, in the kernel.
    pub system: Duration,
    /// The most memory that it had at a time, in bytes. It begins with what we have, which it was forked from.
    pub max_rss: u64,
}

/// Looks after a child without waiting for it; `None` when nothing is new.
pub(crate) fn look(pid: i32) -> io::Result<Option<Change>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    let options = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    // SAFETY: writes one int and one rusage.
    if check(unsafe { libc::wait4(pid, &raw mut status, options, usage.as_mut_ptr()) })? == 0 {
        return Ok(None);
    }
    if libc::WIFSTOPPED(status) {
        return Ok(Some(Change::Stopped));
    }
    if libc::WIFCONTINUED(status) {
        return Ok(Some(Change::Continued));
    }
    // SAFETY: zeroed is a valid rusage, integers only, and the call filled it.
    let usage = unsafe { usage.assume_init() };
    let kibibytes = u64::try_from(usage.ru_maxrss).unwrap_or(0);
    let usage = Usage { user: time(usage.ru_utime), system: time(usage.ru_stime), max_rss: kibibytes * 1024 };
    Ok(Some(Change::Ended(status, usage)))
}

fn time(value: libc::timeval) -> Duration {
    let micros = u32::try_from(value.tv_usec).unwrap_or(0);
    Duration::new(u64::try_from(value.tv_sec).unwrap_or(0), micros * 1000)
}

//! A timeout for calls that have none.
//!
//! msgsnd(2) and msgrcv(2) can neither be timed nor polled. A repeating interval timer interrupts
//! them; repeating, because a single shot can ring before the call has begun to block and would then
//! be lost.

use std::io;
use std::ptr;
use std::time::Duration;

use super::{check, signal};

/// How soon the alarm rings again after it has rung once.
const AGAIN: Duration = Duration::from_millis(10);

/// An armed SIGALRM that interrupts whatever this thread blocks in; disarmed when dropped.
///
/// It takes over the process's `ITIMER_REAL` and SIGALRM.
#[derive(Debug)]
pub(crate) struct Alarm(());

impl Alarm {
    /// Rings after `first`, and then every 10 ms.
    pub(crate) fn after(first: Duration) -> io::Result<Self> {
        signal::catch_alarm()?;
        // Zero would disarm the timer.
        arm(first.max(Duration::from_micros(1)), AGAIN)?;
        Ok(Self(()))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        silence();
    }
}

/// Stops all ringing.
pub(super) fn silence() {
    let _ = arm(Duration::ZERO, Duration::ZERO);
}

/// Rings every 10 ms from now on. Async-signal-safe: one system call.
pub(super) fn ring_from_handler() -> io::Result<()> {
    arm(AGAIN, AGAIN)
}

fn arm(first: Duration, again: Duration) -> io::Result<()> {
    let value = libc::itimerval { it_value: timeval(first), it_interval: timeval(again) };
    // SAFETY: reads one itimerval; the old one is not asked for.
    check(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const value, ptr::null_mut()) }).map(drop)
}

fn timeval(duration: Duration) -> libc::timeval {
    // The kernel clamps to about 292 years itself.
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    libc::timeval { tv_sec, tv_usec: duration.subsec_micros().into() }
}

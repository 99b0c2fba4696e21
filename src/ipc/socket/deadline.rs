//! Waiting that ends.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::ipc::Wait;
use crate::sys::{errno, fd, signal};

/// When waiting ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// The end of all that is waited for from now on.
    #[must_use]
    pub fn of(wait: Wait) -> Self {
        Self(match wait {
            Wait::Forever => None,
            Wait::Never => Some(Instant::now()),
            // What no clock can tell is never.
            Wait::For(limit) => Instant::now().checked_add(limit),
        })
    }

    /// The moment, where there is one.
    #[must_use]
    pub fn instant(self) -> Option<Instant> {
        self.0
    }

    /// How long there is still to wait; `None` is without end.
    #[must_use]
    pub fn left(self) -> Option<Duration> {
        self.0.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits until `events` can be had of `fd`; ETIMEDOUT at the end, EINTR when a signal ends us.
    pub(super) fn wait(self, fd: impl AsFd, events: i16) -> io::Result<()> {
        // poll(2) cannot be asked for more than 24 days.
        while !uninterrupted(|| fd::poll(&fd, events, self.left()))? {
            if self.left() == Some(Duration::ZERO) {
                return Err(errno::error(errno::ETIMEDOUT));
            }
        }
        Ok(())
    }
}

/// Tries again where a signal interrupted that does not end us.
pub(super) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if errno::is(&error, errno::EINTR) && !signal::wants_attention() => {}
            done => return done,
        }
    }
}

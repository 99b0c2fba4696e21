//! How long a call may block.

use std::io;
use std::time::{Duration, Instant};

use crate::sys::alarm::Alarm;
use crate::sys::{errno, signal};

/// How long to wait for a message, for room, for a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until it comes.
    Forever,
    /// Not at all: EAGAIN or ENOMSG at once.
    Never,
    /// At most this long: then ETIMEDOUT.
    For(Duration),
}

/// Makes a call that has no timeout wait as long as asked: it is told whether it shall block, and says
/// `not_now` where it would have.
///
/// EINTR when a signal came that we caught, ETIMEDOUT when the time is over.
pub(super) fn blocking<T>(wait: Wait, not_now: i32, mut call: impl FnMut(bool) -> io::Result<T>) -> io::Result<T> {
    let limit = match wait {
        Wait::Never => return call(false),
        Wait::Forever => None,
        Wait::For(limit) => match call(false) {
            Err(error) if errno::is(&error, not_now) => Some((Instant::now(), limit, Alarm::after(limit)?)),
            done => return done,
        },
    };
    loop {
        // A signal that comes after this look and before the call blocks keeps ringing: `sys::signal`.
        if signal::wants_attention() {
            return Err(errno::error(errno::EINTR));
        }
        match call(true) {
            Err(error) if errno::is(&error, errno::EINTR) => {}
            done => return done,
        }
        if limit.as_ref().is_some_and(|(started, limit, _)| started.elapsed() >= *limit) {
            return Err(errno::error(errno::ETIMEDOUT));
        }
    }
}

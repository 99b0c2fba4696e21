//! How long a call may block.

use std::time::Duration;

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

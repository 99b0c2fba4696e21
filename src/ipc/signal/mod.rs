//! Signals: signal(7), pidfd_open(2), sigwaitinfo(2).
//!
//! - [`Signal`] and [`SignalSet`]: the standard signals and the real-time ones, by number and name.
//! - [`Process`]: a process held by a pidfd, so that a pid that was given out again is never hit.
//! - [`Target`]: the processes that a user can mean, and [`find`] for those there are.
//! - [`Receiver`]: signals taken one by one, with sender and value, instead of by a handler.
//! - [`Dispositions`]: what a process does with each signal, and so what a signal would do to it.
//!
//! A process that does not exist is ESRCH, as kill(2) has it.

use std::io;

mod disposition;
mod number;
mod process;
mod receive;
mod set;
mod table;
mod target;
mod tree;

pub use disposition::{Dispositions, Effect};
pub use number::{Signal, SignalError};
pub use process::{Ending, Process, wait_for_any};
pub use receive::{Arrival, Code, Receiver};
pub use set::SignalSet;
pub use table::{Action, Entry, entry};
pub use target::{Target, TargetError, find};
pub use tree::Tree;

use crate::sys::siginfo;

/// Sends a signal to whatever has this pid now; without a signal, only asks whether one could.
///
/// ESRCH when there is none, EPERM when it is not ours.
#[doc(alias = "kill")]
pub fn send(pid: i32, signal: Option<Signal>) -> io::Result<()> {
    siginfo::kill(pid, signal.map_or(0, Signal::number))
}

/// Sends a signal to a process group at once, so that nobody forks away meanwhile.
#[doc(alias = "killpg")]
pub fn send_to_group(group: i32, signal: Option<Signal>) -> io::Result<()> {
    siginfo::kill(-group, signal.map_or(0, Signal::number))
}

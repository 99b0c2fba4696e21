//! What a process changes about itself right before it becomes a command.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::{check, siginfo, signal};

/// Sets of signals have bit 0 for signal 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Signals that the command ignores.
    pub ignored: u64,
    /// Signals that have their default action.
    pub default: u64,
    /// Signals that are blocked, besides those that were when we began.
    pub blocked: u64,
    /// setsid(2).
    pub new_session: bool,
    /// setpgid(2).
    pub new_group: bool,
    /// The signal that it gets when its parent dies: `PR_SET_PDEATHSIG` of prctl(2).
    pub parent_death: Option<i32>,
}

/// Lets the command begin as `setup` says, with the signal mask `mask` and with SIGPIPE as our own
/// parent left it: std would pass on what we have blocked ourselves, and SIGPIPE with its default action.
pub(crate) fn prepare(command: &mut Command, setup: Setup, mask: u64) {
    let pipe_ignored = signal::pipe_was_ignored();
    // SAFETY: the closure makes async-signal-safe system calls alone, and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            if pipe_ignored {
                signal::survive_closed_pipe();
            }
            apply(&setup, mask)
        });
    }
}

fn apply(setup: &Setup, mask: u64) -> io::Result<()> {
    if setup.new_session {
        // SAFETY: no pointers.
        check(unsafe { libc::setsid() })?;
    } else if setup.new_group {
        // SAFETY: no pointers.
        check(unsafe { libc::setpgid(0, 0) })?;
    }
    if let Some(number) = setup.parent_death {
        // SAFETY: no pointers.
        check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, number) })?;
    }
    for (set, is_ignored) in [(setup.default, false), (setup.ignored, true)] {
        for number in (1..=64).filter(|number| set >> (number - 1) & 1 == 1) {
            siginfo::set_ignored(number, is_ignored)?;
        }
    }
    siginfo::set_mask(mask | setup.blocked)
}

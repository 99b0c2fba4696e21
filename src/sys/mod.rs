//! The system calls that `nix` does not wrap, each behind a safe function.
//!
//! This is the only module with `unsafe` and the only one that names `libc`. A function here makes
//! one call, takes slices and integers, and returns the bare errno as [`std::io::Error`]; it knows
//! no object names and adds no context. Multiplexed calls (`msgctl`) become one function per meaning.
#![allow(unsafe_code, reason = "the one layer that talks to the kernel; every block says why it is sound")]

use std::io;
use std::time::Duration;

pub(crate) mod alarm;
mod bus;
pub(crate) mod call;
pub(crate) mod child;
pub(crate) mod directory;
pub(crate) mod entry;
pub(crate) mod errno;
pub(crate) mod exec;
pub(crate) mod fd;
mod futex;
pub(crate) mod heap;
pub(crate) mod lock;
pub(crate) mod mapping;
pub(crate) mod memory;
pub(crate) mod mount;
pub(crate) mod mq;
pub(crate) mod msg;
pub(crate) mod namespace;
pub(crate) mod pages;
pub(crate) mod perm;
pub(crate) mod pidfd;
pub(crate) mod sem;
pub(crate) mod shm;
pub(crate) mod siginfo;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod stop;

/// Turns the kernel's "-1 and errno" into a `Result`.
fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned == -1 { Err(io::Error::last_os_error()) } else { Ok(returned) }
}

/// The same for calls that return a length.
fn check_len(returned: libc::ssize_t) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

/// A duration as the kernel takes it; it clamps what is longer than its clocks.
fn timespec(duration: Duration) -> libc::timespec {
    let tv_sec = duration.as_secs().try_into().unwrap_or(i64::MAX);
    libc::timespec { tv_sec, tv_nsec: duration.subsec_nanos().into() }
}

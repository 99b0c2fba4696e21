//! Signals with their information: sigaction(2)'s `siginfo_t`, rt_sigtimedwait(2), masks.
//!
//! The calls are made bare, with the kernel's set of 64 signals: the C library hides two of them
//! (32 and 33, which it uses itself), and a mask that was inherited can have those.

use std::io;
use std::ptr;
use std::time::Duration;

use super::{check, timespec};

pub(crate) use libc::{
    CLD_CONTINUED, CLD_DUMPED, CLD_EXITED, CLD_KILLED, CLD_STOPPED, CLD_TRAPPED, SI_ASYNCIO, SI_KERNEL, SI_MESGQ,
    SI_QUEUE, SI_SIGIO, SI_TIMER, SI_TKILL, SI_USER, SIGCHLD,
};

/// A `siginfo_t` to send: the kernel's layout on 64-bit machines, 128 bytes.
#[repr(C)]
pub(super) struct Sent {
    signal: i32,
    errno: i32,
    code: i32,
    pad: i32,
    pid: i32,
    uid: u32,
    value: i64,
    rest: [u64; 12],
}

const _: () = assert!(size_of::<Sent>() == size_of::<libc::siginfo_t>());

impl Sent {
    /// As sigqueue(3) fills it in.
    pub(super) fn queued(signal: i32, value: i32) -> Self {
        // SAFETY: no pointers, and they cannot fail.
        let (pid, uid) = unsafe { (libc::getpid(), libc::getuid()) };
        Self { signal, errno: 0, code: libc::SI_QUEUE, pad: 0, pid, uid, value: value.into(), rest: [0; 12] }
    }
}

/// What came with a signal. Which fields mean something, `code` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    pub signal: i32,
    pub code: i32,
    pub pid: i32,
    pub uid: u32,
    pub value: i32,
    /// Of a child: its exit status, or the signal that ended or stopped it.
    pub status: i32,
}

/// kill(2) with any signal; nix's has the standard ones alone. 0 sends none; a pid below 0 is a group.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// Takes the next of these signals, all blocked, waiting at most `limit`: EAGAIN after that, EINTR
/// when the process was stopped and goes on.
pub(crate) fn wait(set: u64, limit: Option<Duration>) -> io::Result<Received> {
    let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: reads a set of 8 bytes and, if it is not NULL, one timespec; writes one siginfo_t.
    let signal =
        unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, &raw const set, info.as_mut_ptr(), limit, size_of::<u64>()) };
    let signal = check(libc::c_int::try_from(signal).unwrap_or(-1))?;
    // SAFETY: zeroed is a valid siginfo_t (integers only), and the call filled it. The accessors read
    // fields that lie inside it; which of them mean something, the caller finds out by the code.
    Ok(unsafe {
        let info = info.assume_init();
        let value = info.si_value().sival_ptr.addr();
        #[allow(clippy::cast_possible_truncation, reason = "the union's int lies in its lower half")]
        let value = value as u32;
        Received {
            signal,
            code: info.si_code,
            pid: info.si_pid(),
            uid: info.si_uid(),
            value: value.cast_signed(),
            status: info.si_status(),
        }
    })
}

/// Blocks these signals besides those that are: the mask before.
pub(crate) fn block(set: u64) -> io::Result<u64> {
    let mut before = 0;
    change_mask(libc::SIG_BLOCK, set, &mut before)?;
    Ok(before)
}

/// The signals that are blocked from now on.
pub(crate) fn set_mask(set: u64) -> io::Result<()> {
    change_mask(libc::SIG_SETMASK, set, &mut 0)
}

/// Whether a process ignores a signal from now on, or leaves it to its default action.
///
/// Async-signal-safe: one system call.
pub(super) fn set_ignored(signal: i32, is_ignored: bool) -> io::Result<()> {
    // The kernel's `struct sigaction`: handler, flags, restorer where there is one, mask.
    let action = [if is_ignored { libc::SIG_IGN } else { libc::SIG_DFL }, 0, 0, 0];
    let none = ptr::null_mut::<usize>();
    // SAFETY: reads one structure of at most that size; neither action runs code of ours.
    let returned = unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), none, size_of::<u64>()) };
    check(libc::c_int::try_from(returned).unwrap_or(-1)).map(drop)
}

/// Async-signal-safe: one system call.
fn change_mask(how: libc::c_int, set: u64, before: &mut u64) -> io::Result<()> {
    // SAFETY: reads and writes a set of 8 bytes each.
    let returned = unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, how, &raw const set, ptr::from_mut(before), size_of::<u64>())
    };
    check(libc::c_int::try_from(returned).unwrap_or(-1)).map(drop)
}

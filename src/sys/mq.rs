//! POSIX message queues: mq_overview(7).
//!
//! `nix` has some of these calls but no `mq_timedsend`, and its descriptor cannot be polled or
//! fstat'ed. On Linux a queue descriptor is a file descriptor, so here it is an [`OwnedFd`].

use std::ffi::CStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::{check, timespec};

pub(crate) use libc::{O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY};

/// `struct mq_attr`, as mq_getattr(3) fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Messages it can hold.
    pub max_messages: i64,
    /// Bytes a message can have.
    pub max_size: i64,
    /// Messages in it now.
    pub messages: i64,
}

/// Opens an existing queue.
pub(crate) fn open(name: &CStr, flags: libc::c_int) -> io::Result<OwnedFd> {
    // SAFETY: a NUL-terminated name.
    owned(unsafe { libc::mq_open(name.as_ptr(), flags | libc::O_CLOEXEC) })
}

/// What the queue can hold, and holds.
pub(crate) fn attributes(queue: impl AsFd) -> io::Result<Attributes> {
    let mut attr = MaybeUninit::<libc::mq_attr>::zeroed();
    // SAFETY: writes one mq_attr.
    check(unsafe { libc::mq_getattr(queue.as_fd().as_raw_fd(), attr.as_mut_ptr()) })?;
    // SAFETY: zeroed is a valid mq_attr (integers only), and the call filled it.
    let attr = unsafe { attr.assume_init() };
    Ok(Attributes { max_messages: attr.mq_maxmsg, max_size: attr.mq_msgsize, messages: attr.mq_curmsgs })
}

fn owned(returned: libc::mqd_t) -> io::Result<OwnedFd> {
    // SAFETY: a new descriptor that nobody else owns.
    check(returned).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes a queue; `capacity` is messages and bytes per message, the system's defaults without.
pub(crate) fn create(name: &CStr, flags: libc::c_int, mode: u32, capacity: Option<(i64, i64)>) -> io::Result<OwnedFd> {
    let flags = flags | libc::O_CREAT | libc::O_CLOEXEC;
    let Some((max_messages, max_size)) = capacity else {
        // SAFETY: a NUL-terminated name; NULL attributes ask for the defaults.
        return owned(unsafe { libc::mq_open(name.as_ptr(), flags, mode, std::ptr::null::<libc::mq_attr>()) });
    };
    // SAFETY: zeroed is a valid mq_attr (integers only).
    let mut attr: libc::mq_attr = unsafe { std::mem::zeroed() };
    attr.mq_maxmsg = max_messages;
    attr.mq_msgsize = max_size;
    // SAFETY: a NUL-terminated name and one mq_attr.
    owned(unsafe { libc::mq_open(name.as_ptr(), flags, mode, &raw const attr) })
}

/// Removes the name; the queue is gone when nobody has it open any more.
pub(crate) fn unlink(name: &CStr) -> io::Result<()> {
    // SAFETY: a NUL-terminated name.
    check(unsafe { libc::mq_unlink(name.as_ptr()) }).map(drop)
}

/// Sends; waits for room until `deadline` on the real-time clock, or for ever.
pub(crate) fn send(queue: impl AsFd, text: &[u8], priority: u32, deadline: Option<Duration>) -> io::Result<()> {
    let deadline = deadline.map(timespec);
    let deadline = deadline.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let fd = queue.as_fd().as_raw_fd();
    // SAFETY: reads text.len() bytes of `text` and, if it is not NULL, one timespec.
    check(unsafe { libc::mq_timedsend(fd, text.as_ptr().cast(), text.len(), priority, deadline) }).map(drop)
}

/// Takes the oldest message of the highest priority: its length and priority. The buffer has to have
/// the queue's `max_size`, else EMSGSIZE.
pub(crate) fn receive(queue: impl AsFd, buffer: &mut [u8], deadline: Option<Duration>) -> io::Result<(usize, u32)> {
    let deadline = deadline.map(timespec);
    let deadline = deadline.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let fd = queue.as_fd().as_raw_fd();
    let mut priority = 0;
    // SAFETY: writes at most buffer.len() bytes into `buffer` and one unsigned; reads one timespec if not NULL.
    let length =
        unsafe { libc::mq_timedreceive(fd, buffer.as_mut_ptr().cast(), buffer.len(), &raw mut priority, deadline) };
    Ok((super::check_len(length)?, priority))
}

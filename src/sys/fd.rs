//! Descriptors: reading and writing all of it, and what a pipe still holds.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::{check, check_len, errno};

/// Standard input.
pub(crate) fn stdin() -> BorrowedFd<'static> {
    standard(0)
}

/// Standard output.
pub(crate) fn stdout() -> BorrowedFd<'static> {
    standard(1)
}

/// Standard error.
pub(crate) fn stderr() -> BorrowedFd<'static> {
    standard(2)
}

fn standard(fd: i32) -> BorrowedFd<'static> {
    // SAFETY: `entry::fill_standard_descriptors` made sure that 0, 1 and 2 are open, and nothing closes them.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Reads once; 0 is the end of input. Waits where the descriptor is non-blocking.
pub(crate) fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let fd = fd.as_fd();
    loop {
        // SAFETY: writes at most buffer.len() bytes into `buffer`.
        let got = check_len(unsafe { libc::read(fd.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len()) });
        match got {
            Err(error) if errno::is(&error, errno::EAGAIN) => wait(fd, READABLE)?,
            other => return other,
        }
    }
}

/// Writes once, perhaps less than all. Waits where the descriptor is non-blocking.
pub(crate) fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    let fd = fd.as_fd();
    loop {
        // SAFETY: reads bytes.len() bytes of `bytes`.
        let put = check_len(unsafe { libc::write(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) });
        match put {
            Err(error) if errno::is(&error, errno::EAGAIN) => wait(fd, WRITABLE)?,
            other => return other,
        }
    }
}

fn wait(fd: BorrowedFd<'_>, events: i16) -> io::Result<()> {
    poll(fd, events, None).map(drop)
}

/// Something can be read.
pub(crate) const READABLE: i16 = libc::POLLIN;
/// Something can be written.
pub(crate) const WRITABLE: i16 = libc::POLLOUT;

/// Nothing but what poll(2) always tells: the other end has gone.
pub(crate) const NOTHING: i16 = 0;

/// Waits for one of `events`, at most `limit`: whether one came.
pub(crate) fn poll(fd: impl AsFd, events: i16, limit: Option<Duration>) -> io::Result<bool> {
    let mut entry = libc::pollfd { fd: fd.as_fd().as_raw_fd(), events, revents: 0 };
    // Rounded up: a limit below a millisecond is not none.
    let millis = limit
        .map_or(-1, |limit| libc::c_int::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX));
    // SAFETY: one pollfd.
    check(unsafe { libc::poll(&raw mut entry, 1, millis) }).map(|ready| ready > 0)
}

/// The capacity of a pipe or FIFO in bytes (`F_GETPIPE_SZ`); `None` for anything else.
pub(crate) fn pipe_capacity(fd: impl AsFd) -> Option<usize> {
    // SAFETY: no pointers.
    let size = unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_GETPIPE_SZ) };
    usize::try_from(size).ok()
}

/// Makes a pipe hold up to `size` bytes, or what is allowed (`F_SETPIPE_SZ`); nothing happens to what
/// is no pipe.
pub(crate) fn grow_pipe(fd: impl AsFd, size: usize) {
    let size = libc::c_int::try_from(size).unwrap_or(libc::c_int::MAX);
    // SAFETY: no pointers.
    unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_SETPIPE_SZ, size) };
}

/// Bytes written into a pipe and not read from it yet (`FIONREAD`).
pub(crate) fn unread(fd: impl AsFd) -> io::Result<usize> {
    let mut count: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int.
    check(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Pages of a file that are in memory (cachestat(2), Linux 6.5).
pub(crate) fn cached_pages(fd: impl AsFd) -> io::Result<u64> {
    /// Where the call's number lies on every machine that came after the numbers were made one.
    const CACHESTAT: libc::c_long = 451;
    // From the first byte to the last.
    let range = [0_u64; 2];
    let mut status = [0_u64; 5];
    // SAFETY: reads a struct cachestat_range, two u64, and writes a struct cachestat, five.
    let returned = unsafe { libc::syscall(CACHESTAT, fd.as_fd().as_raw_fd(), range.as_ptr(), status.as_mut_ptr(), 0) };
    if returned == 0 { Ok(status[0]) } else { Err(io::Error::last_os_error()) }
}

/// The columns of the terminal behind it (`TIOCGWINSZ`); `None` where there is none.
pub(crate) fn columns(fd: impl AsFd) -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize.
    check(unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) }).ok()?;
    Some(size.ws_col.into())
}

/// Whether a terminal is behind it: isatty(3).
pub(crate) fn is_terminal(fd: impl AsFd) -> bool {
    // SAFETY: no pointers of ours.
    unsafe { libc::isatty(fd.as_fd().as_raw_fd()) == 1 }
}

/// `O_NOFOLLOW`: a symbolic link is not opened.
pub(crate) const NO_FOLLOW: i32 = libc::O_NOFOLLOW;
/// `O_NONBLOCK`: opening a FIFO does not wait for its other end.
pub(crate) const NON_BLOCKING: i32 = libc::O_NONBLOCK;
/// `O_TMPFILE`: a file without a name in the directory that is opened, open(2).
pub(crate) const NAMELESS: i32 = libc::O_TMPFILE;
/// `O_CREAT`: a file is made where there is none, open(2).
pub(crate) const CREATE: i32 = libc::O_CREAT;
/// `O_NOCTTY`: a terminal that is opened does not become ours.
pub(crate) const NO_TERMINAL: i32 = libc::O_NOCTTY;

/// Another descriptor of the same open file description, the first that is free from `lowest` on; a command
/// inherits it unless it is closed by then (`F_DUPFD`, `F_DUPFD_CLOEXEC`).
///
/// EBADF when `number`, which need not be one of ours, is not open; EINVAL when no descriptor may be as high as
/// `lowest`.
pub(crate) fn duplicate_from(number: i32, lowest: i32, closed_on_exec: bool) -> io::Result<OwnedFd> {
    let command = if closed_on_exec { libc::F_DUPFD_CLOEXEC } else { libc::F_DUPFD };
    // SAFETY: no pointers; the number need not be a descriptor.
    let new = check(unsafe { libc::fcntl(number, command, lowest) })?;
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(new) })
}

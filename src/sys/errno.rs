//! Error numbers by name, for the layers that may not name `libc`, and strerror's words.

use std::io;

mod words;

pub(crate) use libc::{
    E2BIG, EACCES, EADDRINUSE, EAGAIN, EBADF, EBUSY, ECONNREFUSED, ECONNRESET, EEXIST, EFAULT, EFBIG, EIDRM,
    EINPROGRESS, EINTR, EINVAL, EIO, EISDIR, EMFILE, EMSGSIZE, ENFILE, ENOENT, ENOLCK, ENOMEM, ENOMSG, ENOSPC, ENOSYS,
    ENOTTY, ENXIO, EOPNOTSUPP, EOVERFLOW, EPERM, EPIPE, ERANGE, EROFS, ESRCH, ESTALE, ETIMEDOUT,
};

/// Whether `error` is this error number.
pub(crate) fn is(error: &io::Error, errno: i32) -> bool {
    error.raw_os_error() == Some(errno)
}

/// An error of this number.
pub(crate) fn error(errno: i32) -> io::Error {
    io::Error::from_raw_os_error(errno)
}

/// strerror(3)'s words alone: `io::Error` prints " (os error 2)" behind them.
pub(crate) fn words(error: &io::Error) -> String {
    if is(error, ETIMEDOUT) {
        // strerror speaks of a connection, and there is none.
        return "Timed out".into();
    }
    match error.raw_os_error() {
        Some(number) => words::of(number).map_or_else(|| format!("Unknown error {number}"), str::to_owned),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_strerrors() {
        assert_eq!(words(&error(EIDRM)), "Identifier removed");
        assert_eq!(words(&error(EAGAIN)), "Resource temporarily unavailable");
        assert_eq!(words(&error(ETIMEDOUT)), "Timed out");
        assert_eq!(words(&error(777)), "Unknown error 777");
        assert_eq!(words(&io::Error::other("as it is")), "as it is");
    }
}

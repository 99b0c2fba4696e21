//! Anonymous pipes: pipe(7).
//!
//! - [`Pipe`]: a new one, of the capacity that is asked for, for bytes or for packets.
//! - [`Flow`]: bytes from one descriptor to another, by splice(2) where the kernel can.
//! - [`Branches`]: one input to several outputs, by tee(2).
//! - [`buffer`]: memory between two who are not equally fast.
//! - [`Link`]: what stands between two commands of a pipeline, and measures it if it shall.
//! - [`Limits`]: what the kernel allows.
//! - [`inventory`]: every pipe and FIFO that a process has open, who is at it, and what is in it.
//!
//! A pipe is two descriptors and a buffer of pages. Who reads an empty one waits, unless nobody can write
//! any more: then it is at its end. Who writes into a full one waits, unless nobody can read any more: then
//! SIGPIPE, or EPIPE.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;

mod branches;
mod flow;

pub mod inventory;
mod limits;
mod link;
mod relay;
mod reservoir;

pub use branches::{Branches, Failed, Output};
pub use flow::{Flow, FlowError};
pub use limits::Limits;
pub use link::{Ends, Link, LinkShape};
pub use relay::Tally;
pub use reservoir::{Marks, buffer};

/// The capacity that a pipe is grown to where bytes flow: what everybody may have by default.
pub const LARGE: usize = 1 << 20;

/// A pipe of our own, both ends of it; no command that we start inherits them.
#[derive(Debug)]
pub struct Pipe {
    /// The end to read from.
    pub reader: OwnedFd,
    /// The end to write into.
    pub writer: OwnedFd,
}

impl Pipe {
    /// A new pipe of 16 pages, or fewer where the user has too many ([`Limits::soft_pages`]).
    ///
    /// With `packets` every write is a packet, and every read takes one; what does not fit into the
    /// reader's buffer of it is lost (`O_DIRECT`).
    #[doc(alias = "pipe2")]
    pub fn new(packets: bool) -> io::Result<Self> {
        let packets = if packets { OFlag::O_DIRECT } else { OFlag::empty() };
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | packets)?;
        Ok(Self { reader, writer })
    }

    /// A new pipe that is as large as it may be, up to [`LARGE`].
    pub fn large() -> io::Result<Self> {
        let pipe = Self::new(false)?;
        grow(&pipe.writer, LARGE);
        Ok(pipe)
    }
}

/// How many bytes a pipe has room for. EBADF for what is no pipe.
#[doc(alias = "F_GETPIPE_SZ")]
pub fn capacity(pipe: impl AsFd) -> io::Result<usize> {
    let bytes = fcntl(pipe, FcntlArg::F_GETPIPE_SZ)?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}

/// Gives a pipe room for at least so many bytes, or fewer than it has: how many it has then.
///
/// The kernel rounds up to a page, and then to a power of two of them. EPERM above the [`Limits`], EBUSY where more is unread
/// than would fit, EINVAL above 2 GiB, EBADF for what is no pipe.
#[doc(alias = "F_SETPIPE_SZ")]
pub fn resize(pipe: impl AsFd, bytes: usize) -> io::Result<usize> {
    let bytes = i32::try_from(bytes).map_err(|_| io::Error::from(Errno::EINVAL))?;
    let bytes = fcntl(pipe, FcntlArg::F_SETPIPE_SZ(bytes))?;
    Ok(usize::try_from(bytes).unwrap_or(0))
}

/// Grows a pipe to this size, or as far as is allowed: what it has room for then. `None` for what is no pipe.
pub fn grow(pipe: impl AsFd, size: usize) -> Option<usize> {
    let pipe = pipe.as_fd();
    let now = capacity(pipe).ok()?;
    if now >= size {
        return Some(now);
    }
    let grown = resize(pipe, size).or_else(|_| resize(pipe, Limits::of_system()?.max_size.min(size)));
    Some(grown.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_has_the_room_that_it_is_given() {
        let pipe = Pipe::new(false).expect("a pipe");
        assert_eq!(resize(&pipe.writer, 5000).expect("allowed"), 8192);
        assert_eq!(capacity(&pipe.reader).expect("a pipe"), 8192);
        assert_eq!(resize(&pipe.writer, 0).expect("allowed"), 4096);
        assert_eq!(resize(&pipe.writer, usize::MAX).expect_err("no size").kind(), io::ErrorKind::InvalidInput);
        assert_eq!(capacity(std::fs::File::open("/dev/null").expect("it exists")).ok(), None);
        assert!(grow(&pipe.writer, LARGE).expect("a pipe") >= 4096);
    }

    #[test]
    fn what_is_large_already_is_left_alone() {
        let pipe = Pipe::large().expect("a pipe");
        let before = capacity(&pipe.reader).expect("a pipe");
        assert_eq!(grow(&pipe.reader, LARGE), Some(before));
    }
}

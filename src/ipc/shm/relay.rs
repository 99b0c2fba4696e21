//! A pipe of our own between a pipe and memory.
//!
//! The kernel keeps a pipe locked as long as it copies to or from it, and whoever is at its other end waits
//! (`fs/pipe.c`, `fs/splice.c`). So what takes time happens on a pipe that nobody else holds; between
//! that one and theirs pages only change hands.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;

use super::Memory;
use crate::sys::fd;

/// The pipe, and how many bytes it holds that have not been passed on.
pub(super) struct Relay {
    reader: OwnedFd,
    writer: OwnedFd,
    capacity: usize,
    held: usize,
}

impl Relay {
    /// One that takes `size` bytes, or fewer where the user may have no more.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        fd::grow_pipe(writer.as_fd(), size);
        let capacity = usize::try_from(fcntl(&writer, FcntlArg::F_GETPIPE_SZ)?).unwrap_or(size);
        Ok(Self { reader, writer, capacity, held: 0 })
    }

    /// Takes what `input` has, at most `limit` bytes, and passes it on to a file: how many bytes went.
    ///
    /// EINVAL when nothing can be spliced from `input`, or to `output`.
    pub(super) fn fill_file(
        &mut self,
        input: BorrowedFd<'_>,
        output: BorrowedFd<'_>,
        limit: usize,
    ) -> io::Result<usize> {
        self.take(input, limit)?;
        self.pass(output)
    }

    /// Takes what `input` has, at most `length` bytes, and reads it into memory: how many bytes went.
    ///
    /// EINVAL when nothing can be spliced from `input`.
    pub(super) fn fill_memory(
        &mut self,
        input: BorrowedFd<'_>,
        memory: &Memory,
        offset: usize,
        length: usize,
    ) -> io::Result<usize> {
        self.take(input, length)?;
        let count = memory.read_from(&self.reader, None, offset, self.held)?;
        self.held -= count;
        Ok(count)
    }

    /// Copies up to `length` bytes of memory and passes the copy on to a pipe: how many bytes went.
    pub(super) fn write_memory(
        &mut self,
        memory: &Memory,
        offset: usize,
        length: usize,
        output: BorrowedFd<'_>,
    ) -> io::Result<usize> {
        if self.held == 0 {
            self.held = memory.write_to(&self.writer, offset, length.min(self.capacity))?;
        }
        self.pass(output)
    }

    fn take(&mut self, input: BorrowedFd<'_>, limit: usize) -> io::Result<()> {
        if self.held == 0 {
            self.held = splice(input, None, &self.writer, None, limit, SpliceFFlags::empty())?;
        }
        Ok(())
    }

    fn pass(&mut self, output: BorrowedFd<'_>) -> io::Result<usize> {
        if self.held == 0 {
            return Ok(0);
        }
        let count = splice(&self.reader, None, output, None, self.held, SpliceFFlags::empty())?;
        self.held -= count;
        Ok(count)
    }
}

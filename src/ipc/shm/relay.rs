//! A pipe of our own between a pipe and memory.
//!
//! The kernel keeps a pipe locked as long as it copies to or from it, and whoever is at its other end waits
//! (`fs/pipe.c`, `fs/splice.c`). So what takes time happens on a pipe that nobody else holds; between
//! that one and theirs pages only change hands.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd::pipe2;

use super::Memory;
use crate::sys::fd;

/// How much is copied at once.
const COPIED: usize = 64 * 1024;

/// The pipe, and how many bytes it holds that have not been passed on.
pub(super) struct Relay {
    reader: OwnedFd,
    writer: OwnedFd,
    capacity: usize,
    held: usize,
    /// Nothing can be spliced to the output: what is held is copied.
    copies: bool,
    /// What has been read to be copied, and is held until it has been written.
    rest: Vec<u8>,
}

impl Relay {
    /// One that takes `size` bytes, or fewer where the user may have no more.
    pub(super) fn new(size: usize) -> io::Result<Self> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        fd::grow_pipe(writer.as_fd(), size);
        let capacity = usize::try_from(fcntl(&writer, FcntlArg::F_GETPIPE_SZ)?).unwrap_or(size);
        Ok(Self { reader, writer, capacity, held: 0, copies: false, rest: Vec::new() })
    }

    /// Takes what `input` has, at most `limit` bytes, and passes it on to a file: how many bytes went.
    ///
    /// EINVAL when nothing can be spliced from `input`, or to `output`. What was taken before that showed has been
    /// passed on: nothing is held then.
    pub(super) fn fill_file(
        &mut self,
        input: BorrowedFd<'_>,
        output: BorrowedFd<'_>,
        limit: usize,
    ) -> io::Result<usize> {
        if self.copies && self.held == 0 {
            return Err(Errno::EINVAL.into());
        }
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
        if !self.copies {
            match splice(&self.reader, None, output, None, self.held, SpliceFFlags::empty()) {
                // A file system may know write(2) alone.
                Err(Errno::EINVAL) => self.copies = true,
                passed => {
                    let count = passed?;
                    self.held -= count;
                    return Ok(count);
                }
            }
        }
        self.copy(output)
    }

    fn copy(&mut self, output: BorrowedFd<'_>) -> io::Result<usize> {
        if self.rest.is_empty() {
            let mut bytes = vec![0; self.held.min(COPIED)];
            let count = fd::read(self.reader.as_fd(), &mut bytes)?;
            bytes.truncate(count);
            self.rest = bytes;
        }
        let count = fd::write(output, &self.rest)?;
        self.rest.drain(..count);
        self.held -= count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, OpenOptions};
    use std::io::Write as _;

    #[test]
    fn what_was_taken_reaches_an_output_to_which_nothing_can_be_spliced() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("log");
        // splice(2) refuses what is open for appending.
        let output = OpenOptions::new().create(true).append(true).open(&path).expect("made");
        let (input, mut writer) = io::pipe().expect("a pipe");
        fd::grow_pipe(&writer, 4 * COPIED);
        // Each word tells its place.
        let words = u32::try_from(fd::pipe_capacity(&writer).expect("a pipe") / 4).expect("short");
        let sent: Vec<u8> = (0..words).flat_map(u32::to_ne_bytes).collect();
        writer.write_all(&sent).expect("room");
        let mut relay = Relay::new(2 * COPIED).expect("a pipe");
        let mut passed = 0;
        let refused = loop {
            match relay.fill_file(input.as_fd(), output.as_fd(), sent.len()) {
                Ok(count) => passed += count,
                Err(error) => break error,
            }
        };
        assert_eq!(refused.raw_os_error(), Some(Errno::EINVAL as i32));
        assert!(passed > 0 && relay.held == 0, "{passed} passed, {} held", relay.held);
        assert!(fs::read(&path).expect("it is there") == sent[..passed], "the same bytes in the same order");
        // The rest was not taken.
        assert_eq!(fd::unread(&input).expect("a pipe"), sent.len() - passed);
    }
}

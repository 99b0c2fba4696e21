//! Bytes from one descriptor to another, through our memory only where the kernel knows no other way.

use std::io;
use std::ops::Range;
use std::os::fd::BorrowedFd;

use nix::errno::Errno;
use nix::fcntl::{SpliceFFlags, splice};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::sys::sendfile::sendfile;
use nix::unistd::Pid;

use super::{LARGE, grow};
use crate::sys::{errno, fd, signal};

/// How much is read at a time where bytes have to be copied.
const BUFFER: usize = 128 * 1024;

/// A descriptor that is read to its end, and one that all of it is written to.
///
/// Pages of a pipe are handed on by splice(2), a file goes to a file or socket by sendfile(2). What takes
/// neither (a file that is appended to, many devices) is read and written.
#[derive(Debug)]
pub struct Flow<'a> {
    input: BorrowedFd<'a>,
    output: BorrowedFd<'a>,
    ways: &'static [Way],
    buffer: Vec<u8>,
    /// What of the buffer was read and not written yet.
    pending: Range<usize>,
}

/// Why a flow stopped.
#[derive(Debug)]
pub enum FlowError {
    /// The input cannot be read.
    Read(io::Error),
    /// The output cannot be written; EPIPE when nobody reads it any more.
    Write(io::Error),
    /// A signal came that the process catches.
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// splice(2): one of them is a pipe.
    Splice,
    /// sendfile(2): the input is a file, and none of them a pipe.
    Sendfile,
    /// read(2) and write(2): anything.
    Copy,
}

impl<'a> Flow<'a> {
    /// From `input` to `output`; those that are pipes are grown.
    #[must_use]
    pub fn new(input: BorrowedFd<'a>, output: BorrowedFd<'a>) -> Self {
        grow_both(input, output);
        Self::of_ways(input, output, &[Way::Splice, Way::Sendfile, Way::Copy])
    }

    /// The same, but always through our memory: for who wants to see the bytes.
    #[must_use]
    pub fn copying(input: BorrowedFd<'a>, output: BorrowedFd<'a>) -> Self {
        grow_both(input, output);
        Self::of_ways(input, output, &[Way::Copy])
    }

    fn of_ways(input: BorrowedFd<'a>, output: BorrowedFd<'a>, ways: &'static [Way]) -> Self {
        Self { input, output, ways, buffer: Vec::new(), pending: 0..0 }
    }

    /// Moves up to `most` bytes, waiting for some: how many, 0 at the end of the input.
    pub fn step(&mut self, most: usize) -> Result<usize, FlowError> {
        while let [way, rest @ ..] = self.ways
            && *way != Way::Copy
        {
            let moved = match way {
                Way::Splice => splice(self.input, None, self.output, None, most, SpliceFFlags::SPLICE_F_MOVE),
                _ => sendfile(self.output, self.input, None, most),
            };
            match moved {
                Ok(count) => return Ok(count),
                Err(Errno::EINTR) => check_signals()?,
                Err(Errno::EAGAIN) => self.wait()?,
                // These can be said of the output alone.
                Err(error @ (Errno::EPIPE | Errno::ENOSPC | Errno::EFBIG | Errno::EDQUOT)) => {
                    return Err(FlowError::Write(error.into()));
                }
                // What else is wrong shows which of the two it concerns when they are read and written.
                Err(_) => self.ways = rest,
            }
        }
        self.fill()?;
        let end = self.pending.end.min(self.pending.start.saturating_add(most));
        self.put(end)
    }

    /// Moves up to `most` lines, waiting for some: how many bytes, 0 at the end of the input, and how many
    /// ends of lines were among them.
    pub fn step_lines(&mut self, most: usize) -> Result<(usize, usize), FlowError> {
        self.fill()?;
        let start = self.pending.start;
        let pending = &self.buffer[self.pending.clone()];
        let last = memchr::memchr_iter(b'\n', pending).nth(most.saturating_sub(1));
        let count = self.put(last.map_or(self.pending.end, |last| start + last + 1))?;
        let lines = memchr::memchr_iter(b'\n', &self.buffer[start..start + count]).count();
        Ok((count, lines))
    }

    /// Reads if there is nothing to write.
    fn fill(&mut self) -> Result<(), FlowError> {
        if self.pending.is_empty() {
            self.buffer.resize(BUFFER, 0);
            let count = uninterrupted(|| fd::read(self.input, &mut self.buffer), FlowError::Read)?;
            self.pending = 0..count;
        }
        Ok(())
    }

    /// Writes what is pending, up to this place of the buffer, once.
    fn put(&mut self, end: usize) -> Result<usize, FlowError> {
        let start = self.pending.start;
        if start == end {
            return Ok(0);
        }
        let count = uninterrupted(|| fd::write(self.output, &self.buffer[start..end]), FlowError::Write)?;
        self.pending.start += count;
        Ok(count)
    }

    /// Waits where a descriptor that does not block was left to us.
    fn wait(&self) -> Result<(), FlowError> {
        let is_empty =
            !uninterrupted(|| fd::poll(self.input, fd::READABLE, Some(std::time::Duration::ZERO)), FlowError::Read)?;
        let (side, events) = if is_empty { (self.input, fd::READABLE) } else { (self.output, fd::WRITABLE) };
        uninterrupted(|| fd::poll(side, events, None), FlowError::Read).map(drop)
    }
}

/// Grows those that are pipes. The output has room for more than can come from the input at a time; an input
/// as large would only mean that its pages have left the processor's cache before they are read. Where writer
/// and reader take turns on one processor that begins sooner, and nobody is woken the less for it.
fn grow_both(input: BorrowedFd<'_>, output: BorrowedFd<'_>) {
    let large = if has_one_processor() { LARGE / 2 } else { LARGE };
    grow(input, large / 2);
    grow(output, large);
}

/// Whether we may run on one processor alone.
fn has_one_processor() -> bool {
    sched_getaffinity(Pid::from_raw(0)).is_ok_and(|allowed| {
        (0..CpuSet::count()).filter(|&number| allowed.is_set(number).unwrap_or(false)).take(2).count() == 1
    })
}

/// Makes a call until no signal that the process does not care for interrupts it.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>, side: fn(io::Error) -> FlowError) -> Result<T, FlowError> {
    loop {
        match call() {
            Err(error) if errno::is(&error, errno::EINTR) => check_signals()?,
            done => return done.map_err(side),
        }
    }
}

fn check_signals() -> Result<(), FlowError> {
    if signal::wants_attention() { Err(FlowError::Interrupted) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read as _, Seek as _, Write as _};
    use std::os::fd::AsFd as _;

    use super::*;
    use crate::ipc::pipe::Pipe;

    fn file_with(content: &[u8], appending: bool) -> File {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("file");
        let mut file =
            File::options().read(true).append(appending).write(true).create_new(true).open(path).expect("a file");
        file.write_all(content).expect("room");
        file.rewind().expect("a file");
        file
    }

    fn all(flow: &mut Flow<'_>) -> usize {
        std::iter::from_fn(|| Some(flow.step(7).expect("it flows")).filter(|&count| count > 0)).sum()
    }

    #[test]
    fn bytes_flow_between_pipes_and_files_of_every_kind() {
        for appending in [false, true] {
            let (source, mut target) = (file_with(b"some bytes to move", false), file_with(b"", appending));
            let pipe = Pipe::new(false).expect("a pipe");
            let mut into = Flow::new(source.as_fd(), pipe.writer.as_fd());
            assert_eq!(all(&mut into), 18);
            drop(pipe.writer);
            let mut out = Flow::new(pipe.reader.as_fd(), target.as_fd());
            assert_eq!(all(&mut out), 18);
            assert_eq!(out.ways[0] == Way::Copy, appending, "{:?}", out.ways);
            target.rewind().expect("a file");
            let copy = file_with(b"", appending);
            assert_eq!(all(&mut Flow::new(target.as_fd(), copy.as_fd())), 18);
            let mut text = String::new();
            (&copy).rewind().expect("a file");
            (&copy).read_to_string(&mut text).expect("text");
            assert_eq!(text, "some bytes to move");
        }
    }

    #[test]
    fn lines_are_counted_and_can_be_held_back() {
        let (source, target) = (file_with(b"one\ntwo\nthree", false), file_with(b"", false));
        let mut flow = Flow::copying(source.as_fd(), target.as_fd());
        let steps: Vec<_> = (0..4).map(|_| flow.step_lines(1).expect("it flows")).collect();
        assert_eq!(steps, [(4, 1), (4, 1), (5, 0), (0, 0)]);
    }

    #[test]
    fn an_error_tells_its_side() {
        let (folder, null) =
            (File::open("/").expect("it exists"), File::options().write(true).open("/dev/null").expect("it exists"));
        assert!(matches!(Flow::new(folder.as_fd(), null.as_fd()).step(1), Err(FlowError::Read(_))));
        let full = File::options().write(true).open("/dev/full").expect("it exists");
        let source = file_with(b"x", false);
        assert!(matches!(Flow::new(source.as_fd(), full.as_fd()).step(1), Err(FlowError::Write(_))));
    }
}

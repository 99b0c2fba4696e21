//! One input to several outputs, by tee(2): pages are handed to all of them, and copied for none that is a pipe.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{SpliceFFlags, splice, tee};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::{Flow, FlowError, LARGE, Pipe, capacity, grow};
use crate::sys::fd;

/// Outputs that all get the same bytes. One that fails does not stop the others.
#[derive(Debug, Default)]
pub struct Branches<'a>(Vec<Branch<'a>>);

#[derive(Debug)]
struct Branch<'a> {
    /// What it is called by its owner.
    number: usize,
    output: Output<'a>,
    /// The pages that are still to be written, all from the same round; and for how many bytes.
    side: Pipe,
    pending: usize,
    /// The output takes no pages: what is appended to, for one.
    by_copy: bool,
}

/// Is told of each output that fails, and why: EPIPE when nobody reads it any more.
pub type Failed<'a> = &'a mut dyn FnMut(usize, io::Error);

/// A descriptor to write to.
#[derive(Debug)]
pub enum Output<'a> {
    /// One that is closed when nothing more is written to it.
    Owned(OwnedFd),
    /// One that stays open.
    Borrowed(BorrowedFd<'a>),
}

impl AsFd for Output<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Owned(fd) => fd.as_fd(),
            Self::Borrowed(fd) => fd.as_fd(),
        }
    }
}

impl<'a> Branches<'a> {
    /// One more output.
    pub fn add(&mut self, number: usize, output: Output<'a>) -> io::Result<()> {
        grow(&output, LARGE);
        self.0.push(Branch { number, output, side: Pipe::large()?, pending: 0, by_copy: false });
        Ok(())
    }

    /// Passes on what `input` has, until its end or until no output is left.
    #[doc(alias = "tee")]
    pub fn pass(mut self, input: BorrowedFd<'_>, failed: Failed<'_>) -> Result<(), FlowError> {
        let source = Source::of(input).map_err(FlowError::Read)?;
        // The pages of a round have to fit into each side: so the smallest decides how many there are.
        self.0.sort_by_key(|branch| capacity(&branch.side.writer).unwrap_or(0));
        while self.0.len() > 1 {
            if !source.fill(input)? || !self.share(&source).map_err(FlowError::Read)? {
                return Ok(());
            }
            self.write_all(failed).map_err(FlowError::Read)?;
        }
        let Some(last) = self.0.pop() else { return Ok(()) };
        match last.pass_alone(&source, input) {
            Err(FlowError::Write(error)) => failed(last.number, error),
            done => done?,
        }
        Ok(())
    }

    /// Waits for pages in the source and hands them to every side: whether there were any.
    fn share(&mut self, source: &Source<'_>) -> io::Result<bool> {
        let source = source.pipe();
        let (last, others) = self.0.split_last_mut().expect("there are two at least");
        let mut count = LARGE;
        for branch in others {
            let got = again(|| tee(source, &branch.side.writer, count, SpliceFFlags::empty()), source)?;
            if got == 0 {
                return Ok(false);
            }
            // The first one decides; the others are not smaller.
            branch.pending = got;
            count = got;
        }
        while last.pending < count {
            let left = count - last.pending;
            last.pending +=
                again(|| splice(source, None, &last.side.writer, None, left, SpliceFFlags::empty()), source)?;
        }
        Ok(true)
    }

    /// Writes all that is pending, to whoever has room first.
    fn write_all(&mut self, failed: Failed<'_>) -> io::Result<()> {
        loop {
            let mut blocked = Vec::new();
            let mut broken = Vec::new();
            for (index, branch) in self.0.iter_mut().enumerate() {
                match branch.write() {
                    Ok(()) if branch.pending > 0 => blocked.push(index),
                    Ok(()) => {}
                    Err(error) => broken.push((index, error)),
                }
            }
            if blocked.is_empty() && broken.is_empty() {
                return Ok(());
            }
            if broken.is_empty() {
                let wait = |&index: &usize| PollFd::new(self.0[index].output.as_fd(), PollFlags::POLLOUT);
                match poll(&mut blocked.iter().map(wait).collect::<Vec<_>>(), PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            for (index, error) in broken.into_iter().rev() {
                failed(self.0.remove(index).number, error);
            }
        }
    }
}

impl Branch<'_> {
    /// Writes what can be written without waiting.
    fn write(&mut self) -> io::Result<()> {
        while self.pending > 0 {
            let written = if self.by_copy { self.copy() } else { self.splice() };
            match written {
                Ok(count) => self.pending -= count,
                Err(Errno::EAGAIN) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(Errno::EINVAL) if !self.by_copy => self.by_copy = true,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn splice(&self) -> nix::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_NONBLOCK | SpliceFFlags::SPLICE_F_MOVE;
        splice(&self.side.reader, None, &self.output, None, self.pending, flags)
    }

    /// Reads some from the side and writes it, however long that takes.
    fn copy(&self) -> nix::Result<usize> {
        let mut buffer = vec![0; 64 * 1024];
        let count = nix::unistd::read(&self.side.reader, &mut buffer)?;
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            match nix::unistd::write(&self.output, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    poll(&mut [PollFd::new(self.output.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE)?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// The only one that is left needs no side.
    fn pass_alone(&self, source: &Source<'_>, input: BorrowedFd<'_>) -> Result<(), FlowError> {
        if let Source::Copied(pipe) = source {
            // What is in there came first.
            let mut left = fd::unread(&pipe.reader).map_err(FlowError::Read)?;
            let mut flow = Flow::new(pipe.reader.as_fd(), self.output.as_fd());
            while left > 0 {
                left -= flow.step(left)?;
            }
        }
        let mut flow = Flow::new(input, self.output.as_fd());
        while flow.step(LARGE)? > 0 {}
        Ok(())
    }
}

/// A pipe whose pages can be shared out.
#[derive(Debug)]
enum Source<'a> {
    /// The input itself.
    Input(BorrowedFd<'a>),
    /// The input is no pipe: its bytes come into this one first.
    Copied(Pipe),
}

impl<'a> Source<'a> {
    fn of(input: BorrowedFd<'a>) -> io::Result<Self> {
        if grow(input, LARGE).is_some() { Ok(Self::Input(input)) } else { Pipe::large().map(Self::Copied) }
    }

    fn pipe(&self) -> BorrowedFd<'_> {
        match self {
            Self::Input(input) => *input,
            Self::Copied(pipe) => pipe.reader.as_fd(),
        }
    }

    /// Makes sure that there is something to share out, or will be: whether that is so.
    fn fill(&self, input: BorrowedFd<'_>) -> Result<bool, FlowError> {
        let Self::Copied(pipe) = self else { return Ok(true) };
        let room = capacity(&pipe.writer).map_err(FlowError::Read)?;
        Ok(Flow::new(input, pipe.writer.as_fd()).step(room)? > 0)
    }
}

/// Makes a call on pages of the source until it does not have to wait, nor is interrupted.
fn again(mut call: impl FnMut() -> nix::Result<usize>, source: BorrowedFd<'_>) -> io::Result<usize> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => drop(fd::poll(source, fd::READABLE, None)?),
            done => return Ok(done?),
        }
    }
}

//! A thread that moves bytes from a pipe or a terminal to a pipe, and sees who waits for whom.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{SpliceFFlags, splice};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{read, write};

use super::LARGE;
use crate::ipc::signal::{Process, Signal};

/// What went through a link, and how the time passed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Bytes that were moved.
    pub bytes: u64,
    /// How long there was nothing to move: the writer was the slow one.
    pub empty: Duration,
    /// How long there was no room: the reader was the slow one.
    pub full: Duration,
    /// From the start to the end of the link.
    pub lasted: Duration,
}

/// Moves what comes from an input to an output until the input is at its end or nobody reads the output.
#[derive(Debug)]
pub(super) struct Relay {
    ready: Option<Mover>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<Tally>>,
}

#[derive(Debug)]
struct Mover {
    input: OwnedFd,
    output: OwnedFd,
    is_terminal: bool,
    tally: Tally,
}

impl Relay {
    /// From a pipe to a pipe.
    pub(super) fn new(input: OwnedFd, output: OwnedFd) -> Self {
        Self::of(Mover { input, output, is_terminal: false, tally: Tally::default() })
    }

    /// From a terminal, of which this is the side that is no terminal, to anything.
    pub(super) fn from_terminal(input: OwnedFd, output: OwnedFd) -> Self {
        Self::of(Mover { input, output, is_terminal: true, tally: Tally::default() })
    }

    fn of(mover: Mover) -> Self {
        Self { ready: Some(mover), over: Arc::new(AtomicBool::new(false)), thread: None }
    }

    /// Begins. It must not be the thread that SIGPIPE ends.
    pub(super) fn start(&mut self, writer: Option<Process>) -> io::Result<()> {
        let Some(mover) = self.ready.take() else { return Ok(()) };
        let over = Arc::clone(&self.over);
        self.thread = Some(thread::Builder::new().stack_size(64 * 1024).spawn(move || mover.run(&over, writer))?);
        Ok(())
    }

    /// Whether it moves nothing any more. That is so before a writer can notice it.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    /// Waits for its end.
    pub(super) fn finish(self) -> Tally {
        self.thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl Mover {
    fn run(mut self, over: &AtomicBool, writer: Option<Process>) -> Tally {
        let started = Instant::now();
        let ended = loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.tally.lasted = started.elapsed();
        over.store(true, SeqCst);
        if self.is_terminal
            && let (Err(Errno::EPIPE), Some(writer)) = (ended, writer)
        {
            // It may have ended: then there is nobody to tell.
            let _ = writer.send(Some(Signal::PIPE));
        }
        // Only now are the descriptors closed.
        self.tally
    }

    /// Moves some, or waits: whether there may be more. EPIPE when nobody reads the output.
    fn step(&mut self) -> nix::Result<bool> {
        let moved = if self.is_terminal { self.copy() } else { self.splice() };
        match moved {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.tally.bytes += count as u64;
                Ok(true)
            }
            Err(Errno::EINTR) => Ok(true),
            Err(Errno::EAGAIN) => self.wait().map(|()| true),
            // All who had the terminal open have closed it.
            Err(Errno::EIO) if self.is_terminal => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn splice(&self) -> nix::Result<usize> {
        let flags = SpliceFFlags::SPLICE_F_NONBLOCK | SpliceFFlags::SPLICE_F_MOVE;
        splice(&self.input, None, &self.output, None, LARGE, flags)
    }

    /// As much as is written as a whole.
    fn copy(&mut self) -> nix::Result<usize> {
        let mut buffer = [0; 4096];
        self.wait_for_input()?;
        let count = read(&self.input, &mut buffer)?;
        let mut rest = &buffer[..count];
        let began = Instant::now();
        while !rest.is_empty() {
            match write(&self.output, rest) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => self.wait_for_room()?,
                Err(error) => return Err(error),
            }
        }
        self.tally.full += began.elapsed();
        Ok(count)
    }

    /// Nothing can be moved: waits for input, or for room when it is there.
    fn wait(&mut self) -> nix::Result<()> {
        self.wait_for_input()?;
        let began = Instant::now();
        self.wait_for_room()?;
        self.tally.full += began.elapsed();
        Ok(())
    }

    fn wait_for_input(&mut self) -> nix::Result<()> {
        let began = Instant::now();
        let mut ends = [
            PollFd::new(self.input.as_fd(), PollFlags::POLLIN),
            // Only asked whether it is still read.
            PollFd::new(self.output.as_fd(), PollFlags::empty()),
        ];
        poll(&mut ends, PollTimeout::NONE)?;
        let is_broken = ends[1].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
        self.tally.empty += began.elapsed();
        if is_broken { Err(Errno::EPIPE) } else { Ok(()) }
    }

    fn wait_for_room(&self) -> nix::Result<()> {
        poll(&mut [PollFd::new(self.output.as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE).map(drop)
    }
}

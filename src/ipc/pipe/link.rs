//! What stands between two commands of a pipeline: a pipe, or a pipe behind which we watch.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::stat::fstat;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

use super::relay::{Relay, Tally};
use super::{Pipe, resize};
use crate::ipc::signal::Process;
use crate::proc::process;

/// How links are made.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinkShape {
    /// Bytes that a link has room for; the kernel's default without.
    pub capacity: Option<usize>,
    /// Every write is a packet: `O_DIRECT` of pipe(2).
    pub packets: bool,
    /// All goes through a thread of ours, which counts it and sees who waits for whom. There are two pipes
    /// then, so the link has room for twice as much.
    pub measured: bool,
}

/// A link between a writer and a reader.
#[derive(Debug)]
pub struct Link {
    /// Device and inode of what the reader has.
    inode: (u64, u64),
    relay: Option<Relay>,
}

/// The ends of a link, for the commands; both are closed on execve(2).
#[derive(Debug)]
pub struct Ends {
    /// What the first one writes to.
    pub writer: OwnedFd,
    /// What the second one reads.
    pub reader: OwnedFd,
}

impl Link {
    /// A new one. EPERM when a pipe may not have that capacity.
    pub fn new(shape: LinkShape) -> io::Result<(Self, Ends)> {
        let behind = Self::pipe(shape)?;
        if !shape.measured {
            let link = Self { inode: inode(&behind.reader)?, relay: None };
            return Ok((link, Ends { writer: behind.writer, reader: behind.reader }));
        }
        let before = Self::pipe(shape)?;
        let link = Self { inode: inode(&behind.reader)?, relay: Some(Relay::new(before.reader, behind.writer)) };
        Ok((link, Ends { writer: before.writer, reader: behind.reader }))
    }

    /// One whose writer sees a terminal, so that it writes each line at once.
    pub fn with_terminal(shape: LinkShape) -> io::Result<(Self, Ends)> {
        let pipe = Self::pipe(shape)?;
        let (link, writer) = Self::from_terminal(pipe.writer)?;
        Ok((Self { inode: inode(&pipe.reader)?, ..link }, Ends { writer, reader: pipe.reader }))
    }

    /// From a terminal that is returned, for a writer, to any output.
    pub fn from_terminal(output: OwnedFd) -> io::Result<(Self, OwnedFd)> {
        let terminal = openpty(None, None)?;
        for end in [&terminal.master, &terminal.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        // Bytes pass as they are: no carriage returns before the ends of lines.
        let mut settings = tcgetattr(&terminal.slave)?;
        cfmakeraw(&mut settings);
        tcsetattr(&terminal.slave, SetArg::TCSANOW, &settings)?;
        let inode = inode(&output)?;
        Ok((Self { inode, relay: Some(Relay::from_terminal(terminal.master, output)) }, terminal.slave))
    }

    /// Two links over one descriptor for each side, which reads and writes it: socketpair(2). The ends are
    /// those of the two sides.
    pub fn sockets() -> io::Result<([Self; 2], [OwnedFd; 2])> {
        let (first, second) = UnixStream::pair()?;
        let ends = [OwnedFd::from(first), OwnedFd::from(second)];
        let link = |reader: &OwnedFd| Ok::<_, io::Error>(Self { inode: inode(reader)?, relay: None });
        Ok(([link(&ends[1])?, link(&ends[0])?], ends))
    }

    fn pipe(shape: LinkShape) -> io::Result<Pipe> {
        let pipe = Pipe::new(shape.packets)?;
        if let Some(capacity) = shape.capacity {
            resize(&pipe.writer, capacity)?;
        }
        Ok(pipe)
    }

    /// Begins to move what has to be moved. `writer` is told by SIGPIPE when its terminal has no reader any
    /// more, as it would be told by a pipe.
    pub fn start(&mut self, writer: Option<Process>) -> io::Result<()> {
        self.relay.as_mut().map_or(Ok(()), |relay| relay.start(writer))
    }

    /// Whether nothing will be read from it any more, seen from a writer that has just ended: the reader of
    /// this pid has closed its end, or ended.
    #[must_use]
    pub fn is_abandoned(&self, reader: i32) -> bool {
        match &self.relay {
            Some(relay) => relay.is_over(),
            None => process::open_on(reader, self.inode).is_empty(),
        }
    }

    /// Waits until all that can be moved has been: what that was, where it went through us.
    pub fn finish(self) -> Option<Tally> {
        self.relay.map(Relay::finish)
    }
}

fn inode(fd: impl AsFd) -> io::Result<(u64, u64)> {
    let status = fstat(fd)?;
    Ok((status.st_dev, status.st_ino))
}

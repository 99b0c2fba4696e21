//! What `rsock listen` does without a command: print what comes through all connections at once.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit};

use super::records::{self, CHUNK, LONGEST, on_the_wire, push, take_packet};
use crate::app::Context;
use crate::exit::{GaveUp, words};
use crate::framing::{Framing, Label, Reader, Writer};
use crate::ipc::Wait;
use crate::ipc::socket::{Deadline, Listener, Socket, Type};
use crate::sys::{errno, signal};

/// Prints what comes.
pub(super) struct Printer {
    listeners: Vec<Listener>,
    connections: Vec<Connection>,
    writer: Writer<'static>,
    framing: Framing,
    timeout: Option<Duration>,
    once: bool,
    /// How many have been accepted, or datagrams taken.
    accepted: i64,
    /// How many connections we may have at a time.
    most: usize,
}

/// A connection, and how records are cut from it.
struct Connection {
    number: i64,
    from: From,
    /// There may be records that are read and not printed.
    has_more: bool,
}

enum From {
    Frames(Box<Reader<Socket>>),
    Bytes(Socket),
    Packets(Socket),
}

impl Connection {
    fn new(socket: Socket, number: i64, framing: Framing) -> io::Result<Self> {
        let from = match (socket.kind(), on_the_wire(framing)) {
            (Type::Stream, Framing::Whole) => From::Bytes(socket),
            (Type::Stream, wire) => From::Frames(Box::new(Reader::new(socket, wire, 0, LONGEST))),
            _ => {
                socket.ask_for_senders()?;
                From::Packets(socket)
            }
        };
        Ok(Self { number, from, has_more: false })
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match &self.from {
            From::Frames(reader) => reader.input().as_fd(),
            From::Bytes(socket) | From::Packets(socket) => socket.as_fd(),
        }
    }

    /// Puts what is there into the writer, until that has enough; false at the end.
    fn take(&mut self, writer: &mut Writer<'_>) -> io::Result<bool> {
        self.has_more = false;
        let now = Deadline::of(Wait::Never);
        match &mut self.from {
            From::Frames(reader) => {
                reader.wait_until(Some(Instant::now()));
                while !writer.is_full() {
                    match reader.next() {
                        Ok(Some(record)) => push(writer, record, self.number)?,
                        Ok(None) => return Ok(false),
                        Err(error) if errno::is(&error, errno::ETIMEDOUT) => return Ok(true),
                        Err(error) => return Err(error),
                    }
                }
                self.has_more = true;
                Ok(true)
            }
            From::Bytes(socket) => {
                let mut length = 0;
                writer.receive_with(0, CHUNK, |slot| {
                    length = socket.receive(slot, now)?;
                    Ok((length, self.number))
                })?;
                Ok(length > 0)
            }
            From::Packets(socket) => take_packet(socket, writer, now, Some(self.number)),
        }
    }
}

impl Printer {
    pub(super) fn new(listeners: Vec<Listener>, framing: Framing, timeout: Option<Duration>, once: bool) -> Self {
        let datagrams = listeners.iter().any(|listener| listener.socket().kind() == Type::Datagram);
        let label = if datagrams { Label::Sender } else { Label::Connection };
        // Some descriptors are ours, and some are needed for a moment.
        let most = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft).saturating_sub(16).max(1);
        Self {
            listeners,
            connections: Vec::new(),
            writer: records::output(framing, label),
            framing,
            timeout,
            once,
            accepted: 0,
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// Prints until a signal comes, or with `once` until the one connection ends.
    pub(super) fn serve(&mut self, context: &mut Context) -> anyhow::Result<()> {
        loop {
            let done = self.once && self.accepted > 0;
            if done && self.connections.is_empty() {
                return Ok(());
            }
            let is_open = !done && self.connections.len() < self.most;
            let (ready_listeners, ready_connections) = self.wait(is_open)?;
            for index in ready_connections {
                self.take(index, context);
            }
            self.connections.retain(|connection| connection.number != CLOSED);
            for index in ready_listeners {
                self.come(index).context("cannot accept")?;
            }
            records::flush(&mut self.writer)?;
        }
    }

    /// Waits: the indices of listeners and connections where something came.
    fn wait(&self, is_open: bool) -> anyhow::Result<(Vec<usize>, Vec<usize>)> {
        let listening = if is_open { self.listeners.len() } else { 0 };
        let fds =
            self.listeners[..listening].iter().map(AsFd::as_fd).chain(self.connections.iter().map(Connection::fd));
        let mut fds: Vec<PollFd<'_>> = fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        let is_busy = self.connections.iter().any(|connection| connection.has_more);
        let limit = if is_busy { Some(Duration::ZERO) } else { self.timeout };
        let limit = limit.map_or(PollTimeout::NONE, |limit| {
            PollTimeout::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(PollTimeout::MAX)
        });
        loop {
            match poll(&mut fds, limit) {
                Err(nix::errno::Errno::EINTR) if signal::caught().is_none() => continue,
                Ok(0) if !is_busy => bail!(GaveUp("nothing came until the timeout".into())),
                done => done.map_err(io::Error::from).context("cannot wait for connections")?,
            };
            break;
        }
        let ready = |index: usize| fds[index].any().unwrap_or(true);
        let listeners = (0..listening).filter(|&index| ready(index)).collect();
        let has_come = |&index: &usize| ready(listening + index) || self.connections[index].has_more;
        Ok((listeners, (0..self.connections.len()).filter(has_come).collect()))
    }

    /// Takes what came through a connection, and marks it when it has ended.
    fn take(&mut self, index: usize, context: &mut Context) {
        let connection = &mut self.connections[index];
        match connection.take(&mut self.writer) {
            Ok(true) => {}
            Ok(false) => connection.number = CLOSED,
            // Somebody else took it.
            Err(error) if errno::is(&error, errno::ETIMEDOUT) => {}
            Err(error) => {
                context.note(&format!("connection {} broke: {}", connection.number, words(&error)));
                connection.number = CLOSED;
            }
        }
    }

    /// Accepts a connection, or takes a datagram.
    fn come(&mut self, index: usize) -> io::Result<()> {
        if self.once && self.accepted > 0 {
            return Ok(());
        }
        let listener = &mut self.listeners[index];
        self.accepted += 1;
        if listener.socket().kind() == Type::Datagram {
            take_packet(listener.socket(), &mut self.writer, Deadline::of(Wait::Never), None)?;
        } else {
            let socket = listener.accept(Deadline::of(Wait::Forever))?;
            self.connections.push(Connection::new(socket, self.accepted, self.framing)?);
        }
        if self.once {
            listener.withdraw();
        }
        Ok(())
    }
}

/// The number of a connection that has ended.
const CLOSED: i64 = 0;

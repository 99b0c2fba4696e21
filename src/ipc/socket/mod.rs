//! Sockets: between processes of one machine (unix(7)) and between machines (tcp(7)).
//!
//! [`Address`] says where, [`Type`] what travels: bytes or packets. A [`Socket`] is an end to talk
//! through, a [`Listener`] a place where others come. Whatever can wait takes a [`Deadline`]; then the
//! error is ETIMEDOUT. [`inventory`] lists the sockets of this network namespace and who has them.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use nix::sys::socket::sockopt::{AcceptConn, PassCred, PeerCredentials, PeerPidfd};
use nix::sys::socket::{
    ControlMessage, MsgFlags, Shutdown, UnixCredentials, getsockopt, sendmsg, setsockopt, shutdown,
};

use deadline::uninterrupted;
use name::{of_inet, text, unix_address};

use crate::sys::{errno, fd, socket as sys};

mod address;
mod connect;
mod deadline;
mod diag;
pub mod inventory;
mod listener;
mod name;
mod peer;
mod resolve;

pub use address::{Address, AddressError, TcpName, UnixName};
pub use deadline::Deadline;
pub use listener::{Listener, Setup};
pub use peer::Peer;

/// What travels through a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Bytes, in order, in both directions (`SOCK_STREAM`).
    Stream,
    /// Packets from anybody, each by itself (`SOCK_DGRAM`).
    Datagram,
    /// Packets, in order, through a connection (`SOCK_SEQPACKET`).
    SeqPacket,
}

impl Type {
    const fn of_kernel(self) -> nix::sys::socket::SockType {
        match self {
            Self::Stream => nix::sys::socket::SockType::Stream,
            Self::Datagram => nix::sys::socket::SockType::Datagram,
            Self::SeqPacket => nix::sys::socket::SockType::SeqPacket,
        }
    }

    /// The type of this number in the kernel's `SOCK_*`.
    fn of_number(number: i32) -> Option<Self> {
        [Self::Stream, Self::Datagram, Self::SeqPacket].into_iter().find(|kind| kind.of_kernel() as i32 == number)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Datagram => "dgram",
            Self::SeqPacket => "seqpacket",
        })
    }
}

/// One end of a conversation.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    kind: Type,
    /// The pid of the command at the other end, where we started one.
    command: Option<i32>,
}

/// A packet in the caller's buffer.
#[derive(Debug)]
pub struct Packet {
    /// Its length.
    pub length: usize,
    /// The process that sent it, where [`Socket::ask_for_senders`] was called in time: 0 for none.
    pub pid: i32,
    /// Where an answer would go.
    pub sender: Option<Sender>,
    /// Descriptors that came with it.
    pub descriptors: Vec<OwnedFd>,
    /// Some descriptors did not fit into this process.
    pub descriptors_lost: bool,
}

/// Whom a datagram came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(UnixName);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl From<Socket> for OwnedFd {
    fn from(socket: Socket) -> Self {
        socket.fd
    }
}

impl Socket {
    fn new(fd: OwnedFd, kind: Type) -> Self {
        Self { fd, kind, command: None }
    }

    /// What travels through it.
    #[must_use]
    pub fn kind(&self) -> Type {
        self.kind
    }

    /// The command at the other end where [`connect`](Self::connect) started one (`exec:`): a child of ours
    /// that nobody waits for, so that its pid stays its own.
    #[must_use]
    pub fn command(&self) -> Option<i32> {
        self.command
    }

    /// Whether it is one that others connect to.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        getsockopt(&self.fd, AcceptConn).unwrap_or(false)
    }

    /// From now on the kernel says of each packet which process sent it; and of a packet without bytes
    /// that it is one, where the end of a connection looks the same.
    #[doc(alias = "SO_PASSCRED")]
    pub fn ask_for_senders(&self) -> io::Result<()> {
        Ok(setsockopt(&self.fd, PassCred, &true)?)
    }

    /// Sends all of it: bytes of a stream, or one packet. EPIPE where the other side is gone.
    pub fn send(&self, bytes: &[u8], deadline: Deadline) -> io::Result<()> {
        self.send_with(bytes, &[], None, deadline)
    }

    /// Answers a datagram.
    pub fn send_to(&self, bytes: &[u8], sender: &Sender, deadline: Deadline) -> io::Result<()> {
        self.send_with(bytes, &[], Some(sender), deadline)
    }

    /// Sends all of it, with descriptors that the other side gets copies of. They travel with at least
    /// one byte.
    #[doc(alias = "SCM_RIGHTS")]
    pub fn send_descriptors(&self, bytes: &[u8], fds: &[BorrowedFd<'_>], deadline: Deadline) -> io::Result<()> {
        self.send_with(bytes, fds, None, deadline)
    }

    fn send_with(
        &self,
        bytes: &[u8],
        fds: &[BorrowedFd<'_>],
        to: Option<&Sender>,
        deadline: Deadline,
    ) -> io::Result<()> {
        let fds: Vec<i32> = fds.iter().map(std::os::fd::AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&fds)];
        let flags = MsgFlags::MSG_NOSIGNAL
            | if deadline.instant().is_some() { MsgFlags::MSG_DONTWAIT } else { MsgFlags::empty() };
        let to = to.map(|sender| unix_address(&sender.0)).transpose()?;
        let mut sent = 0;
        loop {
            // The descriptors go once, with the first bytes.
            let controls = if fds.is_empty() || sent > 0 { &[][..] } else { &rights[..] };
            let slices = [io::IoSlice::new(&bytes[sent..])];
            match uninterrupted(|| Ok(sendmsg(self.fd.as_raw_fd(), &slices, controls, flags, to.as_ref())?)) {
                Ok(count) => sent += count,
                Err(error) if errno::is(&error, errno::EAGAIN) => deadline.wait(&self.fd, fd::WRITABLE)?,
                Err(error) => return Err(error),
            }
            if self.kind != Type::Stream || sent >= bytes.len() {
                return Ok(());
            }
        }
    }

    /// Bytes of a stream, as many as are there; 0 at its end.
    pub fn receive(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        if deadline.instant().is_some() {
            deadline.wait(&self.fd, fd::READABLE)?;
        }
        uninterrupted(|| fd::read(&self.fd, buffer))
    }

    /// Waits for a packet: how long it will be, at least 1. It stays where it is.
    pub fn next_length(&self, deadline: Deadline) -> io::Result<usize> {
        if deadline.instant().is_some() {
            deadline.wait(&self.fd, fd::READABLE)?;
        }
        uninterrupted(|| sys::next_length(self.fd.as_fd())).map(|length| length.max(1))
    }

    /// Waits for a message with descriptors, also through a stream, and takes it.
    pub fn take_descriptors(&self, buffer: &mut [u8], deadline: Deadline) -> io::Result<Option<Packet>> {
        if deadline.instant().is_some() {
            deadline.wait(&self.fd, fd::READABLE)?;
        }
        self.take(buffer)
    }

    /// Takes the packet whose length is known; `None` at the end of the connection. EMSGSIZE where
    /// somebody else took that one, and the next was longer.
    pub fn take(&self, buffer: &mut [u8]) -> io::Result<Option<Packet>> {
        let room = buffer.len();
        let arrival = uninterrupted(|| sys::receive(self.fd.as_fd(), buffer))?;
        if self.kind != Type::Datagram && arrival.length == 0 && arrival.pid.is_none() {
            return Ok(None);
        }
        if arrival.length > room {
            return Err(errno::error(errno::EMSGSIZE));
        }
        Ok(Some(Packet {
            length: arrival.length,
            pid: arrival.pid.unwrap_or(0),
            sender: inventory::unix_name(&arrival.sender).map(Sender),
            descriptors: arrival.descriptors,
            descriptors_lost: arrival.descriptors_lost,
        }))
    }

    /// Says that nothing more comes from us. Reading goes on.
    #[doc(alias = "shutdown")]
    pub fn end_sending(&self) -> io::Result<()> {
        Ok(shutdown(self.fd.as_raw_fd(), Shutdown::Write)?)
    }

    /// Ends both directions at once: whoever waits for something here waits no longer.
    pub fn hang_up(&self) {
        // Where it is over already there is nothing to end.
        let _ = shutdown(self.fd.as_raw_fd(), Shutdown::Both);
    }

    /// Who is at the other end, as it was when the connection was made.
    pub fn peer(&self) -> io::Result<Peer> {
        Peer::of(self)
    }

    fn credentials(&self) -> io::Result<UnixCredentials> {
        Ok(getsockopt(&self.fd, PeerCredentials)?)
    }

    fn pidfd(&self) -> io::Result<OwnedFd> {
        Ok(getsockopt(&self.fd, PeerPidfd)?)
    }
}

impl Sender {
    /// As an address has it.
    #[must_use]
    pub fn address(&self) -> String {
        text(&Address::Unix(self.0.clone()))
    }
}

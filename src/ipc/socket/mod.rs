//! Sockets: between processes of one machine (unix(7)) and between machines (tcp(7)).
//!
//! [`Address`] says where, [`Type`] what travels: bytes or packets. A [`Socket`] is an end to talk
//! through, a [`Listener`] a place where others come. Whatever can wait takes a [`Deadline`]; then the
//! error is ETIMEDOUT. [`inventory`] lists the sockets of this network namespace and who has them.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::socket::sockopt::{AcceptConn, PassCred, PeerCredentials, PeerPidfd, SendTimeout, SockType};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, Shutdown, SockFlag, SockaddrLike, SockaddrStorage, UnixAddr,
    UnixCredentials, connect, getpeername, getsockname, getsockopt, sendmsg, setsockopt, shutdown, socket, socketpair,
};
use nix::sys::time::TimeVal;

use deadline::uninterrupted;

use crate::sys::{errno, fd, socket as sys};

mod address;
mod deadline;
mod diag;
pub mod inventory;
mod listener;
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

/// The same as what [`Type`] nix calls by another name.
fn open(family: AddressFamily, kind: Type) -> io::Result<OwnedFd> {
    Ok(socket(family, kind.of_kernel(), SockFlag::SOCK_CLOEXEC, None)?)
}

impl Socket {
    /// The other end of this address, before the deadline.
    ///
    /// ECONNREFUSED where nobody listens, ENOENT where there is not even a file, EPROTOTYPE where a
    /// socket of another type listens. EAGAIN when a unix listener had no room until the deadline.
    pub fn connect(address: &Address, kind: Type, deadline: Deadline) -> io::Result<Self> {
        match address {
            Address::Unix(name) => {
                let socket = Self { fd: open(AddressFamily::Unix, kind)?, kind };
                if kind == Type::Datagram {
                    // A name of its own, so that the other side can answer (unix(7), autobind).
                    nix::sys::socket::bind(socket.fd.as_raw_fd(), &UnixAddr::new_unnamed())?;
                }
                socket.connect_to(&unix_address(name)?, deadline)?;
                Ok(socket)
            }
            Address::Tcp(name) => Self::connect_tcp(name, kind, deadline),
            Address::Exec(command) => {
                let (ours, theirs) = Self::pair(kind)?;
                let (input, output) = (theirs.fd.try_clone()?, theirs.fd);
                let mut shell = Command::new("sh");
                // It ends when it sees the end of its input; nobody waits for it but init.
                shell.arg("-c").arg(command).stdin(Stdio::from(input)).stdout(Stdio::from(output)).spawn()?;
                Ok(ours)
            }
            Address::Descriptor(number) => Self::inherited(*number),
        }
    }

    fn connect_tcp(name: &TcpName, kind: Type, deadline: Deadline) -> io::Result<Self> {
        let mut last = errno::error(errno::EINVAL);
        for address in resolve::addresses(name)? {
            let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
            let attempt = open(family, kind).and_then(|fd| {
                let socket = Self { fd, kind };
                socket.connect_to(&SockaddrStorage::from(address), deadline).map(|()| socket)
            });
            match attempt {
                Err(error) if !errno::is(&error, errno::EINTR) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    /// connect(2) has no limit of its own but that of sending.
    fn connect_to(&self, address: &dyn SockaddrLike, deadline: Deadline) -> io::Result<()> {
        if let Some(left) = deadline.left() {
            // Zero would be no limit.
            let left = left.max(Duration::from_millis(1));
            let seconds = i64::try_from(left.as_secs()).unwrap_or(i64::MAX);
            setsockopt(&self.fd, SendTimeout, &TimeVal::new(seconds, left.subsec_micros().into()))?;
        }
        let connected = uninterrupted(|| Ok(connect(self.fd.as_raw_fd(), address)?));
        match connected {
            Err(error) if [errno::EINPROGRESS, errno::EAGAIN].iter().any(|&code| errno::is(&error, code)) => {
                Err(errno::error(errno::ETIMEDOUT))
            }
            done => done,
        }
    }

    /// Both ends of a conversation.
    #[doc(alias = "socketpair")]
    pub fn pair(kind: Type) -> io::Result<(Self, Self)> {
        let (one, other) = socketpair(AddressFamily::Unix, kind.of_kernel(), None, SockFlag::SOCK_CLOEXEC)?;
        Ok((Self { fd: one, kind }, Self { fd: other, kind }))
    }

    /// The socket that our parent left open under this number: EBADF, ENOTSOCK.
    pub fn inherited(number: i32) -> io::Result<Self> {
        let fd = sys::duplicate(number, 3)?;
        // The type is a number among those that nix may not know.
        let kind = getsockopt(&fd, SockType).map_or_else(
            |error| if error == nix::errno::Errno::EINVAL { Ok(None) } else { Err(io::Error::from(error)) },
            |kind| Ok(Type::of_number(kind as i32)),
        )?;
        kind.map(|kind| Self { fd, kind }).ok_or_else(|| errno::error(errno::EOPNOTSUPP))
    }

    /// What travels through it.
    #[must_use]
    pub fn kind(&self) -> Type {
        self.kind
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

    /// Whether both ends are on this machine, so that there is a [`peer`](Self::peer).
    #[must_use]
    pub fn is_unix(&self) -> bool {
        let own = getsockname::<SockaddrStorage>(self.fd.as_raw_fd());
        own.is_ok_and(|address| address.as_unix_addr().is_some())
    }

    /// Its own address, where it has one.
    #[must_use]
    pub fn own_address(&self) -> Option<String> {
        getsockname(self.fd.as_raw_fd()).ok().and_then(|address| shown(&address))
    }

    /// The address of the other end, where that has one.
    #[must_use]
    pub fn peer_address(&self) -> Option<String> {
        getpeername(self.fd.as_raw_fd()).ok().and_then(|address| shown(&address))
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

/// The kernel's form of a name.
fn unix_address(name: &UnixName) -> io::Result<UnixAddr> {
    Ok(match name {
        UnixName::Path(path) => UnixAddr::new(path)?,
        UnixName::Abstract(name) => UnixAddr::new_abstract(name)?,
    })
}

/// A name that the kernel tells; none where it is empty.
fn unix_name(address: &UnixAddr) -> Option<UnixName> {
    let path = address.path().map(|path| UnixName::Path(path.to_path_buf()));
    path.or_else(|| address.as_abstract().map(|name| UnixName::Abstract(name.to_vec())))
}

/// An address as [`Address::parse`] takes it; none for a socket without a name.
fn shown(address: &SockaddrStorage) -> Option<String> {
    if let Some(unix) = address.as_unix_addr() {
        return unix_name(unix).map(|name| text(&Address::Unix(name)));
    }
    let four = address.as_sockaddr_in().map(|four| format!("tcp:{}:{}", four.ip(), four.port()));
    four.or_else(|| address.as_sockaddr_in6().map(|six| of_inet(six.ip().into(), six.port())))
}

/// For tables and variables, which hold text.
fn text(address: &Address) -> String {
    String::from_utf8_lossy(&address.to_bytes()).into_owned()
}

/// `tcp:` and its number; what is IPv4 in IPv6 as IPv4.
fn of_inet(number: std::net::IpAddr, port: u16) -> String {
    format!("tcp:{}", std::net::SocketAddr::new(number.to_canonical(), port))
}

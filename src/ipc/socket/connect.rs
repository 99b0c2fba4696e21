//! How a socket comes to be: connect(2), socketpair(2), a command, or our parent.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::socket::sockopt::{SendTimeout, SockType};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockaddrLike, SockaddrStorage, UnixAddr, connect, getsockopt, setsockopt, socket,
    socketpair,
};
use nix::sys::time::TimeVal;

use super::deadline::uninterrupted;
use super::name::unix_address;
use super::{Address, Deadline, Socket, TcpName, Type, resolve};
use crate::sys::{errno, fd};

/// The same as what [`Type`] nix calls by another name.
pub(super) fn open(family: AddressFamily, kind: Type) -> io::Result<OwnedFd> {
    Ok(socket(family, kind.of_kernel(), SockFlag::SOCK_CLOEXEC, None)?)
}

impl Socket {
    /// The other end of this address, before the deadline.
    ///
    /// ECONNREFUSED where nobody listens, ENOENT where there is not even a file, EPROTOTYPE where a
    /// socket of another type listens. ETIMEDOUT when the other side had no room, or said nothing, until
    /// the deadline.
    pub fn connect(address: &Address, kind: Type, deadline: Deadline) -> io::Result<Self> {
        match address {
            Address::Unix(name) => {
                let socket = Self::new(open(AddressFamily::Unix, kind)?, kind);
                if kind == Type::Datagram {
                    // A name of its own, so that the other side can answer (unix(7), autobind).
                    nix::sys::socket::bind(socket.fd.as_raw_fd(), &UnixAddr::new_unnamed())?;
                }
                socket.connect_to(&unix_address(name)?, deadline)?;
                Ok(socket)
            }
            Address::Tcp(name) => Self::connect_tcp(name, kind, deadline),
            Address::Exec(command) => Self::start(command, kind),
            Address::Descriptor(number) => Self::inherited(*number),
        }
    }

    /// A shell command whose standard input and output are the other end. It sees the end of its input
    /// when we have gone.
    fn start(command: &OsStr, kind: Type) -> io::Result<Self> {
        let (ours, theirs) = Self::pair(kind)?;
        let (input, output) = (theirs.fd.try_clone()?, theirs.fd);
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(command).stdin(Stdio::from(input)).stdout(Stdio::from(output));
        let command = Some(shell.spawn()?.id().cast_signed());
        Ok(Self { command, ..ours })
    }

    fn connect_tcp(name: &TcpName, kind: Type, deadline: Deadline) -> io::Result<Self> {
        let mut last = errno::error(errno::EINVAL);
        for address in resolve::addresses(name)? {
            let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
            let attempt = open(family, kind).and_then(|fd| {
                let socket = Self::new(fd, kind);
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
        Ok((Self::new(one, kind), Self::new(other, kind)))
    }

    /// The socket that our parent left open under this number: EBADF, ENOTSOCK.
    pub fn inherited(number: i32) -> io::Result<Self> {
        let fd = fd::duplicate_from(number, 3, true)?;
        // The type is a number among those that nix may not know.
        let kind = getsockopt(&fd, SockType).map_or_else(
            |error| if error == nix::errno::Errno::EINVAL { Ok(None) } else { Err(io::Error::from(error)) },
            |kind| Ok(Type::of_number(kind as i32)),
        )?;
        kind.map(|kind| Self::new(fd, kind)).ok_or_else(|| errno::error(errno::EOPNOTSUPP))
    }
}

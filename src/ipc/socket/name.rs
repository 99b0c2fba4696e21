//! The names of sockets as the kernel has them: getsockname(2), getpeername(2).

use std::io;
use std::os::fd::AsRawFd as _;

use nix::sys::socket::{SockaddrStorage, UnixAddr, getpeername, getsockname};

use super::{Address, Socket, UnixName};

impl Socket {
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
}

/// The kernel's form of a name.
pub(super) fn unix_address(name: &UnixName) -> io::Result<UnixAddr> {
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
pub(super) fn text(address: &Address) -> String {
    String::from_utf8_lossy(&address.to_bytes()).into_owned()
}

/// `tcp:` and its number; what is IPv4 in IPv6 as IPv4.
pub(super) fn of_inet(number: std::net::IpAddr, port: u16) -> String {
    format!("tcp:{}", std::net::SocketAddr::new(number.to_canonical(), port))
}

//! A place where others come: bind(2), listen(2), accept(2).

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::socket::sockopt::{Ipv6V6Only, ReuseAddr};
use nix::sys::socket::{AddressFamily, SockaddrStorage, bind, setsockopt};
use nix::sys::stat::{Mode as FileMode, umask};

use super::connect::open;
use super::deadline::uninterrupted;
use super::name::unix_address;
use super::{Address, Deadline, Socket, Type, UnixName, diag, resolve};
use crate::ipc::{Mode, Wait};
use crate::sys::{errno, socket as sys};

/// How a place is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setup {
    /// Permissions of the socket's file: who may write may connect.
    pub mode: Mode,
    /// How many connections wait to be accepted.
    pub backlog: u16,
}

/// A place where others connect, or send datagrams to. A file that it made is removed when it is
/// dropped.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// Ours to remove: its path and inode.
    file: Option<(PathBuf, u64)>,
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.withdraw();
    }
}

impl Listener {
    /// Makes the place; EADDRINUSE where somebody is.
    ///
    /// A socket's file that nobody listens at any more is replaced; whatever is no socket's stays.
    pub fn new(address: &Address, kind: Type, setup: Setup) -> io::Result<Self> {
        match address {
            Address::Unix(UnixName::Path(path)) => Self::at_path(path, kind, setup),
            Address::Unix(name) => {
                let socket = unnamed(kind)?;
                bind(socket.fd.as_raw_fd(), &unix_address(name)?)?;
                Self { socket, file: None }.open_door(setup)
            }
            Address::Tcp(name) => {
                let mut last = errno::error(errno::EINVAL);
                for address in resolve::addresses(name)? {
                    match Self::at_number(address, kind, setup) {
                        // Where there is no IPv6 IPv4 has to do.
                        Err(error) => last = error,
                        made => return made,
                    }
                }
                Err(last)
            }
            Address::Descriptor(number) => Ok(Self { socket: Socket::inherited(*number)?, file: None }),
            Address::Exec(_) => Err(errno::error(errno::EOPNOTSUPP)),
        }
    }

    fn at_number(address: std::net::SocketAddr, kind: Type, setup: Setup) -> io::Result<Self> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let socket = Socket::new(open(family, kind)?, kind);
        // A port whose last connections are being forgotten is free; one that is listened at is not.
        setsockopt(&socket.fd, ReuseAddr, &true)?;
        if address.is_ipv6() {
            setsockopt(&socket.fd, Ipv6V6Only, &!address.ip().is_unspecified())?;
        }
        bind(socket.fd.as_raw_fd(), &SockaddrStorage::from(address))?;
        Self { socket, file: None }.open_door(setup)
    }

    fn at_path(path: &Path, kind: Type, setup: Setup) -> io::Result<Self> {
        let bound = match bind_file(path, kind, setup.mode) {
            Err(error) if errno::is(&error, errno::EADDRINUSE) => {
                // Of several who find the same stale file one replaces it, and the others find that one.
                let _held = hold_folder_of(path);
                remove_stale(path, kind)?;
                bind_file(path, kind, setup.mode)
            }
            bound => bound,
        }?;
        let inode = fs::symlink_metadata(path)?.ino();
        Self { socket: bound, file: Some((path.to_path_buf(), inode)) }.open_door(setup)
    }

    fn open_door(self, setup: Setup) -> io::Result<Self> {
        if self.socket.kind != Type::Datagram {
            sys::listen(&self.socket.fd, setup.backlog)?;
        }
        Ok(self)
    }

    /// The sockets that were handed over to us at descriptor 3 and on: sd_listen_fds(3). None where
    /// that was meant for another process.
    pub fn handed_over() -> io::Result<Vec<Self>> {
        let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<i32>().ok());
        if number("LISTEN_PID") != Some(std::process::id().cast_signed()) {
            return Ok(Vec::new());
        }
        let last = 3 + number("LISTEN_FDS").unwrap_or(0).clamp(0, 1024);
        (3..last).map(|number| Ok(Self { socket: Socket::inherited(number)?, file: None })).collect()
    }

    /// The socket itself: of datagrams it is what they come through.
    #[must_use]
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    /// The next connection. An end that was dropped before we came to it is passed over.
    pub fn accept(&self, deadline: Deadline) -> io::Result<Socket> {
        loop {
            if deadline.instant().is_some() {
                deadline.wait(&self.socket.fd, crate::sys::fd::READABLE)?;
            }
            match uninterrupted(|| sys::accept(self.socket.fd.as_fd())) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                accepted => return Ok(Socket::new(accepted?, self.socket.kind)),
            }
        }
    }

    /// Removes the file, if it is still ours: from here on nobody new finds this place.
    pub fn withdraw(&mut self) {
        if let Some((path, inode)) = self.file.take()
            && fs::symlink_metadata(&path).is_ok_and(|file| file.ino() == inode && file.file_type().is_socket())
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// A socket that will have a name. Who sends packets is told from the first one on.
fn unnamed(kind: Type) -> io::Result<Socket> {
    let socket = Socket::new(open(AddressFamily::Unix, kind)?, kind);
    if kind != Type::Stream {
        socket.ask_for_senders()?;
    }
    Ok(socket)
}

/// A socket with a file of this mode: bind(2) takes the permissions from the umask.
fn bind_file(path: &Path, kind: Type, mode: Mode) -> io::Result<Socket> {
    let socket = unnamed(kind)?;
    let address = unix_address(&UnixName::Path(path.to_path_buf()))?;
    let before = umask(FileMode::from_bits_truncate(!u32::from(mode.bits()) & 0o777));
    let bound = bind(socket.fd.as_raw_fd(), &address);
    umask(before);
    bound?;
    Ok(socket)
}

/// Holds the folder of a path (flock(2)), where it can be opened.
fn hold_folder_of(path: &Path) -> Option<Flock<fs::File>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Flock::lock(fs::File::open(folder).ok()?, FlockArg::LockExclusive).ok()
}

/// Removes a socket's file that no socket has any more; EADDRINUSE where one has, or it is another file.
fn remove_stale(path: &Path, kind: Type) -> io::Result<()> {
    let in_use = || errno::error(errno::EADDRINUSE);
    let file = match fs::symlink_metadata(path) {
        // Whoever had it has just gone.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    // One that is bound and does not listen yet would refuse a connection; one that serves a single
    // client would take us for that.
    if !file.file_type().is_socket() || diag::has_file(&file)? {
        return Err(in_use());
    }
    // There are other network namespaces.
    let address = Address::Unix(UnixName::Path(path.to_path_buf()));
    match Socket::connect(&address, kind, Deadline::of(Wait::Never)) {
        Err(error) if errno::is(&error, errno::ECONNREFUSED) => fs::remove_file(path),
        _ => Err(in_use()),
    }
}

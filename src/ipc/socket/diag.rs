//! The kernel's own lists of sockets: sock_diag(7), over netlink(7).

use std::fs::Metadata;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;

use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, send, socket};
use nix::sys::stat::{major, minor};

use crate::sys::{errno, fd};

/// A unix socket, as the kernel tells it.
#[derive(Debug, Default)]
pub(super) struct Unix {
    pub kind: u8,
    pub state: u8,
    pub inode: u32,
    /// The bytes of its name: a path, or an abstract name behind a NUL byte.
    pub name: Option<Vec<u8>>,
    /// Inode and device of its file.
    pub file: Option<(u32, u32)>,
    pub peer: Option<u32>,
    /// Of a listener, the connections that wait to be accepted.
    pub waiting: Vec<u32>,
    /// What RQLEN tells: see [`super::inventory::Queues`].
    pub queues: Option<(u32, u32)>,
    pub shutdown: u8,
    pub uid: Option<u32>,
}

/// A TCP socket, as the kernel tells it.
#[derive(Debug)]
pub(super) struct Tcp {
    pub state: u8,
    pub local: SocketAddr,
    pub remote: SocketAddr,
    pub queues: (u32, u32),
    pub uid: u32,
    pub inode: u32,
}

/// Length of a netlink message's header.
const HEADER: usize = 16;
/// `SOCK_DIAG_BY_FAMILY` of linux/sock_diag.h.
const BY_FAMILY: u16 = 20;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// `NLMSG_ERROR` and `NLMSG_DONE`.
const ERROR: u16 = 2;
const DONE: u16 = 3;
/// All of `UDIAG_SHOW_*` but memory: name, file, peer, waiting connections, queues, user.
const SHOW: u32 = 0x5f;

/// Every unix socket of this network namespace.
pub(super) fn unix() -> io::Result<Vec<Unix>> {
    let mut request = vec![1, 0, 0, 0];
    for field in [u32::MAX, 0, SHOW, u32::MAX, u32::MAX] {
        request.extend(field.to_ne_bytes());
    }
    let mut found = Vec::new();
    dump(&request, |message| found.extend(read_unix(message)))?;
    Ok(found)
}

/// Every TCP socket of this network namespace, IPv4 and IPv6.
pub(super) fn tcp() -> io::Result<Vec<Tcp>> {
    let mut found = Vec::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let family = u8::try_from(family as i32).unwrap_or(0);
        let mut request = vec![family, 6, 0, 0];
        request.extend(u32::MAX.to_ne_bytes());
        request.resize(56, 0);
        dump(&request, |message| found.extend(read_tcp(message)))?;
    }
    Ok(found)
}

/// A file as the lists tell it: the lower half of its inode's number, and its device.
pub(super) fn file_id(file: &Metadata) -> (u32, u32) {
    let device = u32::try_from(major(file.dev()) << 20 | minor(file.dev())).unwrap_or(0);
    (u32::try_from(file.ino() & u64::from(u32::MAX)).unwrap_or(0), device)
}

/// Whether a socket of this network namespace has this file.
pub(super) fn has_file(file: &Metadata) -> io::Result<bool> {
    Ok(unix()?.iter().any(|socket| socket.file == Some(file_id(file))))
}

/// Asks, and lets `take` have the body of each message of the answer.
fn dump(request: &[u8], mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let asked: OwnedFd =
        socket(AddressFamily::Netlink, SockType::Datagram, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkSockDiag)?;
    let mut message = Vec::new();
    message.extend(u32::try_from(HEADER + request.len()).unwrap_or(0).to_ne_bytes());
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend(DUMP.to_ne_bytes());
    message.extend([0; 8]);
    message.extend_from_slice(request);
    send(asked.as_raw_fd(), &message, MsgFlags::empty())?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let got = fd::read(&asked, &mut buffer)?;
        let mut rest = &buffer[..got];
        while let (Some(length), Some(kind)) = (number(rest, 0), half(rest, 4)) {
            let length = (length as usize).clamp(HEADER, rest.len());
            let body = &rest[HEADER..length];
            match kind {
                DONE => return Ok(()),
                ERROR => return Err(errno::error(number(body, 0).map_or(0, |code| code.cast_signed().wrapping_neg()))),
                _ => take(body),
            }
            rest = &rest[aligned(length).min(rest.len())..];
        }
        if got == 0 {
            return Ok(());
        }
    }
}

fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// `struct unix_diag_msg` and its attributes.
fn read_unix(message: &[u8]) -> Option<Unix> {
    let mut socket = Unix { kind: *message.get(1)?, state: *message.get(2)?, ..Unix::default() };
    socket.inode = number(message, 4)?;
    let mut rest = message.get(16..)?;
    while let (Some(length), Some(kind)) = (half(rest, 0), half(rest, 2)) {
        let length = usize::from(length).clamp(4, rest.len());
        let value = &rest[4..length];
        match kind {
            0 => socket.name = Some(value.to_vec()),
            1 => socket.file = number(value, 0).zip(number(value, 4)),
            2 => socket.peer = number(value, 0),
            3 => socket.waiting = value.chunks_exact(4).filter_map(|chunk| number(chunk, 0)).collect(),
            4 => socket.queues = number(value, 0).zip(number(value, 4)),
            6 => socket.shutdown = *value.first()?,
            7 => socket.uid = number(value, 0),
            _ => {}
        }
        rest = &rest[aligned(length).min(rest.len())..];
    }
    Some(socket)
}

/// `struct inet_diag_msg`: ports and addresses as they travel.
fn read_tcp(message: &[u8]) -> Option<Tcp> {
    let address = |port: usize, at: usize| {
        let port = u16::from_be_bytes(message.get(port..port + 2)?.try_into().ok()?);
        let number: IpAddr = if i32::from(message[0]) == AddressFamily::Inet as i32 {
            Ipv4Addr::from(<[u8; 4]>::try_from(message.get(at..at + 4)?).ok()?).into()
        } else {
            Ipv6Addr::from(<[u8; 16]>::try_from(message.get(at..at + 16)?).ok()?).into()
        };
        Some(SocketAddr::new(number.to_canonical(), port))
    };
    Some(Tcp {
        state: *message.get(1)?,
        local: address(4, 8)?,
        remote: address(6, 24)?,
        queues: (number(message, 56)?, number(message, 60)?),
        uid: number(message, 64)?,
        inode: number(message, 68)?,
    })
}

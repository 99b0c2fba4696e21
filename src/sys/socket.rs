//! What `nix` leaves of sockets: descriptors that the kernel hands out as numbers, and who is at the
//! other end. socket(7), unix(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::{check, check_len};

/// Lets others connect; this many wait to be accepted, or as many as `net.core.somaxconn` allows. (nix's listen
/// allows as many as the C library was told of, which with musl are 128.)
pub(crate) fn listen(socket: impl AsFd, backlog: u16) -> io::Result<()> {
    // SAFETY: no pointers.
    check(unsafe { libc::listen(socket.as_fd().as_raw_fd(), backlog.into()) }).map(drop)
}

/// Accepts a connection; it is closed on exec(3).
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: NULL for the address that is not asked for.
    let fd =
        check(unsafe { libc::accept4(listener.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), libc::SOCK_CLOEXEC) })?;
    Ok(adopt(fd))
}

/// Puts `fd` at this number for a command that we become: it is not closed on exec(3).
pub(crate) fn place(fd: impl AsFd, number: RawFd) -> io::Result<()> {
    // SAFETY: no pointers; whoever calls this has nothing of their own at the number.
    check(unsafe { libc::dup2(fd.as_fd().as_raw_fd(), number) }).map(drop)
}

fn adopt(fd: RawFd) -> OwnedFd {
    // SAFETY: a new descriptor that nobody else owns.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// The length of the packet that comes next, which stays; of a stream 0 or 1. Waits for it.
pub(crate) fn next_length(fd: BorrowedFd<'_>) -> io::Result<usize> {
    let mut byte = 0_u8;
    // SAFETY: writes at most one byte.
    check_len(unsafe { libc::recv(fd.as_raw_fd(), (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_TRUNC) })
}

/// The most descriptors that one message carries (`SCM_MAX_FD` of the kernel).
pub(crate) const MOST_DESCRIPTORS: usize = 253;

/// What one recvmsg(2) brought.
#[derive(Debug, Default)]
pub(crate) struct Arrival {
    /// Bytes that the packet had, which may be more than the buffer took.
    pub length: usize,
    /// The process that sent it, where the kernel tells (`SCM_CREDENTIALS`); 0 for one that it did not note.
    pub pid: Option<i32>,
    /// Descriptors that came along.
    pub descriptors: Vec<OwnedFd>,
    /// Some of them did not fit (`MSG_CTRUNC`).
    pub descriptors_lost: bool,
    /// The bytes of the name of a sender on this machine, as unix(7) has them in `sun_path`.
    pub sender: Vec<u8>,
}

#[cfg(target_env = "musl")]
type ControlLength = libc::socklen_t;
#[cfg(not(target_env = "musl"))]
type ControlLength = usize;

/// Room for the most descriptors and the credentials of one message, aligned as cmsg(3) wants it.
const CONTROL: usize = 160;

/// Receives once, with everything that comes along. (nix's recvmsg does not take senders without a name.)
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Arrival> {
    let mut control = [0_u64; CONTROL];
    let mut slice = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: both are plain C structures for which zeros are good values.
    let (mut name, mut header): (libc::sockaddr_un, libc::msghdr) = unsafe { std::mem::zeroed() };
    header.msg_name = (&raw mut name).cast();
    header.msg_namelen = libc::socklen_t::try_from(size_of_val(&name)).unwrap_or(0);
    header.msg_iov = &raw mut slice;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = length_of(&control);
    let flags = libc::MSG_TRUNC | libc::MSG_CMSG_CLOEXEC;
    // SAFETY: all that the header points to lives as long as the call, and has the lengths that it tells.
    let length = check_len(unsafe { libc::recvmsg(fd.as_raw_fd(), &raw mut header, flags) })?;
    let mut arrival = Arrival {
        length,
        descriptors_lost: header.msg_flags & libc::MSG_CTRUNC != 0,
        sender: sender(&name, header.msg_namelen as usize),
        ..Arrival::default()
    };
    // SAFETY: the kernel filled the header; the messages lie in `control`.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
    while !message.is_null() {
        // SAFETY: not NULL, so it points to a whole message in `control`, which nobody changes now.
        let (kind, data) = unsafe {
            let here = &*message;
            let begin = libc::CMSG_DATA(message);
            #[allow(clippy::unnecessary_cast, reason = "32 bits or 64, by the C library")]
            let end = message.cast::<u8>().add(here.cmsg_len as usize);
            ((here.cmsg_level, here.cmsg_type), std::slice::from_raw_parts(begin, end as usize - begin as usize))
        };
        let mut numbers = data.chunks_exact(4).map(|four| RawFd::from_ne_bytes([four[0], four[1], four[2], four[3]]));
        match kind {
            // Each is a new descriptor that nobody else owns.
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => arrival.descriptors.extend(numbers.map(adopt)),
            // The first of a struct ucred is the pid.
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => arrival.pid = numbers.next(),
            _ => {}
        }
        // SAFETY: as for the first one.
        message = unsafe { libc::CMSG_NXTHDR(&raw const header, message) };
    }
    Ok(arrival)
}

/// The bytes of the room for what comes along, in the type that the C library has for them.
#[allow(clippy::cast_possible_truncation, reason = "32 bits or 64, and it is little")]
fn length_of(control: &[u64; CONTROL]) -> ControlLength {
    size_of_val(control) as ControlLength
}

/// What of `sun_path` is the name.
fn sender(name: &libc::sockaddr_un, length: usize) -> Vec<u8> {
    let begin = std::mem::offset_of!(libc::sockaddr_un, sun_path);
    if i32::from(name.sun_family) != libc::AF_UNIX || length <= begin {
        return Vec::new();
    }
    let bytes = &name.sun_path[..(length - begin).min(name.sun_path.len())];
    bytes.iter().map(|&byte| byte.cast_unsigned()).collect()
}

/// The supplementary groups of the other end (`SO_PEERGROUPS`).
pub(crate) fn peer_groups(fd: BorrowedFd<'_>) -> io::Result<Vec<u32>> {
    let mut groups = vec![0_u32; 64];
    loop {
        let mut length = libc::socklen_t::try_from(groups.len() * 4).map_err(io::Error::other)?;
        // SAFETY: writes at most `length` bytes into `groups`, which has as many.
        let asked = check(unsafe {
            libc::getsockopt(
                fd.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut length,
            )
        });
        let count = length as usize / 4;
        match asked {
            Ok(_) => {
                groups.truncate(count);
                return Ok(groups);
            }
            Err(error) if error.raw_os_error() == Some(libc::ERANGE) && count > groups.len() => {
                groups.resize(count, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

//! What `nix` leaves of sockets: descriptors that the kernel hands out as numbers, and who is at the
//! other end. socket(7), unix(7).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use nix::cmsg_space;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, UnixAddr, UnixCredentials, recvmsg};

use super::{check, check_len};

/// Accepts a connection; it is closed on exec(3).
pub(crate) fn accept(listener: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    // SAFETY: NULL for the address that is not asked for.
    let fd =
        check(unsafe { libc::accept4(listener.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), libc::SOCK_CLOEXEC) })?;
    Ok(adopt(fd))
}

/// A descriptor of our own for what our parent left open under this number; EBADF where there is none.
pub(crate) fn duplicate(number: RawFd, lowest: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: no pointers; the number need not be a descriptor.
    check(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, lowest) }).map(adopt)
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
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Bytes that the packet had, which may be more than the buffer took.
    pub length: usize,
    /// Who sent it, where the kernel tells (`SCM_CREDENTIALS`).
    pub credentials: Option<UnixCredentials>,
    /// Descriptors that came along.
    pub descriptors: Vec<OwnedFd>,
    /// Some of them did not fit (`MSG_CTRUNC`).
    pub descriptors_lost: bool,
    /// The address of a sender on this machine, which may be no name.
    pub sender: Option<UnixAddr>,
}

/// Receives once, with everything that comes along.
pub(crate) fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8], descriptors: bool) -> io::Result<Arrival> {
    let mut room = if descriptors {
        cmsg_space!([RawFd; MOST_DESCRIPTORS], UnixCredentials)
    } else {
        cmsg_space!(UnixCredentials)
    };
    let mut slices = [io::IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_TRUNC | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<UnixAddr>(fd.as_raw_fd(), &mut slices, Some(&mut room), flags)?;
    let mut arrival = Arrival {
        length: message.bytes,
        credentials: None,
        descriptors: Vec::new(),
        descriptors_lost: message.flags.contains(MsgFlags::MSG_CTRUNC),
        sender: message.address,
    };
    // Where they did not all fit nix gives none; the kernel has closed those that it dropped.
    let Ok(controls) = message.cmsgs() else { return Ok(arrival) };
    for control in controls {
        match control {
            ControlMessageOwned::ScmCredentials(credentials) => arrival.credentials = Some(credentials),
            ControlMessageOwned::ScmRights(fds) => arrival.descriptors.extend(fds.into_iter().map(adopt)),
            _ => {}
        }
    }
    Ok(arrival)
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

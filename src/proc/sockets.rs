//! Who has which socket open, the links in `/proc/PID/fd`; and who wants to be connected to which.

use std::io;

use nix::sys::socket::AddressFamily;

use super::process::{self, Sleep};
use super::walk::Walker;

/// A socket among the descriptors of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// The process.
    pub pid: i32,
    /// The number it has there.
    pub number: i32,
    /// The socket's inode, by which the kernel's lists name it.
    pub inode: u64,
}

/// Every descriptor of other processes that is a socket, in one walk; and how many processes we may not
/// look at.
pub(crate) fn descriptors() -> io::Result<(Vec<Descriptor>, usize)> {
    let own = std::process::id().cast_signed();
    let mut walker = Walker::new()?;
    let (mut found, mut hidden) = (Vec::new(), 0);
    for pid in walker.pids()?.into_iter().filter(|&pid| pid != own) {
        // One that has ended has none.
        let Some(process) = walker.hold(pid) else { continue };
        let looked = walker.descriptors(&process, |process, descriptor| {
            // The file of a socket can be open, too, and is none.
            if descriptor.inode.is_socket() && process.path_of(descriptor.name).starts_with(b"socket:[") {
                let number = i32::try_from(descriptor.number()).unwrap_or(i32::MAX);
                found.push(Descriptor { pid, number, inode: descriptor.inode.number.1 });
            }
        });
        hidden += usize::from(looked.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied));
    }
    Ok((found, hidden))
}

/// The name of the unix socket that a thread sleeps in connect(2) for, as the kernel has it: `sun_path` of
/// unix(7). `None` for another family, and where we may not read its memory.
pub(crate) fn destination(pid: i32, sleep: &Sleep) -> Option<Vec<u8>> {
    // The size of sockaddr_un: the kernel takes no more.
    const LONGEST: usize = 110;
    let [_, address, length, ..] = sleep.arguments;
    let length = usize::try_from(length & 0xffff_ffff).ok().filter(|length| *length <= LONGEST)?;
    let mut name = vec![0; length];
    process::read_memory(pid, address, &mut name).ok()?;
    let path = name.split_off(size_of::<u16>().min(length));
    (name == (AddressFamily::Unix as u16).to_ne_bytes()).then_some(path)
}

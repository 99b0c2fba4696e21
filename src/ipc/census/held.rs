//! What exists only as long as processes have it: pipes, open FIFOs, unix unix_names, files that are mapped
//! to be shared.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;

use super::uses::Attention;
use super::{Class, Thing};
use crate::ipc::Mode;
use crate::proc::process::Sleep;
use crate::proc::walk::{Descriptor, Process};
use crate::proc::{pipes, unix_names};

/// Something that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub class: Class,
    /// Its path, or the number of its inode.
    pub name: Vec<u8>,
    /// Device and inode.
    pub inode: (u64, u64),
    /// Owner; `None` where only a mapping was seen.
    pub uid: Option<u32>,
    /// Permission bits, as for the owner.
    pub mode: Option<Mode>,
    /// Size in bytes of a file.
    pub size: Option<u64>,
    /// Somebody may write to it.
    pub(super) written: bool,
}

/// Gives the unix sockets among these their names, and leaves out the sockets of other families.
pub(super) fn name_sockets(held: &mut HashMap<Thing, Held>) -> io::Result<()> {
    if !held.values().any(|one| one.class == Class::Socket) {
        return Ok(());
    }
    let names = unix_names::names()?;
    held.retain(|_, one| match names.get(&one.inode.1) {
        _ if one.class != Class::Socket => true,
        None => false,
        Some(name) if name.is_empty() => true,
        Some(name) => {
            one.name.clone_from(name);
            true
        }
    });
    Ok(())
}

/// What a descriptor is open on, if that is of a kind that is looked for.
pub(super) fn of_descriptor(attention: &Attention, process: &Process, descriptor: Descriptor<'_>) -> Option<Held> {
    let inode = descriptor.inode;
    let mut held = Held {
        class: Class::Pipe,
        name: inode.number.1.to_string().into_bytes(),
        inode: inode.number,
        uid: Some(inode.uid),
        mode: Some(Mode::of(inode.mode)),
        size: None,
        written: true,
    };
    if inode.is_fifo() && (attention.wants(Class::Pipe) || attention.wants(Class::Fifo)) {
        let path = process.path_of(descriptor.name);
        if !path.starts_with(b"pipe:[") {
            (held.class, held.name) = (Class::Fifo, path);
        }
    } else if inode.is_socket() && attention.wants(Class::Socket) {
        held.class = Class::Socket;
    } else if inode.is_file() && inode.links == 0 && attention.wants(Class::File) {
        // Only memory: a file that was removed and is still open is no message to anybody.
        let path = process.path_of(descriptor.name);
        held.name = path
            .strip_prefix(b"/memfd:")
            .map(|name| [b"memfd:", name].concat())
            .or_else(|| path.starts_with(b"/dev/shm/").then(|| path.clone()))?;
        (held.class, held.size) = (Class::File, Some(inode.size));
    } else {
        return None;
    }
    attention.wants(held.class).then_some(held)
}

/// A file that is mapped to be shared; `None` for a device.
pub(super) fn of_mapping(path: &[u8], writable: bool, inode: (u64, u64)) -> Option<Held> {
    let name = match path.strip_prefix(b"/memfd:") {
        Some(name) => [b"memfd:", name].concat(),
        None if path.starts_with(b"/dev/") && !path.starts_with(b"/dev/shm/") => return None,
        None if path.starts_with(b"/") => path.to_vec(),
        None => return None,
    };
    Some(Held { class: Class::File, name, inode, uid: None, mode: None, size: None, written: writable })
}

/// The FIFO that a thread waits in open(2) for, and whether it opens it to write.
pub(super) fn opening(pid: i32, thread: i32, sleep: Sleep) -> Option<(Held, bool)> {
    // Nothing else is looked up: a path may lead to a server that does not answer.
    if !fs::read(format!("/proc/{thread}/wchan")).is_ok_and(|place| place == b"wait_for_partner") {
        return None;
    }
    let (target, flags) = pipes::opening(pid, sleep)?;
    let pipes::Target::Fifo { device, inode, path } = target else { return None };
    let name = path.as_os_str().as_bytes().to_vec();
    let (uid, mode) = (None, None);
    let held = Held { class: Class::Fifo, name, inode: (device, inode), uid, mode, size: None, written: true };
    Some((held, flags & 0b11 != 0))
}

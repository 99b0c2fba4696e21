//! What exists only as long as processes have it: pipes, open FIFOs, unix sockets, files that are mapped
//! to be shared or locked.

use std::collections::HashMap;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::uses::Attention;
use super::{Class, Object};
use crate::ipc::Mode;
use crate::ipc::lock::FileId;
use crate::ipc::pipe::inventory::{Identity, Inventory};
use crate::ipc::socket::inventory::Status;
use crate::proc::pipes;
use crate::proc::process::{self, Sleep};
use crate::proc::walk::{Descriptor, Process};

/// Something that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub class: Class,
    /// Its path, or the number of its inode.
    pub name: Vec<u8>,
    /// Device and inode.
    pub inode: (u64, u64),
    /// Owner; `None` where that was not asked for, or may not be seen.
    pub uid: Option<u32>,
    /// Permission bits, as for the owner.
    pub mode: Option<Mode>,
    /// Whether it has permission bits at all: a socket that is no file has none.
    pub has_mode: bool,
    /// Size in bytes of a file, or what is unread of a socket.
    pub size: Option<u64>,
    /// What the kernel tells of a socket.
    pub socket: Option<Box<Status>>,
    /// Somebody may write to it.
    pub(super) written: bool,
}

impl Held {
    /// Gives a locked file its path, where it had none but its number.
    pub fn call(&mut self, path: &Path) {
        let (device, inode) = self.inode;
        if self.class == Class::Lock && self.name == (FileId { device, inode }).to_string().as_bytes() {
            self.name = path.as_os_str().as_bytes().to_vec();
        }
    }

    /// Something of which no more is known.
    pub(super) fn new(class: Class, name: Vec<u8>, inode: (u64, u64)) -> Self {
        Self { class, name, inode, uid: None, mode: None, has_mode: true, size: None, socket: None, written: true }
    }
}

/// Asks how much lies unread in the pipes and FIFOs among these; those that we may not open keep no number.
pub fn add_contents(objects: &mut [&mut Object]) -> io::Result<()> {
    let held = objects.iter_mut().filter_map(|object| match object {
        Object::Held(held) if matches!(held.class, Class::Pipe | Class::Fifo) => Some(held),
        _ => None,
    });
    let mut held = held.peekable();
    if held.peek().is_none() {
        return Ok(());
    }
    let pipes = Inventory::read()?.pipes.into_iter();
    let unread: HashMap<Identity, Option<usize>> = pipes.map(|pipe| (pipe.identity, pipe.unread)).collect();
    for one in held {
        let (device, inode) = one.inode;
        let identity =
            if one.class == Class::Pipe { Identity::Anonymous(inode) } else { Identity::Fifo { device, inode } };
        one.size = unread.get(&identity).copied().flatten().map(|bytes| bytes as u64);
    }
    Ok(())
}

/// What a descriptor is open on, if that is of a kind that is looked for.
pub(super) fn of_descriptor(attention: &Attention, process: &Process, descriptor: Descriptor<'_>) -> Option<Held> {
    let inode = descriptor.inode;
    let mut held = Held::new(Class::Pipe, inode.number.1.to_string().into_bytes(), inode.number);
    (held.uid, held.mode) = (Some(inode.uid), Some(Mode::of(inode.mode)));
    if inode.is_fifo() && (attention.wants(Class::Pipe) || attention.wants(Class::Fifo)) {
        let path = process.path_of(descriptor.name);
        if !path.starts_with(b"pipe:[") {
            (held.class, held.name) = (Class::Fifo, path);
        }
    } else if inode.is_socket() && attention.wants(Class::Socket) {
        // The mode is nobody's: whoever connects asks for that of the socket's file.
        (held.class, held.mode) = (Class::Socket, None);
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
    Some(Held { written: writable, ..Held::new(Class::File, name, inode) })
}

/// The FIFO that a thread waits in open(2) for, and whether it opens it to write.
pub(super) fn opening(pid: i32, thread: i32, sleep: Sleep) -> Option<(Held, bool)> {
    // Nothing else is looked up: a path may lead to a server that does not answer.
    if process::sleeps_at(thread) != b"wait_for_partner" {
        return None;
    }
    let (target, flags) = pipes::opening(pid, sleep)?;
    let pipes::Target::Fifo { device, inode, path } = target else { return None };
    let name = path.as_os_str().as_bytes().to_vec();
    Some((Held::new(Class::Fifo, name, (device, inode)), flags & 0b11 != 0))
}

//! What exists only as long as processes have it: pipes, open FIFOs, unix sockets, files that are mapped
//! to be shared.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::uses::Attention;
use super::{Class, Thing};
use crate::ipc::Mode;
use crate::proc::process::{self, Sleep};
use crate::proc::sockets;
use crate::proc::walk::{Descriptor, Process};
use crate::sys::call::Call;

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
    let names = sockets::names()?;
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
pub(super) fn opening(process: &Process, thread: i32, sleep: &Sleep) -> Option<(Held, Thing, bool)> {
    // Nothing else is looked up: a path may lead to a server that does not answer.
    let waits = fs::read(format!("/proc/{thread}/wchan")).is_ok_and(|place| place == b"wait_for_partner");
    if !waits {
        return None;
    }
    let [first, second, third, ..] = sleep.arguments;
    let (directory, path, flags) = match sleep.call {
        Call::Open => (None, first, second),
        _ => (u32::try_from(first & 0xffff_ffff).ok().filter(|&fd| fd.cast_signed() >= 0), second, third),
    };
    let path = PathBuf::from(std::ffi::OsStr::from_bytes(&process::read_string(process.pid, path).ok()?));
    let root = format!("/proc/{}", process.pid);
    let base = match directory {
        _ if path.is_absolute() => format!("{root}/root"),
        Some(directory) => format!("{root}/fd/{directory}"),
        None => format!("{root}/cwd"),
    };
    let outside = Path::new(&base).join(path.strip_prefix("/").unwrap_or(&path));
    let file = fs::metadata(&outside).ok().filter(|file| file.file_type().is_fifo())?;
    let name = if path.is_absolute() { path } else { fs::read_link(&base).ok()?.join(path) };
    let held = Held {
        class: Class::Fifo,
        name: name.as_os_str().as_bytes().to_vec(),
        inode: (file.dev(), file.ino()),
        uid: Some(file.uid()),
        mode: Some(Mode::of(file.mode())),
        size: None,
        written: true,
    };
    Some((held, Thing::Inode(file.dev(), file.ino()), flags & 0b11 != 0))
}

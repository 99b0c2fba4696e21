//! The objects of each kind, as ipcrm finds and removes them.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt as _;

use crate::ipc::{Id, Key, Kind, Name, PosixObject, SystemVObject, msgq, sem, shm};
use crate::sys::errno;

/// The identifiers of all objects of a kind, whoever owns them.
pub(super) fn ids(kind: Kind) -> io::Result<Vec<Id>> {
    Ok(match kind {
        Kind::Segment => shm::segments()?.iter().map(SystemVObject::id).collect(),
        Kind::Queue => msgq::sysv::list()?.iter().map(SystemVObject::id).collect(),
        Kind::Semaphore => sem::sysv::list()?.iter().map(SystemVObject::id).collect(),
    })
}

/// The names of all POSIX objects of a kind.
pub(super) fn names(kind: Kind) -> io::Result<Vec<OsString>> {
    Ok(match kind {
        Kind::Segment => shm::posix_objects()?.iter().map(name_of).collect(),
        Kind::Queue => msgq::posix::list()?.iter().map(name_of).collect(),
        Kind::Semaphore => sem::posix::list()?.iter().map(name_of).collect(),
    })
}

fn name_of(status: &impl PosixObject) -> OsString {
    OsString::from_vec(status.file().name.as_bytes().to_vec())
}

/// The identifier of the System V object that has this key.
pub(super) fn find(kind: Kind, key: Key) -> io::Result<Id> {
    match kind {
        Kind::Segment => shm::sysv::Segment::open(key).map(shm::sysv::Segment::id),
        Kind::Queue => msgq::sysv::Queue::open(key).map(msgq::sysv::Queue::id),
        Kind::Semaphore => sem::sysv::Set::open(key).map(sem::sysv::Set::id),
    }
}

/// Removes the System V object of this identifier.
pub(super) fn remove(kind: Kind, id: Id) -> io::Result<()> {
    match kind {
        Kind::Segment => shm::sysv::Segment::at(id).remove(),
        Kind::Queue => msgq::sysv::Queue::at(id).remove(),
        Kind::Semaphore => sem::sysv::Set::at(id).remove(),
    }
}

/// Removes the POSIX object of this name.
pub(super) fn remove_posix(kind: Kind, name: &Name) -> io::Result<()> {
    match (kind, name) {
        (Kind::Queue, _) => msgq::Queue::remove(name),
        (Kind::Semaphore, Name::Posix(name)) => sem::posix::Semaphore::remove(name),
        _ => match shm::object::path_of(name) {
            Some(path) => shm::object::remove(&path),
            None => Err(errno::error(errno::EINVAL)),
        },
    }
}

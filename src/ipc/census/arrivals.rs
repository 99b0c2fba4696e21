//! POSIX objects as they come and go: inotify(7) on the directories that they are files of.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};

use super::Class;
use crate::ipc::msgq::posix::Directory;
use crate::ipc::posix_files::SHARED_MEMORY;

/// A watch over the POSIX objects that everybody can see. It is readable when something has happened.
#[derive(Debug)]
pub struct Arrivals {
    inotify: Inotify,
    queues: Option<WatchDescriptor>,
    /// Keeps the queue file system in sight.
    _directory: Option<Directory>,
}

impl Arrivals {
    /// Begins to watch `/dev/shm` and, where it can be seen, the queue file system.
    pub fn watch() -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let events = AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_ONLYDIR;
        inotify.add_watch(SHARED_MEMORY, events)?;
        let directory = Directory::open().ok();
        let queues = directory.as_ref().and_then(|directory| inotify.add_watch(directory.path(), events).ok());
        Ok(Self { inotify, queues, _directory: directory })
    }

    /// The objects that have appeared since it was asked last, by their names with their kinds; some may be
    /// gone again.
    pub fn appeared(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        loop {
            let events = match self.inotify.read_events() {
                Ok(events) => events,
                Err(Errno::EAGAIN) => return Ok(names),
                Err(error) => return Err(error.into()),
            };
            let came = AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
            let came = events
                .into_iter()
                .filter(|event| event.mask.intersects(came) && !event.mask.contains(AddWatchFlags::IN_ISDIR));
            names.extend(came.filter_map(|event| Some(self.name_of(event.wd, &event.name?))));
        }
    }

    fn name_of(&self, directory: WatchDescriptor, entry: &OsString) -> Vec<u8> {
        let entry = entry.as_bytes();
        let (class, name) = match entry.strip_prefix(b"sem.") {
            _ if Some(directory) == self.queues => (Class::Queue, entry),
            Some(name) => (Class::Semaphore, name),
            None => (Class::Segment, entry),
        };
        [class.word().as_bytes(), b":/", name].concat()
    }
}

impl AsFd for Arrivals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

//! The cells of System V objects.

use super::columns::Col;
use super::look::{Look, put};
use crate::ipc::SystemVObject;
use crate::ipc::msgq::sysv::QueueStatus;
use crate::ipc::sem::sysv::SetStatus;
use crate::ipc::shm::SegmentStatus;

/// An object that has cells.
pub(super) trait Cells {
    /// Writes the cell behind `text`: whether there is a value.
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool;

    /// Owner and creator.
    fn users(&self) -> [u32; 2];

    /// The group of the owner and of the creator.
    fn groups(&self) -> [u32; 2];
}

/// A name, or nothing where nobody knows one: the number has its own column.
pub(super) fn name(text: &mut Vec<u8>, name: Option<&str>) -> bool {
    name.is_some_and(|name| put(text, name))
}

/// The cells that all kinds have.
fn shared<T: SystemVObject>(object: &T, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
    let permissions = object.permissions();
    match col {
        Col::Key => put(text, format_args!("0x{:08x}", permissions.key.map_or(0, crate::ipc::Key::get))),
        Col::Id => put(text, object.id().get()),
        Col::Owner => put(text, look.owners.user(permissions.uid)),
        Col::User => name(text, look.owners.known_user(permissions.uid)),
        Col::Perms => look.mode(text, permissions.mode),
        Col::CreatorUid => put(text, permissions.creator_uid),
        Col::CreatorUser => name(text, look.owners.known_user(permissions.creator_uid)),
        Col::CreatorGid => put(text, permissions.creator_gid),
        Col::CreatorGroup => name(text, look.owners.known_group(permissions.creator_gid)),
        Col::Uid => put(text, permissions.uid),
        Col::Gid => put(text, permissions.gid),
        Col::Group => name(text, look.owners.known_group(permissions.gid)),
        Col::Changed => look.time(text, object.changed()),
        _ => false,
    }
}

/// Owners and creators of a System V object.
macro_rules! people {
    () => {
        fn users(&self) -> [u32; 2] {
            [self.permissions.uid, self.permissions.creator_uid]
        }

        fn groups(&self) -> [u32; 2] {
            [self.permissions.gid, self.permissions.creator_gid]
        }
    };
}

impl Cells for SegmentStatus {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::Size => look.size(text, self.size),
            Col::Attaches => put(text, self.attaches),
            Col::Status => {
                let words = [(self.removal_pending, "dest"), (self.locked, "locked")];
                let words: Vec<&str> = words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
                put(text, words.join(","))
            }
            Col::Attached => look.time(text, self.attached),
            Col::Detached => look.time(text, self.detached),
            Col::Command => look.command(text, self.creator_pid, self.changed),
            Col::CreatorPid => put(text, self.creator_pid),
            Col::LastPid => put(text, self.last_pid),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

impl Cells for QueueStatus {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::UsedBytes => look.size(text, self.bytes),
            Col::Messages => put(text, self.messages),
            Col::Sent => look.time(text, self.sent),
            Col::Received => look.time(text, self.received),
            Col::LastSender => put(text, self.last_sender),
            Col::LastReceiver => put(text, self.last_receiver),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

impl Cells for SetStatus {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::Semaphores => put(text, self.count),
            Col::Operated => look.time(text, self.operated),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

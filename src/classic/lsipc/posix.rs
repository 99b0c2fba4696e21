//! The cells of POSIX objects.

use super::columns::Col;
use super::look::{Look, put};
use super::system_v::{Cells, name};
use crate::ipc::msgq::posix::QueueStatus;
use crate::ipc::sem::posix::NamedSemaphore;
use crate::ipc::{PosixFile, PosixObject};

/// The cells that all kinds have. Who made a file is not kept: its owner stands for him.
fn shared<T: PosixObject>(object: &T, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
    let file = object.file();
    match col {
        Col::Name => {
            text.extend_from_slice(file.name.as_bytes());
            true
        }
        Col::Owner => put(text, look.owners.user(file.uid)),
        Col::CreatorUser => name(text, look.owners.known_user(file.uid)),
        Col::Perms => look.mode(text, file.mode),
        Col::CreatorUid => put(text, file.uid),
        Col::CreatorGid => put(text, file.gid),
        Col::CreatorGroup => name(text, look.owners.known_group(file.gid)),
        Col::Modified => look.time(text, Some(file.modified)),
        _ => false,
    }
}

/// A number, or nothing where it may not be read.
fn known(text: &mut Vec<u8>, number: Option<u64>) -> bool {
    number.is_some_and(|number| put(text, number))
}

/// Owner and group of a file.
macro_rules! people {
    () => {
        fn users(&self) -> [u32; 2] {
            [self.file().uid; 2]
        }

        fn groups(&self) -> [u32; 2] {
            [self.file().gid; 2]
        }
    };
}

impl Cells for PosixFile {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::Size => look.size(text, self.size),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

impl Cells for QueueStatus {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::UsedBytes => self.bytes.is_some_and(|bytes| look.size(text, bytes)),
            Col::Messages => known(text, self.messages),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

impl Cells for NamedSemaphore {
    fn cell(&self, col: Col, look: &mut Look, text: &mut Vec<u8>) -> bool {
        match col {
            Col::Value => known(text, self.value.map(u64::from)),
            _ => shared(self, col, look, text),
        }
    }

    people!();
}

//! What every System V object has: `struct ipc_perm`, times, and the walk over all of them.

use std::io;
use std::ops::Range;

use super::posix_files::PosixFile;
use super::{Id, Key, Mode};
use crate::in_turn::in_turn;
use crate::proc::sysvipc::{Row, Table};
use crate::sys::errno;
use crate::sys::perm::{self, ipc_perm};

/// Owner, creator, mode and key: `struct ipc_perm` of <sys/ipc.h>, svipc(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permissions {
    /// The key it is found by; `None` for a private object.
    pub key: Option<Key>,
    /// Effective user of the owner.
    pub uid: u32,
    /// Effective group of the owner.
    pub gid: u32,
    /// Effective user of the creator.
    pub creator_uid: u32,
    /// Effective group of the creator.
    pub creator_gid: u32,
    /// Permission bits.
    pub mode: Mode,
}

/// Seconds since the epoch; `None` where the kernel keeps 0 for "never".
pub type Timestamp = Option<i64>;

/// What the status of every System V object tells.
pub trait SystemVObject {
    /// Its identifier.
    fn id(&self) -> Id;
    /// Owner, creator, mode, key.
    fn permissions(&self) -> &Permissions;
    /// Creation or last change of owner, mode or limits.
    fn changed(&self) -> Timestamp;
    /// When something happened to it last: use or change.
    fn last_used(&self) -> Timestamp;
}

/// What the status of every POSIX object tells.
pub trait PosixObject {
    /// Its file.
    fn file(&self) -> &PosixFile;
}

/// The fields that a System V status has, under their own names, and those with the times of its use.
macro_rules! system_v_object {
    ($status:ty: $($time:ident),+) => {
        impl $crate::ipc::SystemVObject for $status {
            fn id(&self) -> $crate::ipc::Id {
                self.id
            }

            fn permissions(&self) -> &$crate::ipc::Permissions {
                &self.permissions
            }

            fn changed(&self) -> $crate::ipc::Timestamp {
                self.changed
            }

            fn last_used(&self) -> $crate::ipc::Timestamp {
                [self.changed, $(self.$time),+].into_iter().max().flatten()
            }
        }
    };
}
pub(super) use system_v_object;

pub(super) fn timestamp(seconds: i64) -> Timestamp {
    Some(seconds).filter(|&seconds| seconds != 0)
}

/// The kernel's table of System V objects of one kind, with `T` in its slots, and what we call that: `S`.
#[derive(Debug)]
pub(super) struct SlotTable<T, S> {
    /// The highest slot in use.
    pub highest: fn() -> io::Result<Option<i32>>,
    /// What is in a slot, and its identifier.
    pub stat_any: fn(i32) -> io::Result<(i32, T)>,
    /// The status in our words.
    pub status: fn(Id, &T) -> S,
    /// The same objects in `/proc/sysvipc`.
    pub listed: fn() -> io::Result<Table>,
    /// The status of one that is listed there.
    pub of_row: fn(&Row<'_>) -> Option<S>,
}

/// Slots that are looked at together: few enough that what is in them takes little memory, many enough to
/// be worth a thread's while.
pub(super) const SHARE: i32 = 256;

impl<T, S: Send> SlotTable<T, S> {
    /// All objects there are, in slot order.
    pub(super) fn all(&self) -> io::Result<Vec<S>> {
        let Some(shares) = self.shares()? else { return self.rows() };
        let mut all = Vec::new();
        let in_share = |number: usize| self.within(shares[number].clone());
        in_turn(shares.len(), in_share, |found| found.map(|found| all.extend(found)))?;
        Ok(all)
    }

    /// The slots up to the highest that is in use, share by share. `None` where nothing can be asked of a
    /// slot: the kernel is older than Linux 4.17 and knows no `*_STAT_ANY`.
    pub(super) fn shares(&self) -> io::Result<Option<Vec<Range<i32>>>> {
        let mut highest = (self.highest)()?;
        while let Some(last) = highest {
            if (self.stat_any)(last).is_ok() {
                let share = |number| number * SHARE..last.min(number * SHARE + SHARE - 1) + 1;
                return Ok(Some((0..=last / SHARE).map(share).collect()));
            }
            // Or what was in it has just been removed.
            highest = (self.highest)()?;
            if highest == Some(last) {
                return Ok(None);
            }
        }
        Ok(Some(Vec::new()))
    }

    /// What is in these slots; those that hold nothing any more are skipped.
    pub(super) fn within(&self, slots: Range<i32>) -> io::Result<Vec<S>> {
        let mut found = Vec::with_capacity(slots.len());
        for index in slots {
            match (self.stat_any)(index) {
                Ok((id, stat)) => found.extend(Id::new(id).map(|id| (self.status)(id, &stat))),
                Err(error) if errno::is(&error, errno::EINVAL) || errno::is(&error, errno::EIDRM) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// What `/proc/sysvipc` lists.
    pub(super) fn rows(&self) -> io::Result<Vec<S>> {
        Ok((self.listed)()?.rows().filter_map(|row| (self.of_row)(&row)).collect())
    }
}

impl<T, S> SlotTable<T, S> {
    /// The structure of one object: IPC_STAT needs read permission, which an owner may lack; the listing of
    /// all does not.
    pub(super) fn stat_or_listed(&self, id: Id, stat: impl Fn(i32) -> io::Result<T>) -> io::Result<T> {
        match stat(id.get()) {
            Err(error) if errno::is(&error, errno::EACCES) => {
                let last = (self.highest)()?.unwrap_or(-1);
                let mut slots = (0..=last).filter_map(|index| (self.stat_any)(index).ok());
                slots.find(|(other, _)| *other == id.get()).map(|(_, stat)| stat).ok_or(error)
            }
            stat => stat.map_err(no_such_id),
        }
    }
}

/// The kernel calls an identifier that does not exist an invalid argument.
pub(super) fn no_such_id(error: io::Error) -> io::Error {
    if errno::is(&error, errno::EINVAL) { io::Error::new(io::ErrorKind::NotFound, "no such identifier") } else { error }
}

/// The permissions in an object's `*_ds` structure.
pub(super) fn permissions(perm: &ipc_perm) -> Permissions {
    Permissions {
        key: Key::new(perm::key(perm).cast_unsigned()),
        uid: perm.uid,
        gid: perm.gid,
        creator_uid: perm.cuid,
        creator_gid: perm.cgid,
        mode: Mode::of(perm::mode(perm)),
    }
}

/// The permissions in a row of `/proc/sysvipc`, and its mode with the bits above the permissions.
pub(super) fn permissions_of_row(row: &Row<'_>) -> Option<(Permissions, u32)> {
    let mode = row.octal("perms")?;
    let permissions = Permissions {
        key: row.number::<i32>("key").and_then(|key| Key::new(key.cast_unsigned())),
        uid: row.number("uid")?,
        gid: row.number("gid")?,
        creator_uid: row.number("cuid")?,
        creator_gid: row.number("cgid")?,
        mode: Mode::of(mode),
    };
    Some((permissions, mode))
}

//! What every System V object has: `struct ipc_perm`, times, and the walk over all of them.

use std::io;

use super::posix_files::PosixFile;
use super::{Id, Key, Mode};
use crate::proc::sysvipc::Row;
use crate::sys::errno;
use crate::sys::msg::ipc_perm;

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

/// The status of what is in each slot up to the highest; those that hold nothing any more are skipped.
pub(super) fn walk<T, S>(
    highest: Option<i32>,
    stat_any: impl Fn(i32) -> io::Result<(i32, T)>,
    status: impl Fn(Id, &T) -> S,
) -> io::Result<Vec<S>> {
    let mut found = Vec::new();
    for index in 0..=highest.unwrap_or(-1) {
        match stat_any(index) {
            Ok((id, stat)) => found.extend(Id::new(id).map(|id| status(id, &stat))),
            Err(error) if errno::is(&error, errno::EINVAL) || errno::is(&error, errno::EIDRM) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The structure of one object: IPC_STAT needs read permission, which an owner may lack; the listing of
/// all does not.
pub(super) fn stat_or_listed<T: Copy>(
    id: Id,
    stat: impl Fn(i32) -> io::Result<T>,
    highest_index: impl Fn() -> io::Result<Option<i32>>,
    stat_any: impl Fn(i32) -> io::Result<(i32, T)>,
) -> io::Result<T> {
    match stat(id.get()) {
        Err(error) if errno::is(&error, errno::EACCES) => {
            let all = walk(highest_index()?, stat_any, |id, stat| (id, *stat))?;
            all.into_iter().find(|(other, _)| *other == id).map(|(_, stat)| stat).ok_or(error)
        }
        stat => stat.map_err(no_such_id),
    }
}

/// The kernel calls an identifier that does not exist an invalid argument.
pub(super) fn no_such_id(error: io::Error) -> io::Error {
    if errno::is(&error, errno::EINVAL) { io::Error::new(io::ErrorKind::NotFound, "no such identifier") } else { error }
}

/// Whether the kernel answered for no slot although there are objects: it is older than Linux 4.17
/// and knows no `*_STAT_ANY`, so `/proc/sysvipc` has to tell.
pub(super) fn no_such_slot_table<T>(highest: Option<i32>, found: &[T]) -> bool {
    highest.is_some() && found.is_empty()
}

/// The permissions in an object's `*_ds` structure.
pub(super) fn permissions(perm: &ipc_perm) -> Permissions {
    Permissions {
        key: Key::new(perm.__key.cast_unsigned()),
        uid: perm.uid,
        gid: perm.gid,
        creator_uid: perm.cuid,
        creator_gid: perm.cgid,
        mode: Mode::of(u32::from(perm.mode)),
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

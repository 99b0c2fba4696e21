//! Owner and mode of an object, changed.

use std::fs::{self, Permissions as FileMode};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use super::{Mode, ModeChange};
use crate::sys::perm::{self, ipc_perm};

/// What is to be changed of an object's owner and mode; the rest stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The owner.
    pub uid: Option<u32>,
    /// The owner's group.
    pub gid: Option<u32>,
    /// The permission bits.
    pub mode: Option<ModeChange>,
}

impl Changes {
    /// Makes them in what `IPC_SET` is given.
    pub(super) fn apply_to(&self, permissions: &mut ipc_perm) {
        permissions.uid = self.uid.unwrap_or(permissions.uid);
        permissions.gid = self.gid.unwrap_or(permissions.gid);
        if let Some(mode) = &self.mode {
            let changed = mode.apply(Mode::of(perm::mode(permissions)));
            perm::set_mode(permissions, changed.bits());
        }
    }

    /// Makes them on the file of a POSIX object, for its owner or with `CAP_FOWNER` and `CAP_CHOWN`.
    pub(super) fn apply_to_file(&self, file: impl AsFd) -> io::Result<()> {
        // Unlike fchmod(2), this works on what was only found (O_PATH).
        let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
        if self.uid.is_some() || self.gid.is_some() {
            chown(&path, self.uid, self.gid)?;
        }
        if let Some(change) = &self.mode {
            let mode = change.apply(Mode::of(fs::metadata(&path)?.mode()));
            fs::set_permissions(&path, FileMode::from_mode(mode.bits().into()))?;
        }
        Ok(())
    }
}

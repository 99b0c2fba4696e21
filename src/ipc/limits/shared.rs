//! Limits of shared memory: shmget(2), and the file system behind shm_open(3).

use nix::sys::statvfs::statvfs;

use super::setting::IPCMNI;
use super::{Bound, Consumer, Limit, Setting, Use, largest};
use crate::ipc::posix_files::SHARED_MEMORY;
use crate::ipc::shm::{self, sysv};

pub(super) fn limits() -> Vec<Limit> {
    let mut all = system_v();
    all.extend(directory());
    all
}

fn system_v() -> Vec<Limit> {
    let limits = sysv::limits().ok();
    // What shmget(2) calls "effectively no limit", and what is above it.
    let bound = |of: fn(sysv::Limits) -> u64| match limits.map(of) {
        Some(value) if value >= u64::MAX - (1 << 24) => Bound::Unlimited,
        value => Bound::of(value),
    };
    let segments = shm::segments().ok();
    let most = segments.as_deref().map_or(Use::Unknown, |segments| match largest(segments, |one| Some(one.size)) {
        Some((size, segment)) => Use::Largest(size, Some(Consumer::Id(segment.id))),
        None => Use::Largest(0, None),
    });
    vec![
        Limit {
            name: "SHMMNI",
            what: "System V segments",
            unit: "segments",
            used: segments.as_ref().map_or(Use::Unknown, |segments| Use::Total(segments.len() as u64)),
            bound: bound(|limits| limits.max_segments),
            setting: Setting::Sysctl("kernel.shmmni", Some(IPCMNI)),
        },
        Limit {
            name: "SHMALL",
            what: "pages of all segments",
            unit: "pages",
            used: limits.map_or(Use::Unknown, |limits| Use::Total(limits.pages)),
            bound: bound(|limits| limits.max_pages),
            setting: Setting::Sysctl("kernel.shmall", None),
        },
        Limit {
            name: "SHMMAX",
            what: "bytes in one segment",
            unit: "bytes",
            used: most,
            bound: bound(|limits| limits.max_size),
            setting: Setting::Sysctl("kernel.shmmax", None),
        },
        Limit {
            name: "SHMMIN",
            what: "bytes in the smallest segment",
            unit: "bytes",
            used: Use::Passing,
            bound: Bound::At(1),
            setting: Setting::Fixed,
        },
    ]
}

/// What is in `/dev/shm`, by whatever names: memory that is only open counts, too.
fn directory() -> Vec<Limit> {
    let status = statvfs(SHARED_MEMORY).ok();
    let of = |all: u64, free: u64| {
        // A tmpfs without a limit says that it has nothing at all.
        let bound = if all == 0 { Bound::Unlimited } else { Bound::At(all) };
        (Use::Total(all.saturating_sub(free)), bound)
    };
    let bytes = status.map_or((Use::Unknown, Bound::Unknown), |status| {
        let block = status.fragment_size();
        of(status.blocks() * block, status.blocks_free() * block)
    });
    let inodes = status.map_or((Use::Unknown, Bound::Unknown), |status| of(status.files(), status.files_free()));
    let limit = |name, what, unit, (used, bound), setting| Limit { name, what, unit, used, bound, setting };
    vec![
        limit("/dev/shm", "bytes in /dev/shm", "bytes", bytes, Setting::MountSize),
        limit("/dev/shm:inodes", "objects in /dev/shm", "inodes", inodes, Setting::MountInodes),
    ]
}

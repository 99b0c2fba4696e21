//! Which limit a refusal to make a set means, and where it stands.

use std::io;

use crate::ipc::Name;
use crate::ipc::sem::sysv;
use crate::sys::errno;

/// What the error of a create means where it means a limit: a sentence that names it and its value.
pub(super) fn behind(error: &io::Error, name: &Name, count: usize) -> Option<String> {
    if let Name::Posix(_) = name {
        return errno::is(error, errno::ENOSPC).then(|| "there is no room in /dev/shm".into());
    }
    let limits = sysv::limits().ok()?;
    if errno::is(error, errno::EINVAL) && count > limits.max_semaphores {
        return Some(format!(
            "{count} semaphores are more than SEMMSL of kernel.sem allows a set, {}",
            limits.max_semaphores
        ));
    }
    if !errno::is(error, errno::ENOSPC) {
        return None;
    }
    let there = sysv::list().ok()?;
    let semaphores: u64 = there.iter().map(|set| set.count).sum();
    if there.len() >= limits.max_sets {
        return Some(format!("SEMMNI of kernel.sem allows {} sets, and that many exist", limits.max_sets));
    }
    Some(format!(
        "SEMMNS of kernel.sem allows {} semaphores in all sets, and {semaphores} exist",
        limits.max_all_semaphores
    ))
}

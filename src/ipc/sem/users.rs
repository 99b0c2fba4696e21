//! Who uses a semaphore: processes that sleep on it, and for a POSIX one those that have it mapped.

use std::io;

use super::posix::NamedSemaphore;
use super::sysv::{self, Operation};
use crate::ipc::processes::{self, each};
use crate::proc::maps::{self, Mapping};
use crate::proc::process::{self, Sleep};
use crate::sys::call::Call;
use crate::sys::sem;

/// A process at a semaphore.
pub type User = processes::User<How>;

/// The users of a set or a semaphore that we may see.
pub type Users = processes::Users<How>;

/// What a process does at a set or a semaphore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// Has it mapped (POSIX).
    Mapped,
    /// Sleeps in sem_wait(3) until there is a unit (POSIX).
    Sleeping,
    /// Sleeps in semop(2) or semtimedop(2) until these operations can be done; `None` where its memory
    /// may not be read.
    Waiting(Option<Vec<Operation>>),
}

/// The processes that sleep on a System V set.
pub fn of_system_v(set: sysv::Set) -> io::Result<Users> {
    let id = u64::from(set.id().get().cast_unsigned());
    Ok(each(process::neighbours()?, |pid| {
        let sleeps = process::sleeps(pid)?;
        let here = sleeps.into_iter().filter(|sleep| sleeps_on(id, sleep));
        Ok(here.map(|sleep| How::Waiting(operations(pid, &sleep))).collect())
    }))
}

/// `semop(id, operations, count)`, `semtimedop(id, operations, count, timeout)`; an int argument has 32
/// meaningful bits.
fn sleeps_on(id: u64, sleep: &Sleep) -> bool {
    matches!(sleep.call, Call::Semop | Call::Semtimedop) && sleep.arguments[0] & 0xffff_ffff == id
}

/// The array of operations that a sleeper gave the kernel, read from its memory.
pub(in crate::ipc) fn operations(pid: i32, sleep: &Sleep) -> Option<Vec<Operation>> {
    /// More than any sane SEMOPM: what claims to be longer is no array that the kernel has taken.
    const MOST: usize = 1 << 16;

    let [_, address, count, ..] = sleep.arguments;
    let count = usize::try_from(count).ok().filter(|&count| count <= MOST)?;
    let mut bytes = vec![0; count * sem::OPERATION];
    process::read_memory(pid, address, &mut bytes).ok()?;
    let (operations, _) = bytes.as_chunks::<{ sem::OPERATION }>();
    Some(operations.iter().map(|&bytes| Operation::of_kernel(sem::operation_of(bytes))).collect())
}

/// The processes that have a POSIX semaphore mapped, and those that sleep on it, whatever their
/// namespaces. They are known by device and inode: whoever made it may have it under another name.
pub fn of_posix(semaphore: &NamedSemaphore) -> io::Result<Users> {
    Ok(each(process::all()?, |pid| {
        let mut mappings = maps::mappings(pid)?;
        mappings.retain(|mapping| mapping.inode == semaphore.file.inode);
        let mut how = vec![How::Mapped; usize::from(!mappings.is_empty())];
        if mappings.is_empty() {
            return Ok(how);
        }
        // Who has it mapped is known whether or not its sleep may be seen.
        let sleeps = process::sleeps(pid).unwrap_or_default();
        how.extend(sleeps.iter().filter(|sleep| sleeps_in(&mappings, sleep)).map(|_| How::Sleeping));
        Ok(how)
    }))
}

/// `futex(address, …)`: who waits sleeps on the value itself.
fn sleeps_in(mappings: &[Mapping], sleep: &Sleep) -> bool {
    let address = sleep.arguments[0];
    sleep.call == Call::Futex && mappings.iter().any(|mapping| (mapping.start..mapping.end).contains(&address))
}

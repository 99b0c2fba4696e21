//! Why a semaphore could not be had, in words.

use std::io::{self, ErrorKind};

use anyhow::anyhow;

use super::the;
use crate::exit::GaveUp;
use crate::ipc::Indexed;
use crate::ipc::sem::{Semaphore, sysv};
use crate::sys::errno;

/// What a caller waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Units(u32),
    Zero,
}

/// The error of a wait.
pub(super) fn of_wait(error: io::Error, name: &Indexed, semaphore: &Semaphore, wanted: Wanted) -> anyhow::Error {
    let subject = the(name);
    let (now, until_the_timeout) = match wanted {
        Wanted::Units(1) => ("has no unit".into(), "had no unit".into()),
        Wanted::Units(units) => (format!("has not {units} units"), format!("had not {units} units")),
        Wanted::Zero => ("is not 0".into(), "did not become 0".to_owned()),
    };
    match error.kind() {
        ErrorKind::TimedOut => GaveUp(format!("{subject} {until_the_timeout} until the timeout")).into(),
        ErrorKind::WouldBlock => GaveUp(format!("{subject} {now}")).into(),
        _ => of_use(error, name, semaphore, &format!("cannot wait for {subject}")),
    }
}

/// The error of a post.
pub(super) fn of_post(error: io::Error, name: &Indexed, semaphore: &Semaphore) -> anyhow::Error {
    let what = format!("cannot post to {}", the(name));
    if !errno::is(&error, errno::ERANGE) && !errno::is(&error, errno::EOVERFLOW) {
        return of_use(error, name, semaphore, &what);
    }
    let limit = match semaphore {
        Semaphore::SystemV { .. } => "SEMVMX",
        Semaphore::Posix(_) => "SEM_VALUE_MAX",
    };
    // Who may give may not always look.
    let value = semaphore.value().map_or_else(|_| "too high".into(), |value| value.to_string());
    anyhow!("{what}: its value is {value}, and none goes above {limit}, {}", semaphore.highest_value())
}

/// The error of any other use: an index that the set does not have is told with its size.
pub(super) fn of_use(error: io::Error, name: &Indexed, semaphore: &Semaphore, what: &str) -> anyhow::Error {
    match semaphore {
        Semaphore::SystemV { set, .. } if errno::is(&error, errno::EFBIG) => match set.count() {
            Ok(count) => no_such_index(name, count),
            Err(error) => anyhow::Error::from(error).context(what.to_owned()),
        },
        _ => anyhow::Error::from(error).context(what.to_owned()),
    }
}

fn no_such_index(name: &Indexed, count: usize) -> anyhow::Error {
    anyhow!("there is no {}: {}", the(name), size(count))
}

/// `it has 3, from 0 to 2`.
fn size(count: usize) -> String {
    if count == 1 { "it has one, 0".into() } else { format!("it has {count}, from 0 to {}", count - 1) }
}

/// The error of a list of operations on a set, which is called so.
pub(super) fn of_operations(error: io::Error, set: sysv::Set, name: &str, operations: usize) -> anyhow::Error {
    let what = format!("cannot operate on semaphore set {name}");
    match error.kind() {
        ErrorKind::TimedOut => {
            return GaveUp(format!("semaphore set {name} did not allow all of it until the timeout")).into();
        }
        ErrorKind::WouldBlock => return GaveUp(format!("semaphore set {name} does not allow all of it")).into(),
        _ => {}
    }
    if errno::is(&error, errno::ERANGE) {
        return anyhow!("{what}: a value would go above SEMVMX, {}", sysv::HIGHEST_VALUE);
    }
    match (set.count(), sysv::limits()) {
        (Ok(count), _) if errno::is(&error, errno::EFBIG) => {
            anyhow!("{what}: there is no semaphore of such an index, {}", size(count))
        }
        (_, Ok(limits)) if errno::is(&error, errno::E2BIG) => {
            anyhow!("{what}: {operations} operations are more than SEMOPM of kernel.sem, {}", limits.max_operations)
        }
        _ => anyhow::Error::from(error).context(what),
    }
}

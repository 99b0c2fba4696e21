//! Semaphores: System V sets ([`sysv`], semget(2)) and POSIX named semaphores ([`posix`],
//! sem_overview(7)), and [`Semaphore`] for whoever takes both.

use std::io;

use super::{Indexed, Name, Wait};
use crate::sys::errno;

pub mod posix;
pub mod sysv;
pub mod users;

use sysv::Operation;

/// One semaphore of either kind.
#[derive(Debug)]
pub enum Semaphore {
    /// One of a System V set.
    SystemV {
        /// The set.
        set: sysv::Set,
        /// Its index in the set.
        index: u16,
    },
    /// A POSIX one.
    Posix(posix::Semaphore),
}

impl Semaphore {
    /// The semaphore of this name: the first one of a set unless the name says which.
    pub fn open(name: &Indexed) -> io::Result<Self> {
        match &name.name {
            Name::Posix(name) => posix::Semaphore::open(name).map(Self::Posix),
            set => {
                let set = sysv::Set::named(set)?;
                Ok(Self::SystemV { set, index: name.index.unwrap_or(0) })
            }
        }
    }

    /// The highest value that one of this kind can have.
    #[must_use]
    pub const fn highest_value(&self) -> u32 {
        match self {
            Self::SystemV { .. } => sysv::HIGHEST_VALUE as u32,
            Self::Posix(_) => posix::HIGHEST_VALUE,
        }
    }

    /// Takes units, all or none. `undo` lets the kernel give them back when this process ends, also
    /// after an execve(2) (System V).
    ///
    /// EAGAIN or ETIMEDOUT when there were not as many, EIDRM when the set was removed meanwhile,
    /// EINTR when a signal came that is to end us, ERANGE for more units than a semaphore can have.
    pub fn take(&self, units: u32, undo: bool, wait: Wait) -> io::Result<()> {
        match self {
            Self::SystemV { set, index } => {
                set.operate(&[Operation { undo, ..Operation::new(*index, -amount(units)?) }], wait)
            }
            Self::Posix(semaphore) => semaphore.take(units, wait),
        }
    }

    /// Gives units, all or none: ERANGE or EOVERFLOW where the value would become too high.
    pub fn give(&self, units: u32) -> io::Result<()> {
        match self {
            Self::SystemV { set, index } => set.operate(&[Operation::new(*index, amount(units)?)], Wait::Forever),
            Self::Posix(semaphore) => semaphore.give(units),
        }
    }

    /// Waits until the value is 0, and changes nothing.
    pub fn wait_for_zero(&self, wait: Wait) -> io::Result<()> {
        match self {
            Self::SystemV { set, index } => set.operate(&[Operation::new(*index, 0)], wait),
            Self::Posix(semaphore) => semaphore.wait_for_zero(wait),
        }
    }

    /// Its value.
    pub fn value(&self) -> io::Result<u32> {
        match self {
            Self::SystemV { set, index } => set.value(*index).map(u32::from),
            Self::Posix(semaphore) => semaphore.value(),
        }
    }
}

/// Units as a System V operation counts them.
fn amount(units: u32) -> io::Result<i16> {
    i16::try_from(units).map_err(|_| errno::error(errno::ERANGE))
}

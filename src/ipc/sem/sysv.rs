//! System V semaphore sets: semget(2), semop(2), semctl(2).

use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::ipc::object::no_such_id;
use crate::ipc::{Changes, Id, Key, Mode, Name, Wait};
use crate::sys::sem::{self, sembuf, semid_ds};
use crate::sys::{errno, perm, signal};

mod inventory;
mod operation;

pub(in crate::ipc) use inventory::SLOTS;
pub use inventory::{Limits, SemaphoreStatus, SetStatus, Usage, add_values, add_waiting, limits, list, usage};
pub use operation::{Operation, OperationError};

/// The highest value of a semaphore: SEMVMX.
pub const HIGHEST_VALUE: u16 = 32_767;

/// A set of semaphores, by its identifier. Nothing is held open: the kernel finds it anew in every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Set(Id);

impl Set {
    /// The set of this identifier; whether there is one shows at the first call.
    #[must_use]
    pub const fn at(id: Id) -> Self {
        Self(id)
    }

    /// The set of this key, ENOENT where there is none.
    #[doc(alias = "semget")]
    pub fn open(key: Key) -> io::Result<Self> {
        sem::get(key.get(), 0, 0).map(Self::of_kernel)
    }

    /// The set that a System V name names; EINVAL for any other name.
    pub fn named(name: &Name) -> io::Result<Self> {
        match (name, name.key()?) {
            (Name::Id(id), _) => Ok(Self::at(*id)),
            (_, Some(key)) => Self::open(key),
            _ => Err(errno::error(errno::EINVAL)),
        }
    }

    /// A new set that no key finds, with a semaphore of each of these values.
    #[doc(alias = "IPC_PRIVATE")]
    pub fn create_private(values: &[u16], mode: Mode) -> io::Result<Self> {
        Self::make(sem::IPC_PRIVATE, values, mode)
    }

    /// A new set of this key, EEXIST where there is one, with a semaphore of each of these values.
    ///
    /// To everybody who asks [`is_made`](Self::is_made) this is one step: semget(2) gives values of 0,
    /// and the set counts as made with its first semop(2), which gives the values. Who does not ask
    /// takes units that come a moment later, and none twice.
    ///
    /// ENOSPC when a limit of [`limits`] is reached, EINVAL for too many semaphores or none, ERANGE for
    /// a value above [`HIGHEST_VALUE`].
    #[doc(alias = "IPC_EXCL")]
    pub fn create(key: Key, values: &[u16], mode: Mode) -> io::Result<Self> {
        Self::make(key.get(), values, mode)
    }

    /// A new set of this key, EEXIST where there is one, as semget(2) leaves it and ipcmk(1) makes it:
    /// without values, and so without the time of an operation, by which a set counts as made.
    ///
    /// Errors as [`create`](Self::create) has.
    pub fn create_untouched(key: Key, count: i32, mode: Mode) -> io::Result<Self> {
        sem::get(key.get(), count, sem::IPC_CREAT | sem::IPC_EXCL | i32::from(mode.bits())).map(Self::of_kernel)
    }

    fn make(key: i32, values: &[u16], mode: Mode) -> io::Result<Self> {
        if values.is_empty() {
            return Err(errno::error(errno::EINVAL));
        }
        let count = i32::try_from(values.len()).map_err(|_| errno::error(errno::EINVAL))?;
        // Whoever makes it has to be able to give it values, whatever the mode will be.
        let workable = Mode::of(u32::from(mode.bits() | Mode::PRIVATE.bits()));
        let flags = sem::IPC_CREAT | sem::IPC_EXCL | i32::from(workable.bits());
        let set = Self::of_kernel(sem::get(key, count, flags)?);
        let made = set.initialise(values).and_then(|()| if mode == workable { Ok(()) } else { set.set_mode(mode) });
        if let Err(error) = made {
            set.remove()?;
            return Err(error);
        }
        Ok(set)
    }

    /// Gives a new set its values and, by a semop(2), the time by which it is known as made.
    fn initialise(self, values: &[u16]) -> io::Result<()> {
        let mut gifts = Vec::new();
        for (index, &value) in (0..).zip(values) {
            let value = i16::try_from(value).map_err(|_| errno::error(errno::ERANGE))?;
            gifts.extend((value > 0).then(|| Operation::new(index, value)));
        }
        // Neither changes anything, and both can be done at any value.
        let touch = if values[0] == 0 { [1, -1] } else { [-1, 1] }.map(|amount| Operation::new(0, amount));
        if gifts.is_empty() {
            return self.operate(&touch, Wait::Never);
        }
        if gifts.len() > limits()?.max_operations {
            self.set_values(values)?;
            return self.operate(&touch, Wait::Never);
        }
        self.operate(&gifts, Wait::Never)
    }

    fn of_kernel(id: i32) -> Self {
        Self(Id::new(id).expect("the kernel hands out no negative identifier"))
    }

    /// Its identifier.
    #[must_use]
    pub const fn id(self) -> Id {
        self.0
    }

    /// Waits until whoever makes this set has given it its values: whether somebody has.
    ///
    /// A set counts as made with its first semop(2), or once somebody has set a value. One that is two
    /// seconds old and neither (ipcmk makes such) is not waited for.
    #[doc(alias = "sem_otime")]
    pub fn is_made(self) -> io::Result<bool> {
        const SOON: Duration = Duration::from_millis(1);
        loop {
            let stat = self.stat()?;
            // Who may not read it cannot ask for more than its times.
            if stat.sem_otime != 0 || sem::last_pid(self.0.get(), 0).is_ok_and(|pid| pid != 0) {
                return Ok(true);
            }
            if !is_new(stat.sem_ctime) {
                return Ok(false);
            }
            if signal::wants_attention() {
                return Err(errno::error(errno::EINTR));
            }
            thread::sleep(SOON);
        }
    }

    /// Does all operations in one step, or waits until it can, or does none.
    ///
    /// EAGAIN when an operation with `no_wait` cannot be done, EAGAIN or ETIMEDOUT when `wait` ran out,
    /// EIDRM when the set was removed meanwhile, ERANGE when a value would exceed [`HIGHEST_VALUE`],
    /// EFBIG for an index the set does not have, E2BIG for more operations than
    /// [`Limits::max_operations`], EINTR when a signal came that is to end us.
    #[doc(alias = "semop")]
    #[doc(alias = "semtimedop")]
    pub fn operate(self, operations: &[Operation], wait: Wait) -> io::Result<()> {
        let raw: Vec<sembuf> = operations.iter().map(|operation| operation.to_kernel(wait == Wait::Never)).collect();
        let deadline = if let Wait::For(limit) = wait { Instant::now().checked_add(limit) } else { None };
        loop {
            if wait != Wait::Never && signal::wants_attention() {
                return Err(errno::error(errno::EINTR));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match sem::operate(self.0.get(), &raw, left) {
                // Also after a stop and SIGCONT: signal(7).
                Err(error) if errno::is(&error, errno::EINTR) => {}
                Err(error) if errno::is(&error, errno::EAGAIN) && has_passed(deadline) => {
                    return Err(errno::error(errno::ETIMEDOUT));
                }
                done => return done.map_err(no_such_id),
            }
        }
    }

    /// The value of one semaphore, EFBIG where the set has none of this index.
    #[doc(alias = "GETVAL")]
    pub fn value(self, index: u16) -> io::Result<u16> {
        sem::value(self.0.get(), index).map_err(|error| self.no_such_index(error))
    }

    /// All values.
    #[doc(alias = "GETALL")]
    pub fn values(self) -> io::Result<Vec<u16>> {
        sem::values(self.0.get()).map_err(no_such_id)
    }

    /// Sets the value of one semaphore. What processes would undo on it is forgotten.
    #[doc(alias = "SETVAL")]
    pub fn set_value(self, index: u16, value: u16) -> io::Result<()> {
        sem::set_value(self.0.get(), index, value).map_err(|error| self.no_such_index(error))
    }

    /// Sets all values in one step, EINVAL unless there are as many as semaphores. What processes
    /// would undo is forgotten.
    #[doc(alias = "SETALL")]
    pub fn set_values(self, values: &[u16]) -> io::Result<()> {
        sem::set_values(self.0.get(), values)
    }

    /// How many semaphores it has.
    pub fn count(self) -> io::Result<usize> {
        self.stat().map(|stat| usize::try_from(stat.sem_nsems).unwrap_or(0))
    }

    /// To semctl(2) both are an invalid argument; semop(2) has EFBIG for the index.
    fn no_such_index(self, error: io::Error) -> io::Error {
        let is_there = errno::is(&error, errno::EINVAL) && self.stat().is_ok();
        if is_there { errno::error(errno::EFBIG) } else { no_such_id(error) }
    }

    /// What the kernel knows of it, whoever owns it.
    #[doc(alias = "IPC_STAT")]
    pub fn status(self) -> io::Result<SetStatus> {
        self.stat().map(|stat| inventory::of_stat(self.0, &stat))
    }

    /// What the kernel knows of each of its semaphores. Other processes may change them between two.
    pub fn semaphores(self) -> io::Result<Vec<SemaphoreStatus>> {
        let count = u16::try_from(self.count()?).unwrap_or(u16::MAX);
        (0..count).map(|index| inventory::semaphore(self.0, index).map_err(no_such_id)).collect()
    }

    /// How many processes sleep on it, whatever for.
    pub fn waiting(self) -> io::Result<u64> {
        let semaphores = self.semaphores()?.into_iter();
        Ok(semaphores.map(|semaphore| u64::from(semaphore.increase) + u64::from(semaphore.zero)).sum())
    }

    fn stat(self) -> io::Result<semid_ds> {
        inventory::SLOTS.stat_or_listed(self.0, sem::stat)
    }

    /// Changes what `changes` names, and leaves the rest.
    ///
    /// For its owner, its creator or `CAP_SYS_ADMIN`, else EPERM.
    #[doc(alias = "IPC_SET")]
    pub fn set(self, changes: &Changes) -> io::Result<()> {
        let mut stat = self.stat()?;
        changes.apply_to(&mut stat.sem_perm);
        sem::set(self.0.get(), &mut stat).map_err(no_such_id)
    }

    fn set_mode(self, mode: Mode) -> io::Result<()> {
        let mut stat = self.stat()?;
        perm::set_mode(&mut stat.sem_perm, mode.bits());
        sem::set(self.0.get(), &mut stat)
    }

    /// Removes it; whoever sleeps on it gets EIDRM.
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> io::Result<()> {
        sem::remove(self.0.get()).map_err(no_such_id)
    }
}

fn has_passed(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

/// Whether a set that was made at this time may still be in the making.
fn is_new(made: i64) -> bool {
    /// Times of sets are whole seconds: this is at least one.
    const GRACE: i64 = 2;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    // A clock that was set back makes nothing new.
    (0..GRACE).contains(&(i64::try_from(now).unwrap_or(i64::MAX) - made))
}

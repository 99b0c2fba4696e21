//! POSIX named semaphores: sem_overview(7).
//!
//! The C library keeps them as files in `/dev/shm`; the kernel knows nothing of them. Nobody gives back
//! what a process held when it died.

use std::fs::{File, OpenOptions, Permissions as FileMode};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::ipc::posix_files;
use crate::ipc::{Changes, Mode, PosixName, Wait};
use crate::sys::named_sem::{self, Mapped, now};
use crate::sys::{errno, fd, signal};

mod inventory;

pub use inventory::{NamedSemaphore, list, status};

/// The highest value of a semaphore: `SEM_VALUE_MAX`.
pub const HIGHEST_VALUE: u32 = named_sem::VALUE_MAX;

/// An open semaphore.
#[derive(Debug)]
pub struct Semaphore {
    file: File,
    mapped: Mapped,
}

impl Semaphore {
    /// Opens the semaphore of this name, ENOENT where there is none.
    ///
    /// [`InvalidData`](io::ErrorKind::InvalidData) when the file is no semaphore: sem_open(3) would map it
    /// nonetheless.
    #[doc(alias = "sem_open")]
    pub fn open(name: &PosixName) -> io::Result<Self> {
        let flags = fd::NO_FOLLOW | fd::NON_BLOCKING;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path(name))?;
        Self::of(file)
    }

    /// A new semaphore, EEXIST where there is one. The mode is what is asked for, whatever the umask.
    ///
    /// The file is filled and only then given its name, in one step: nobody sees it without its value.
    #[doc(alias = "O_CREAT")]
    pub fn create(name: &PosixName, value: u32, mode: Mode) -> io::Result<Self> {
        let bytes = named_sem::initial(value)?;
        let file = posix_files::nameless()?;
        file.write_all_at(&bytes, 0)?;
        file.set_permissions(FileMode::from_mode(mode.bits().into()))?;
        posix_files::give_name(&file, &path(name))?;
        Self::of(file)
    }

    fn of(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() < named_sem::SIZE as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what lies there is no semaphore"));
        }
        Ok(Self { mapped: Mapped::of(&file)?, file })
    }

    /// Removes the name. Who has the semaphore open keeps it, and who sleeps on it sleeps on.
    #[doc(alias = "sem_unlink")]
    pub fn remove(name: &PosixName) -> io::Result<()> {
        std::fs::remove_file(path(name))
    }

    /// Takes units, all or none.
    ///
    /// POSIX has no call for several: each is taken when it comes, and where the others are missing all
    /// go back before the next attempt. Others may see the value lower meanwhile, and whoever wants few
    /// comes before who wants many.
    ///
    /// EAGAIN or ETIMEDOUT when there were not as many, EINTR when a signal came that is to end us.
    #[doc(alias = "sem_wait")]
    #[doc(alias = "sem_clockwait")]
    #[doc(alias = "sem_trywait")]
    pub fn take(&self, units: u32, wait: Wait) -> io::Result<()> {
        let mut pauses = Pauses::new(wait);
        loop {
            self.take_one(wait, pauses.deadline)?;
            if units == 1 || self.take_at_once(units - 1)? {
                return Ok(());
            }
            self.give(1)?;
            pauses.next()?;
        }
    }

    /// Takes one unit if there is one, EAGAIN otherwise.
    fn try_take(&self) -> io::Result<()> {
        self.mapped.try_wait().map_err(cut_short)
    }

    /// Takes one unit, over signals that end nothing.
    fn take_one(&self, wait: Wait, deadline: Option<Duration>) -> io::Result<()> {
        loop {
            let taken = if wait == Wait::Never { self.mapped.try_wait() } else { self.mapped.wait(deadline) };
            match taken {
                Err(error) if errno::is(&error, errno::EINTR) && !signal::wants_attention() => {}
                taken => return taken.map_err(cut_short),
            }
        }
    }

    /// Takes units if they are there, all or none: whether they were.
    fn take_at_once(&self, units: u32) -> io::Result<bool> {
        for taken in 0..units {
            if let Err(error) = self.try_take() {
                self.give(taken)?;
                return if errno::is(&error, errno::EAGAIN) { Ok(false) } else { Err(error) };
            }
        }
        Ok(true)
    }

    /// Gives units, all or none: EOVERFLOW where the value would exceed [`HIGHEST_VALUE`].
    #[doc(alias = "sem_post")]
    pub fn give(&self, units: u32) -> io::Result<()> {
        for given in 0..units {
            if let Err(error) = self.mapped.post().map_err(cut_short) {
                self.take_at_once(given)?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits until the value is 0, and changes nothing. Nothing tells of it, so this looks again and again.
    pub fn wait_for_zero(&self, wait: Wait) -> io::Result<()> {
        let mut pauses = Pauses::new(wait);
        while self.value()? != 0 {
            pauses.next()?;
        }
        Ok(())
    }

    /// Its value.
    #[doc(alias = "sem_getvalue")]
    pub fn value(&self) -> io::Result<u32> {
        inventory::contents(&self.file).map(|(value, _)| value).map_err(cut_short)
    }

    /// How many processes sleep on it, as the C library counts them. One that was killed in its sleep
    /// is counted for ever.
    pub fn waiting(&self) -> io::Result<u32> {
        inventory::contents(&self.file).map(|(_, waiting)| waiting).map_err(cut_short)
    }

    /// Makes its value `value` by giving and taking. That is not one step: units that others give and
    /// take meanwhile count.
    pub fn set_value(&self, value: u32) -> io::Result<()> {
        let now = self.value()?;
        if now < value {
            return self.give(value - now);
        }
        for _ in value..now {
            match self.try_take() {
                // Somebody else took it.
                Err(error) if errno::is(&error, errno::EAGAIN) => break,
                taken => taken?,
            }
        }
        Ok(())
    }

    /// Changes owner and mode.
    #[doc(alias = "fchmod")]
    #[doc(alias = "fchown")]
    pub fn set(&self, changes: &Changes) -> io::Result<()> {
        changes.apply_to_file(&self.file)
    }
}

/// The error of an open semaphore whose file may have lost its bytes, in words where it has.
fn cut_short(error: io::Error) -> io::Error {
    if errno::is(&error, errno::EFAULT) || error.kind() == io::ErrorKind::UnexpectedEof {
        return io::Error::new(io::ErrorKind::InvalidData, "its file was cut short, it is no semaphore any more");
    }
    error
}

/// The file of a semaphore.
fn path(name: &PosixName) -> PathBuf {
    posix_files::path(b"sem.", name)
}

/// Pauses between looks at something that tells nobody of its changes: longer the longer it takes.
struct Pauses {
    wait: Wait,
    /// When patience ends, on the clock of [`now`].
    deadline: Option<Duration>,
    pause: Duration,
}

impl Pauses {
    const FIRST: Duration = Duration::from_micros(500);
    const LONGEST: Duration = Duration::from_millis(50);

    fn new(wait: Wait) -> Self {
        let deadline = if let Wait::For(limit) = wait { now().checked_add(limit) } else { None };
        Self { wait, deadline, pause: Self::FIRST }
    }

    /// Sleeps once: EAGAIN or ETIMEDOUT when patience is at its end, EINTR when a signal is to end us.
    fn next(&mut self) -> io::Result<()> {
        if self.wait == Wait::Never {
            return Err(errno::error(errno::EAGAIN));
        }
        if signal::wants_attention() {
            return Err(errno::error(errno::EINTR));
        }
        let left = self.deadline.map_or(Self::LONGEST, |deadline| deadline.saturating_sub(now()));
        if left.is_zero() {
            return Err(errno::error(errno::ETIMEDOUT));
        }
        thread::sleep(self.pause.min(left));
        self.pause = (self.pause * 2).min(Self::LONGEST);
        Ok(())
    }
}

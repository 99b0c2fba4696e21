//! POSIX named semaphores: sem_overview(7).
//!
//! glibc keeps them as files in `/dev/shm`; the kernel knows nothing of them. Nobody gives back what a process
//! held when it died.

use std::fs::{File, OpenOptions, Permissions as FileMode};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use crate::ipc::posix_files;
use crate::ipc::{Changes, Mode, PosixName, Wait};
use crate::sys::{errno, fd, signal};
use word::Word;

mod inventory;
mod word;

pub use inventory::{NamedSemaphore, list, status};

/// The highest value of a semaphore: `SEM_VALUE_MAX`.
pub const HIGHEST_VALUE: u32 = word::HIGHEST_VALUE;

/// An open semaphore.
#[derive(Debug)]
pub struct Semaphore {
    file: File,
    word: Word,
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
        let bytes = word::initial(value)?;
        let file = posix_files::nameless()?;
        file.write_all_at(&bytes, 0)?;
        file.set_permissions(FileMode::from_mode(mode.bits().into()))?;
        posix_files::give_name(&file, &path(name))?;
        Self::of(file)
    }

    fn of(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() < word::SIZE as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what lies there is no semaphore"));
        }
        Ok(Self { word: Word::of(&file)?, file })
    }

    /// Removes the name. Who has the semaphore open keeps it, and who sleeps on it sleeps on.
    #[doc(alias = "sem_unlink")]
    pub fn remove(name: &PosixName) -> io::Result<()> {
        std::fs::remove_file(path(name))
    }

    /// Takes units, all in one step.
    ///
    /// Who wants several waits until they are there together: whoever wants few comes before.
    ///
    /// EAGAIN or ETIMEDOUT when there were not as many, EINTR when a signal came that is to end us.
    #[doc(alias = "sem_wait")]
    #[doc(alias = "sem_clockwait")]
    #[doc(alias = "sem_trywait")]
    pub fn take(&self, units: u32, wait: Wait) -> io::Result<()> {
        let mut pauses = Pauses::new(wait);
        loop {
            match self.word.take(units) {
                Err(error) if errno::is(&error, errno::EAGAIN) => {}
                taken => return taken.map_err(cut_short),
            }
            let value = self.value()?;
            if value > 0 {
                // The wake-up that a unit gives may have come to us, for whom it is not enough: it is for the next,
                // also where we give up.
                self.word.pass_on().map_err(cut_short)?;
            }
            let left = pauses.left()?;
            match value {
                0 => {
                    self.word.sleep(left).map_err(cut_short)?;
                    pauses.pause = Pauses::FIRST;
                }
                too_few if too_few < units => pauses.sleep(left),
                _ => {}
            }
        }
    }

    /// Gives units, all or none: EOVERFLOW where the value would exceed [`HIGHEST_VALUE`].
    #[doc(alias = "sem_post")]
    pub fn give(&self, units: u32) -> io::Result<()> {
        self.word.give(units).map_err(cut_short)
    }

    /// Waits until the value is 0, and changes nothing. Nothing tells of it, so this looks again and again.
    pub fn wait_for_zero(&self, wait: Wait) -> io::Result<()> {
        let mut pauses = Pauses::new(wait);
        while self.value()? != 0 {
            let left = pauses.left()?;
            pauses.sleep(left);
        }
        Ok(())
    }

    /// Its value.
    #[doc(alias = "sem_getvalue")]
    pub fn value(&self) -> io::Result<u32> {
        self.word.halves().map(|(value, _)| value).map_err(cut_short)
    }

    /// How many processes sleep on it, as they count themselves. One that was killed in its sleep
    /// is counted for ever.
    pub fn waiting(&self) -> io::Result<u32> {
        self.word.halves().map(|(_, waiting)| waiting).map_err(cut_short)
    }

    /// Makes its value `value`, in one step: EINVAL above [`HIGHEST_VALUE`].
    pub fn set_value(&self, value: u32) -> io::Result<()> {
        self.word.set(value).map_err(cut_short)
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
    if errno::is(&error, errno::EFAULT) {
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
    started: Instant,
    pause: Duration,
}

impl Pauses {
    const FIRST: Duration = Duration::from_micros(500);
    const LONGEST: Duration = Duration::from_millis(50);

    fn new(wait: Wait) -> Self {
        Self { wait, started: Instant::now(), pause: Self::FIRST }
    }

    /// What is left of the time to wait, `None` for ever: EAGAIN or ETIMEDOUT when there is none, EINTR when a
    /// signal is to end us.
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = match self.wait {
            Wait::Forever => None,
            Wait::Never => return Err(errno::error(errno::EAGAIN)),
            Wait::For(limit) => Some(limit.saturating_sub(self.started.elapsed())),
        };
        if signal::wants_attention() {
            return Err(errno::error(errno::EINTR));
        }
        if left == Some(Duration::ZERO) { Err(errno::error(errno::ETIMEDOUT)) } else { Ok(left) }
    }

    /// Sleeps once.
    fn sleep(&mut self, left: Option<Duration>) {
        thread::sleep(left.map_or(self.pause, |left| self.pause.min(left)));
        self.pause = (self.pause * 2).min(Self::LONGEST);
    }
}

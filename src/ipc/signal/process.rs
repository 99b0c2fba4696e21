//! A process held by a pidfd.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::fstat;
use nix::sys::statfs::fstatfs;

use super::Signal;
use crate::proc::stat;
use crate::sys::{errno, pidfd};

/// A process that is held: whatever becomes of its pid, this is the same one.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    fd: OwnedFd,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By exit(3), with this status.
    Exited(u8),
    /// Of a signal.
    Killed(Signal),
    /// The kernel does not tell us.
    Unknown,
}

impl Ending {
    /// Of wait(2)'s status.
    #[must_use]
    pub fn of_wait_status(status: i32) -> Self {
        match Signal::new(status & 0x7f) {
            Some(signal) => Self::Killed(signal),
            None => Self::Exited(u8::try_from(status >> 8 & 0xff).unwrap_or(u8::MAX)),
        }
    }
}

impl Process {
    /// Holds what has this pid now. Look at it only now: then what you see is what you hold, as long
    /// as it [is running](Self::is_running) afterwards.
    #[doc(alias = "pidfd_open")]
    pub fn open(pid: i32) -> io::Result<Self> {
        let fd = match pidfd::open(pid) {
            // The soft limit is for programs that use select(2).
            Err(error) if errno::is(&error, errno::EMFILE) && raise_limit() => pidfd::open(pid),
            opened => opened,
        }?;
        Ok(Self { pid, fd })
    }

    /// Holds the process of this pid if it is the one whose pidfd has this inode; ESRCH if the pid has
    /// been given to another one.
    pub fn open_identity(pid: i32, inode: u64) -> io::Result<Self> {
        let process = Self::open(pid)?;
        match process.inode()? {
            Some(own) if own == inode => Ok(process),
            Some(_) => Err(errno::error(errno::ESRCH)),
            None => Err(io::Error::new(io::ErrorKind::Unsupported, "this kernel gives processes no inode (Linux 6.9)")),
        }
    }

    /// Its pid; of use as long as it runs.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The number that is this process's alone until the next boot; `None` on kernels before 6.9.
    pub fn inode(&self) -> io::Result<Option<u64>> {
        if i128::from(fstatfs(&self.fd)?.filesystem_type().0) != i128::from(pidfd::FILE_SYSTEM) {
            return Ok(None);
        }
        Ok(Some(fstat(&self.fd)?.st_ino))
    }

    /// Sends a signal; without one, only asks whether that could be done.
    #[doc(alias = "pidfd_send_signal")]
    pub fn send(&self, signal: Option<Signal>) -> io::Result<()> {
        pidfd::send(&self.fd, signal.map_or(0, Signal::number), None)
    }

    /// Sends a signal with a value, as sigqueue(3) does. EAGAIN when as many are queued for the
    /// process's user as its RLIMIT_SIGPENDING allows.
    #[doc(alias = "sigqueue")]
    pub fn queue(&self, signal: Signal, value: i32) -> io::Result<()> {
        pidfd::send(&self.fd, signal.number(), Some(value))
    }

    /// Whether it has not ended.
    pub fn is_running(&self) -> io::Result<bool> {
        Ok(wait_for_any(&[self], Some(Duration::ZERO))?.is_empty())
    }

    /// How it ended, once it has. Where only its parent's wait(2) gives that away, waits a little for it.
    pub fn ending(&self) -> io::Result<Ending> {
        const PATIENCE: Duration = Duration::from_millis(100);
        let started = Instant::now();
        loop {
            // In this order: it may be waited for in between, and then the kernel tells.
            let of_zombie = self.zombie_status();
            if let Some(status) = pidfd::exit_status(&self.fd)?.or(of_zombie) {
                return Ok(Ending::of_wait_status(status));
            }
            if started.elapsed() > PATIENCE || self.is_waited_for()? {
                let status = pidfd::exit_status(&self.fd)?;
                return Ok(status.map_or(Ending::Unknown, Ending::of_wait_status));
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The wait status of a process that nobody has waited for yet, where we may read it.
    fn zombie_status(&self) -> Option<i32> {
        let stat = stat::of(self.pid).ok().filter(|stat| stat.state == 'Z')?;
        // Still not waited for: so that was this process and no other of its pid.
        (stat::may_read(self.pid) && !self.is_waited_for().ok()?).then_some(stat.exit_code)
    }

    /// Whether wait(2) has taken its pid away: ESRCH for whoever signals it.
    fn is_waited_for(&self) -> io::Result<bool> {
        match pidfd::send(&self.fd, 0, None) {
            Err(error) if errno::is(&error, errno::ESRCH) => Ok(true),
            Err(error) if !errno::is(&error, errno::EPERM) => Err(error),
            _ => Ok(false),
        }
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Waits until at least one of these has ended, at most `limit`: the indices of all that have, none
/// when the time is over or something interrupted.
pub fn wait_for_any(processes: &[impl AsFd], limit: Option<Duration>) -> io::Result<Vec<usize>> {
    let mut entries: Vec<_> = processes.iter().map(|process| PollFd::new(process.as_fd(), PollFlags::POLLIN)).collect();
    // Rounded up: a limit below a millisecond is not none.
    let limit = limit.map_or(PollTimeout::NONE, |limit| {
        PollTimeout::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(PollTimeout::MAX)
    });
    match poll(&mut entries, limit) {
        Ok(_) => {}
        Err(nix::Error::EINTR) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    }
    let ended = entries.iter().enumerate().filter(|(_, entry)| entry.any().unwrap_or(false));
    Ok(ended.map(|(index, _)| index).collect())
}

/// As many descriptors as we may have: whether that is more than before.
fn raise_limit() -> bool {
    getrlimit(Resource::RLIMIT_NOFILE)
        .is_ok_and(|(soft, hard)| soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn ending_of(script: &str) -> Ending {
        let mut child = Command::new("sh").args(["-c", script]).spawn().expect("sh runs");
        let process = Process::open(child.id().cast_signed()).expect("it is ours");
        assert_eq!(wait_for_any(&[&process], None).expect("poll"), [0]);
        let as_zombie = process.ending().expect("it has ended");
        child.wait().expect("it has ended");
        let afterwards = process.ending().expect("it has ended");
        // Kernels before 6.15 forget.
        assert!(afterwards == as_zombie || afterwards == Ending::Unknown, "{afterwards:?}");
        as_zombie
    }

    #[test]
    fn the_ending_of_a_process_is_told_before_and_after_its_parent_knows() {
        assert_eq!(ending_of("exit 42"), Ending::Exited(42));
        assert_eq!(ending_of("exit 0"), Ending::Exited(0));
        assert_eq!(ending_of("kill -KILL $$"), Ending::Killed(Signal::KILL));
    }
}

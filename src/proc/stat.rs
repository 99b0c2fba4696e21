//! The place of a process among the others: proc_pid_stat(5), and its control groups.

use std::io;
use std::time::{Duration, SystemTime};

use procfs::ProcError;
use procfs::process::Process;

/// `PF_KTHREAD` of the kernel's <linux/sched.h>.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// Ticks of `starttime` in a second: USER_HZ, 100 on every 64-bit machine.
pub(super) const TICKS: u64 = 100;

/// A line of `/proc/PID/stat`, as far as the tools ask it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Its pid.
    pub pid: i32,
    /// The command name, at most 15 bytes.
    pub command: String,
    /// The letter of its state.
    pub state: char,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
    /// Whether it is a thread of the kernel's.
    pub of_kernel: bool,
    /// When it started, in ticks since the machine did.
    start: u64,
    /// The wait status of a zombie; 0 also where we may not know.
    pub exit_code: i32,
}

/// Reads it; ESRCH turns up as `NotFound`.
pub(crate) fn of(pid: i32) -> io::Result<Stat> {
    Process::new(pid).and_then(|process| process.stat()).map(Stat::of).map_err(of_procfs)
}

/// Every process that we can see; one that ends meanwhile is left out.
pub(crate) fn all() -> io::Result<Vec<Stat>> {
    let processes = procfs::process::all_processes().map_err(of_procfs)?;
    Ok(processes.filter_map(|process| process.ok()?.stat().ok()).map(Stat::of).collect())
}

impl Stat {
    fn of(stat: procfs::process::Stat) -> Self {
        Self {
            pid: stat.pid,
            command: stat.comm,
            state: stat.state,
            parent: stat.ppid,
            group: stat.pgrp,
            session: stat.session,
            of_kernel: stat.flags & KERNEL_THREAD != 0,
            start: stat.starttime,
            exit_code: stat.exit_code.unwrap_or(0),
        }
    }

    /// When it started, on today's clock.
    pub(crate) fn started(&self) -> Option<SystemTime> {
        let since_boot = Duration::from_millis(self.start * (1000 / TICKS));
        let (now, boot) = both_clocks()?;
        now.checked_sub(boot.checked_sub(since_boot)?)
    }

    /// The same in seconds since the epoch.
    pub(crate) fn started_at(&self) -> Option<i64> {
        let since_epoch = self.started()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since_epoch.as_secs()).ok()
    }
}

/// The time of day and the time since the machine was started, of the same moment: who is held up between the two
/// looks again.
fn both_clocks() -> Option<(SystemTime, Duration)> {
    let since_boot = || nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).ok().map(Duration::from);
    loop {
        let before = since_boot()?;
        let now = SystemTime::now();
        if since_boot()? < before + Duration::from_millis(1) {
            return Some((now, before));
        }
    }
}

/// The states of all threads of a process.
pub(crate) fn thread_states(pid: i32) -> Vec<char> {
    let Ok(threads) = Process::new(pid).and_then(|process| process.tasks()) else { return Vec::new() };
    threads.filter_map(|thread| Some(thread.ok()?.stat().ok()?.state)).collect()
}

/// The process itself, its parent, and so on up.
pub(crate) fn lineage() -> Vec<Stat> {
    let mut line: Vec<Stat> = Vec::new();
    let mut pid = std::process::id().cast_signed();
    while let Some(stat) = Some(pid).filter(|&pid| pid > 0).and_then(|pid| of(pid).ok()) {
        pid = stat.parent;
        line.push(stat);
    }
    line
}

/// The paths of the control groups that it is in: proc_pid_cgroup(5).
pub(crate) fn cgroups(pid: i32) -> io::Result<Vec<String>> {
    let groups = Process::new(pid).and_then(|process| process.cgroups()).map_err(of_procfs)?;
    Ok(groups.into_iter().map(|group| group.pathname).collect())
}

/// Whether ptrace(2)'s rules let us read of it; a zombie's exit status wants that.
pub(crate) fn may_read(pid: i32) -> bool {
    // A zombie has no namespace any more: then the answer is ENOENT, but behind the check.
    let asked = std::fs::read_link(format!("/proc/{pid}/ns/uts"));
    asked.err().is_none_or(|error| error.kind() != io::ErrorKind::PermissionDenied)
}

/// An errno where there is one, else words.
pub(super) fn of_procfs(error: ProcError) -> io::Error {
    match error {
        ProcError::Io(error, _) => error,
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::PermissionDenied(_) => io::ErrorKind::PermissionDenied.into(),
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_line_ends_at_the_first_process() {
        let line = lineage();
        assert_eq!(line[0].pid, std::process::id().cast_signed());
        assert!(line.iter().zip(&line[1..]).all(|(child, parent)| child.parent == parent.pid), "{line:?}");
    }

    #[test]
    fn we_started_a_while_ago() {
        let started = of(std::process::id().cast_signed()).expect("we run").started().expect("a time");
        let age = SystemTime::now().duration_since(started).expect("not in the future");
        assert!(age < Duration::from_mins(10), "{age:?}");
    }
}

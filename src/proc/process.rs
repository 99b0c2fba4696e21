//! Processes: whether they run, what they are called, what they sleep in and hold open.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use procfs::ProcError;
use procfs::process::{Process, Syscall, all_processes};

use super::stat::of_procfs;
use crate::sys::call::Call;
use crate::sys::errno;

/// The command name of a process that runs (proc_pid_comm(5)); `None` when there is none of this pid.
pub(crate) fn command(pid: i32) -> Option<String> {
    Some(Process::new(pid).ok()?.stat().ok()?.comm)
}

/// The arguments of a process with a blank between them (proc_pid_cmdline(5)); empty for one that has
/// none any more, `None` when there is no process of this pid.
pub(crate) fn command_line(pid: i32) -> Option<Vec<u8>> {
    let mut line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    // A process that writes over its arguments may leave many NULs behind them.
    let length = line.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    line.truncate(length);
    line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    Some(line)
}

/// The effective user of a process.
pub(crate) fn user(pid: i32) -> Option<u32> {
    Process::new(pid).ok()?.uid().ok()
}

/// When a process started, in seconds since the epoch.
pub(crate) fn started(pid: i32) -> Option<i64> {
    let ticks = Process::new(pid).ok()?.stat().ok()?.starttime;
    let boot = procfs::boot_time_secs().ok()?;
    i64::try_from(boot + ticks / procfs::ticks_per_second()).ok()
}

/// Our own children that have not been waited for; none where the kernel does not tell.
pub(crate) fn own_children() -> Vec<i32> {
    let Ok(own) = Process::myself().and_then(|own| own.task_main_thread()) else { return Vec::new() };
    own.children().unwrap_or_default().into_iter().filter_map(|pid| i32::try_from(pid).ok()).collect()
}

/// The processes that share an IPC namespace with us.
#[derive(Debug)]
pub(crate) struct Neighbours {
    /// Those that we may look at.
    pub pids: Vec<i32>,
    /// How many may be among them that we may not look at.
    pub hidden: usize,
}

/// The processes of our own IPC namespace, as far as we may look at them.
pub(crate) fn neighbours() -> io::Result<Neighbours> {
    let own = fs::read_link("/proc/self/ns/ipc")?;
    let mut found = Neighbours { pids: Vec::new(), hidden: 0 };
    for process in all_processes().map_err(of_procfs)? {
        // One that ended since the directory was read is no neighbour any more.
        let Ok(process) = process else { continue };
        match fs::read_link(format!("/proc/{}/ns/ipc", process.pid())) {
            Ok(namespace) if namespace == own => found.pids.push(process.pid()),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => found.hidden += 1,
            _ => {}
        }
    }
    Ok(found)
}

/// All processes; which of them may be looked at shows when it is tried.
pub(crate) fn all() -> io::Result<Neighbours> {
    let pids = all_processes().map_err(of_procfs)?.filter_map(|process| Some(process.ok()?.pid())).collect();
    Ok(Neighbours { pids, hidden: 0 })
}

/// A thread that sleeps in a system call: proc_pid_syscall(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sleep {
    /// The call.
    pub call: Call,
    /// Its arguments.
    pub arguments: [u64; 6],
}

/// What the threads of a process sleep in; those that run are left out.
///
/// EACCES when we may not look: this takes more than to see its namespaces (ptrace(2), Yama).
pub(crate) fn sleeps(pid: i32) -> io::Result<Vec<Sleep>> {
    let mut sleeps = Vec::new();
    // What ended since it was listed sleeps nowhere.
    let Ok(threads) = Process::new(pid).and_then(|process| process.tasks()) else { return Ok(sleeps) };
    for thread in threads.flatten() {
        match thread.syscall() {
            Ok(Syscall::Blocked { syscall_number, argument_registers, .. }) => {
                sleeps.push(Sleep { call: Call::of(syscall_number), arguments: argument_registers });
            }
            Err(ProcError::PermissionDenied(_)) => return Err(io::ErrorKind::PermissionDenied.into()),
            _ => {}
        }
    }
    Ok(sleeps)
}

/// The function of the kernel that a thread sleeps in: proc_pid_wchan(5); empty where it does not tell.
pub(crate) fn sleeps_at(thread: i32) -> Vec<u8> {
    fs::read(format!("/proc/{thread}/wchan")).unwrap_or_default()
}

/// The string that ends with a NUL byte at this address of a process; at most a path's length of it.
pub(crate) fn read_string(pid: i32, address: u64) -> io::Result<Vec<u8>> {
    const LONGEST: usize = 4096;
    const PAGE: usize = 4096;
    let memory = fs::File::open(format!("/proc/{pid}/mem"))?;
    let mut text = Vec::new();
    while text.len() < LONGEST {
        // What lies on the next page may not be there.
        let place = address + text.len() as u64;
        let mut piece = [0; PAGE];
        let before = usize::try_from(place % PAGE as u64).unwrap_or(0);
        let got = memory.read_at(&mut piece[before..], place)?;
        let piece = &piece[before..before + got];
        match memchr::memchr(0, piece) {
            Some(end) => {
                text.extend_from_slice(&piece[..end]);
                return Ok(text);
            }
            None if got == 0 => break,
            None => text.extend_from_slice(piece),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

/// Fills `buffer` from the memory of a process at this address: process_vm_readv(2).
///
/// EPERM when we may not look (ptrace(2), Yama), EFAULT when not all of it is there.
pub(crate) fn read_memory(pid: i32, address: u64, buffer: &mut [u8]) -> io::Result<()> {
    let base = usize::try_from(address).map_err(|_| errno::error(errno::EFAULT))?;
    let remote = RemoteIoVec { base, len: buffer.len() };
    let read = process_vm_readv(Pid::from_raw(pid), &mut [io::IoSliceMut::new(buffer)], &[remote])?;
    if read == remote.len { Ok(()) } else { Err(errno::error(errno::EFAULT)) }
}

/// Where we find what a process calls so: below its own root or directory.
pub(crate) fn path_from_outside(pid: i32, directory: Option<u32>, path: &Path) -> PathBuf {
    let process = PathBuf::from(format!("/proc/{pid}"));
    let strip = |prefix: &str| path.strip_prefix(prefix).ok();
    // These would be ours.
    if let Some(rest) = strip("/proc/self").or_else(|| strip("/proc/thread-self")) {
        return process.join(rest);
    }
    if let Some(rest) = strip("/dev/fd") {
        return process.join("fd").join(rest);
    }
    match (path.as_os_str().as_bytes(), directory) {
        (b"/dev/stdin", _) => process.join("fd/0"),
        (b"/dev/stdout", _) => process.join("fd/1"),
        (b"/dev/stderr", _) => process.join("fd/2"),
        ([b'/', rest @ ..], _) => process.join("root").join(OsStr::from_bytes(rest)),
        (_, Some(directory)) => process.join("fd").join(directory.to_string()).join(path),
        (_, None) => process.join("cwd").join(path),
    }
}

/// Device and inode of what a descriptor of a process is open on.
pub(crate) fn inode_of(pid: i32, descriptor: u64) -> Option<(u64, u64)> {
    let file = fs::metadata(format!("/proc/{pid}/fd/{descriptor}")).ok()?;
    Some((file.dev(), file.ino()))
}

/// Whether we may look at the descriptors of a process, and at this one where it is given.
pub(crate) fn is_open(pid: i32, descriptor: Option<u32>) -> io::Result<()> {
    let folder = format!("/proc/{pid}/fd");
    match descriptor {
        Some(descriptor) => fs::read_link(format!("{folder}/{descriptor}")).map(drop),
        None => fs::read_dir(folder).map(drop),
    }
}

/// The numbers of a process's descriptors; none where we may not look.
pub(crate) fn descriptors(pid: i32) -> Vec<u64> {
    let Ok(descriptors) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    descriptors.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The open flags of the descriptors of a process that are open on this device and inode.
pub(crate) fn open_on(pid: i32, inode: (u64, u64)) -> Vec<u32> {
    let descriptors = descriptors(pid).into_iter();
    descriptors
        .filter(|&number| inode_of(pid, number) == Some(inode))
        .filter_map(|number| open_flags(pid, number))
        .collect()
}

/// The `flags:` of a descriptor: proc_pid_fdinfo(5).
fn open_flags(pid: i32, descriptor: u64) -> Option<u32> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
    u32::from_str_radix(flags.trim(), 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_run_and_are_our_own_neighbour() {
        let own = std::process::id().cast_signed();
        assert!(command(own).is_some());
        assert!(neighbours().expect("/proc").pids.contains(&own));
        assert_eq!(command(i32::MAX), None);
    }

    #[test]
    fn what_we_have_open_is_seen() {
        let inode = fs::File::open("/dev/null").and_then(|null| null.metadata()).expect("/dev/null");
        let null = fs::File::options().write(true).open("/dev/null").expect("/dev/null");
        let flags = open_on(std::process::id().cast_signed(), (inode.dev(), inode.ino()));
        assert!(flags.iter().any(|flags| flags & 1 == 1), "{flags:?}");
        drop(null);
    }

    #[test]
    fn paths_are_looked_for_where_the_process_has_them() {
        let table = [
            (None, "/tmp/f", "/proc/7/root/tmp/f"),
            (None, "f", "/proc/7/cwd/f"),
            (Some(3), "f", "/proc/7/fd/3/f"),
            (None, "/proc/self/fd/4", "/proc/7/fd/4"),
            (None, "/dev/fd/4", "/proc/7/fd/4"),
            (None, "/dev/stdin", "/proc/7/fd/0"),
        ];
        for (directory, path, found) in table {
            assert_eq!(path_from_outside(7, directory, Path::new(path)), Path::new(found));
        }
    }
}

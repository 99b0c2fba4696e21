//! The pipes and FIFOs that processes have open, or are about to open.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::process::{self, Sleep};
use crate::sys::call::Call;

/// Which pipe a descriptor is open on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A pipe without a name, by its inode.
    Anonymous(u64),
    /// A FIFO: device, inode, and its path as the process would see it.
    Fifo { device: u64, inode: u64, path: PathBuf },
}

/// A descriptor of a process that is open on a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// Its number.
    pub number: u32,
    /// What it is open on.
    pub target: Target,
    /// The process may read from it.
    pub reads: bool,
    /// The process may write to it.
    pub writes: bool,
}

/// The descriptors of a process that are open on pipes. EACCES where we may not look (ptrace(2)).
pub(crate) fn open_in(pid: i32) -> io::Result<Vec<Descriptor>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let Ok(entry) = entry else { break };
        let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let path = entry.path();
        // What is closed meanwhile is left out.
        let Some(target) = fs::read_link(&path).ok().and_then(|link| target_of(&path, link)) else { continue };
        // The permissions of the link are those of the descriptor: proc_pid_fd(5).
        let Ok(mode) = fs::symlink_metadata(&path).map(|link| link.mode()) else { continue };
        found.push(Descriptor { number, target, reads: mode & 0o400 != 0, writes: mode & 0o200 != 0 });
    }
    Ok(found)
}

/// What the link of a descriptor means, where that is a pipe.
fn target_of(descriptor: &Path, link: PathBuf) -> Option<Target> {
    let text = link.as_os_str().as_bytes();
    if let Some(inode) = text.strip_prefix(b"pipe:[").and_then(|rest| rest.strip_suffix(b"]")) {
        return Some(Target::Anonymous(std::str::from_utf8(inode).ok()?.parse().ok()?));
    }
    // Sockets, memory and the like have no path; the null device is what most descriptors are open on.
    if !text.starts_with(b"/") || text == b"/dev/null" {
        return None;
    }
    let file = fs::metadata(descriptor).ok().filter(|file| file.file_type().is_fifo())?;
    Some(Target::Fifo { device: file.dev(), inode: file.ino(), path: link })
}

/// The FIFO that a thread sleeps in open(2) on, and the flags that it opens it with; `None` where it does
/// something else, or we may not read its memory.
pub(crate) fn opening(pid: i32, sleep: Sleep) -> Option<(Target, u64)> {
    let [first, second, third, ..] = sleep.arguments;
    // The directory is an int: AT_FDCWD has its upper half set or not, as the caller likes.
    let (directory, path, flags) = match sleep.call {
        Call::Open => (None, first, second),
        Call::Openat => (u32::try_from(first & 0xffff_ffff).ok().filter(|&fd| fd.cast_signed() >= 0), second, third),
        _ => return None,
    };
    let path = PathBuf::from(std::ffi::OsString::from_vec(process::read_string(pid, path).ok()?));
    let file = fs::metadata(process::path_from_outside(pid, directory, &path))
        .ok()
        .filter(|file| file.file_type().is_fifo())?;
    let own = format!("/proc/{pid}/cwd");
    let path = match directory {
        _ if path.is_absolute() => path,
        Some(directory) => fs::read_link(format!("/proc/{pid}/fd/{directory}")).ok()?.join(path),
        None => fs::read_link(own).ok()?.join(path),
    };
    Some((Target::Fifo { device: file.dev(), inode: file.ino(), path }, flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_pipe_is_seen_with_both_ends() {
        let (read, write) = io::pipe().expect("a pipe");
        let inode = fs::metadata(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&read))).expect("open");
        let all = open_in(std::process::id().cast_signed()).expect("our own");
        let ours: Vec<_> = all.iter().filter(|one| one.target == Target::Anonymous(inode.ino())).collect();
        // A process that another test starts has them, too, but that is another process.
        let ends: Vec<_> = ours.iter().map(|end| (end.reads, end.writes)).collect();
        assert!(ends.contains(&(true, false)) && ends.contains(&(false, true)), "{ours:?}");
        drop(write);
    }
}

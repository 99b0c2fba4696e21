//! Who has which socket open: the links in `/proc/PID/fd`.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use super::process;

/// A socket among the descriptors of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// The process.
    pub pid: i32,
    /// The number it has there.
    pub number: i32,
    /// The socket's inode, by which the kernel's lists name it.
    pub inode: u64,
}

/// Every descriptor of other processes that is a socket, in one walk; and how many processes we may not
/// look at.
pub(crate) fn descriptors() -> io::Result<(Vec<Descriptor>, usize)> {
    let own = std::process::id().cast_signed();
    let (mut found, mut hidden) = (Vec::new(), 0);
    for pid in process::all()?.pids.into_iter().filter(|&pid| pid != own) {
        let entries = match fs::read_dir(format!("/proc/{pid}/fd")) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                hidden += 1;
                continue;
            }
            // It has ended.
            Err(_) => continue,
        };
        found.extend(entries.flatten().filter_map(|entry| {
            let number = entry.file_name().to_str()?.parse().ok()?;
            let link = fs::read_link(entry.path()).ok()?;
            let inode = link.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
            Some(Descriptor { pid, number, inode: std::str::from_utf8(inode).ok()?.parse().ok()? })
        }));
    }
    Ok((found, hidden))
}

//! Locks on files as the kernel tells them: proc_locks(5), and the `lock:` lines of proc_pid_fdinfo(5).

use std::ffi::CStr;
use std::fs::{self, File};
use std::io::{self, Read as _};

use nix::sys::stat::makedev;

use super::walk::Process;

/// A line: a lock that is held, or one that is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    /// How deep it stands below a lock that is held: 0 for that itself, else it waits for the last line before
    /// it that is one less deep.
    pub depth: usize,
    /// `FLOCK`, `POSIX`, `OFDLCK`, `LEASE`, `DELEG`, `ACCESS`.
    pub kind: String,
    /// `ADVISORY`, for a lease `ACTIVE`, `BREAKING` or `BREAKER`; `MANDATORY` up to Linux 5.14.
    pub state: String,
    /// It excludes everybody: `WRITE`. A lease that is about to end altogether says `UNLCK`.
    pub exclusive: bool,
    /// Who took it, -1 for an open file description, 0 for nobody in our pid namespace.
    pub pid: i32,
    /// Device and inode, as the kernel names the file: where file systems have volumes or layers, stat(2)
    /// may name it otherwise.
    pub file: (u64, u64),
    /// The first byte.
    pub start: u64,
    /// The last byte; `None` for all there ever will be.
    pub end: Option<u64>,
}

/// All locks, held and waited for, in the kernel's order: a waiter stands below what it waits for.
///
/// Inside a pid namespace those are left out whose taker has ended or is outside.
pub(crate) fn table() -> io::Result<Vec<Entry>> {
    // With room from the start the kernel gives a page of them at once. std would begin with 32 bytes, which is one
    // lock; and while it reads the next, one that is gone moves all others up, and one of them is never seen.
    let mut text = String::with_capacity(64 * 1024);
    File::open("/proc/locks")?.read_to_string(&mut text)?;
    Ok(text.lines().filter_map(parse).collect())
}

/// Whether the table leaves nothing out: we are in the first pid namespace.
pub(crate) fn table_is_whole() -> bool {
    /// `PROC_PID_INIT_INO` of the kernel's <linux/proc_ns.h>, in the words of the link.
    const FIRST: &str = "pid:[4026531836]";
    fs::read_link("/proc/self/ns/pid").is_ok_and(|own| own.as_os_str() == FIRST)
}

/// What a descriptor's file is to the kernel, and which locks are held through it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// The mount that it was opened in; 0 where the kernel does not tell.
    pub mount: u64,
    /// Its inode (Linux 5.14).
    pub inode: Option<u64>,
    /// The locks that its open file description, or its process through it, holds.
    pub locks: Vec<Entry>,
}

/// The locks that are held through a descriptor of a process; EACCES where we may not look.
pub(crate) fn through(process: &Process, descriptor: &CStr) -> io::Result<Vec<Entry>> {
    let text = process.info_of(descriptor)?;
    // Nearly none has any.
    if memchr::memmem::find(&text, b"\nlock:").is_none() {
        return Ok(Vec::new());
    }
    let text = String::from_utf8(text).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(info_in(&text).locks)
}

/// The same of a descriptor of ours.
pub(crate) fn of_own_descriptor(descriptor: i32) -> io::Result<Info> {
    Ok(info_in(&fs::read_to_string(format!("/proc/self/fdinfo/{descriptor}"))?))
}

fn info_in(text: &str) -> Info {
    let mut info = Info::default();
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        match name {
            "mnt_id" => info.mount = value.trim().parse().unwrap_or(0),
            "ino" => info.inode = value.trim().parse().ok(),
            "lock" => info.locks.extend(parse(value.trim())),
            _ => {}
        }
    }
    info
}

/// The device of a mount of ours as the kernel's tables name it: proc_pid_mountinfo(5).
pub(crate) fn device_of_mount(mount: u64) -> io::Result<Option<u64>> {
    let text = fs::read("/proc/self/mountinfo")?;
    let device = |line: &[u8]| {
        let mut fields = std::str::from_utf8(line.get(..64).unwrap_or(line)).ok()?.split(' ');
        if fields.next()?.parse() != Ok(mount) {
            return None;
        }
        let (major, minor) = fields.nth(1)?.split_once(':')?;
        Some(makedev(major.parse().ok()?, minor.parse().ok()?))
    };
    Ok(text.split(|&byte| byte == b'\n').find_map(device))
}

/// Where the file system of this device is mounted, the last place if there are several.
pub(crate) fn mount_point(device: u64) -> Option<Vec<u8>> {
    let text = fs::read("/proc/self/mountinfo").ok()?;
    let point = |line: &[u8]| {
        let mut fields = line.split(|&byte| byte == b' ').skip(2);
        let (major, minor) = std::str::from_utf8(fields.next()?).ok()?.split_once(':')?;
        let is_it = makedev(major.parse().ok()?, minor.parse().ok()?) == device;
        is_it.then(|| unescape(fields.nth(1).unwrap_or_default()))
    };
    text.split(|&byte| byte == b'\n').rev().find_map(point)
}

/// `a\040b` is `a b`: blanks, tabs, ends of lines and backslashes are octal.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = digits.filter(|_| first == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok());
        plain.push(octal.unwrap_or(first));
        rest = &behind[if octal.is_some() { 3 } else { 0 }..];
    }
    plain
}

/// `1: -> POSIX  ADVISORY  WRITE 123 fe:00:5316681 0 EOF`; `None` for what is no such line.
fn parse(line: &str) -> Option<Entry> {
    let (_, rest) = line.split_once(": ")?;
    let (depth, rest) = match rest.split_once("-> ") {
        Some((blanks, rest)) => (blanks.len() + 1, rest),
        None => (0, rest),
    };
    let mut fields = rest.split_ascii_whitespace();
    let mut next = || fields.next();
    let (kind, state) = (next()?.to_owned(), next()?.to_owned());
    let exclusive = next()? == "WRITE";
    let pid = next()?.parse().ok()?;
    let mut file = next()?.splitn(3, ':');
    let mut hex = || u64::from_str_radix(file.next()?, 16).ok();
    let device = makedev(hex()?, hex()?);
    let inode = file.next()?.parse().ok()?;
    let start = next()?.parse().ok()?;
    let end = match next()? {
        "EOF" => None,
        end => Some(end.parse().ok()?),
    };
    Some(Entry { depth, kind, state, exclusive, pid, file: (device, inode), start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let entry = parse("1: POSIX  ADVISORY  WRITE 123 fe:0a:5316681 0 EOF").expect("a lock");
        assert_eq!((entry.depth, entry.kind.as_str(), entry.exclusive, entry.pid), (0, "POSIX", true, 123));
        assert_eq!((entry.file, entry.start, entry.end), ((makedev(0xfe, 10), 5_316_681), 0, None));
        let entry = parse("12: -> FLOCK  ADVISORY  READ  0 00:2f:1 0 EOF").expect("a waiter");
        assert_eq!((entry.depth, entry.exclusive), (1, false));
        let entry = parse("12:   -> OFDLCK ADVISORY  READ -1 00:2f:18446744073709551615 5 5").expect("a waiter");
        assert_eq!((entry.depth, entry.pid, entry.file.1, entry.end), (3, -1, u64::MAX, Some(5)));
        let entry = parse("3: LEASE  BREAKING  UNLCK 7 fe:00:5 0 EOF").expect("a lease");
        assert_eq!((entry.state.as_str(), entry.exclusive), ("BREAKING", false));
        for line in ["", "1:", "1: POSIX  *NOINODE* WRITE 5 <none>:0 0 EOF", "1: FLOCK ADVISORY WRITE x fe:00:5 0 EOF"]
        {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn mount_points_are_unescaped() {
        assert_eq!(unescape(br"/a\040b\134c\x\04"), br"/a b\c\x\04");
        let root = fs::File::open("/proc/self").and_then(|file| file.metadata()).expect("it is there");
        assert_eq!(mount_point(std::os::unix::fs::MetadataExt::dev(&root)).as_deref(), Some(&b"/proc"[..]));
    }

    #[test]
    fn the_device_of_a_mount_is_found() {
        let file = fs::File::open("/").expect("it is there");
        let info = of_own_descriptor(std::os::fd::AsRawFd::as_raw_fd(&file)).expect("fdinfo");
        assert!(info.mount > 0 && info.locks.is_empty(), "{info:?}");
        assert!(device_of_mount(info.mount).expect("mountinfo").is_some());
        assert_eq!(device_of_mount(u64::MAX).expect("mountinfo"), None);
    }
}

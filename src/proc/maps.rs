//! What a process has mapped: proc_pid_maps(5), proc_pid_smaps(5).
//!
//! Read by a parser of our own: a walk over all processes looks at every line of every one, and wants
//! hardly any of them.

use std::fs;
use std::io;

use memchr::memmem;

/// A mapping of a file, an object or a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
    /// It may be written.
    pub writable: bool,
    /// Writes to it are seen by others.
    pub shared: bool,
    /// Device and inode, as stat(2) has them. All System V segments and memfds share a device.
    pub inode: (u64, u64),
    /// Where the file was, with " (deleted)" behind it once it is no longer there.
    pub path: Vec<u8>,
}

impl Mapping {
    /// Whether it is a System V segment: then its inode is the segment's identifier.
    pub(crate) fn is_segment(&self) -> bool {
        self.path.starts_with(b"/SYSV")
    }
}

/// The mappings of a process that have an inode; EACCES when we may not look.
pub(crate) fn mappings(pid: i32) -> io::Result<Vec<Mapping>> {
    let text = fs::read(format!("/proc/{pid}/maps"))?;
    Ok(text.split(|&byte| byte == b'\n').filter_map(parse).collect())
}

/// What a process's mapping takes: proc_pid_smaps(5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Residence {
    /// Bytes of it in memory.
    pub resident: u64,
    /// Bytes of one of its pages.
    pub page_size: u64,
}

/// What the mapping that begins at this address takes.
pub(crate) fn residence(pid: i32, start: u64) -> Option<Residence> {
    let text = fs::read(format!("/proc/{pid}/smaps")).ok()?;
    let begin = memmem::find(&text, format!("{start:08x}-").as_bytes())?;
    let field = |name: &[u8]| {
        let value = begin + memmem::find(&text[begin..], name)? + name.len();
        let line = text[value..].split(|&byte| byte == b'\n').next()?;
        let kilobytes: u64 = std::str::from_utf8(line).ok()?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(Residence { resident: field(b"\nRss:")?, page_size: field(b"\nKernelPageSize:")? })
}

/// `55d0-55d1 rw-s 00000000 00:01 32769      /SYSV0000004b (deleted)`; `None` without an inode.
fn parse(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |&byte| byte == b' ');
    let mut next = || std::str::from_utf8(fields.next()?).ok();
    let (start, end) = next()?.split_once('-')?;
    let access = next()?.as_bytes();
    let _offset = next()?;
    let (major, minor) = next()?.split_once(':')?;
    let inode: u64 = next()?.parse().ok()?;
    if inode == 0 && major == "00" && minor == "00" {
        return None;
    }
    let number = |hex| u64::from_str_radix(hex, 16).ok();
    Some(Mapping {
        start: number(start)?,
        end: number(end)?,
        writable: access.get(1) == Some(&b'w'),
        shared: access.get(3) == Some(&b's'),
        inode: (nix::sys::stat::makedev(number(major)?, number(minor)?), inode),
        path: fields.next().unwrap_or_default().trim_ascii_start().to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let line = b"7f2c4a000000-7f2c4a001000 rw-s 00000000 00:01 0                          /SYSV0000004b (deleted)";
        let mapping = parse(line).expect("a mapping");
        assert!(mapping.is_segment() && mapping.writable && mapping.shared);
        assert_eq!((mapping.start, mapping.end, mapping.inode), (0x7f2c_4a00_0000, 0x7f2c_4a00_1000, (1, 0)));
        let line = b"55d0-55d1 r--p 00001000 fd:10 4294967296     /a file\\012x";
        let mapping = parse(line).expect("a mapping");
        assert_eq!((mapping.path.as_slice(), mapping.shared), (&b"/a file\\012x"[..], false));
        assert_eq!(parse(b"7ffc-7ffd rw-p 00000000 00:00 0          [stack]"), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn our_own_are_found() {
        let own = std::process::id().cast_signed();
        let mappings = mappings(own).expect("/proc");
        let code = mappings.iter().find(|mapping| !mapping.writable && !mapping.shared).expect("code is mapped");
        assert!(residence(own, code.start).is_some_and(|residence| residence.page_size >= 4096));
    }
}

//! What a thread waits for that sleeps in poll(2), select(2) or epoll_wait(2).

use std::fs;

use nix::sys::stat::makedev;

use super::process::{self, Sleep};
use crate::sys::call::Call;

/// A descriptor that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    /// Its number. In an epoll set it is the number of the time when it was added.
    pub descriptor: u32,
    /// Device and inode of what it is open on, where the kernel tells: in an epoll set.
    pub inode: Option<(u64, u64)>,
    /// Until something can be read.
    pub reads: bool,
    /// Until something can be written.
    pub writes: bool,
}

/// More descriptors than anybody waits for in one call.
const MOST: u64 = 1 << 16;

/// What a thread that sleeps so waits for; nothing where it sleeps in another call, or we may not look.
pub(crate) fn of(pid: i32, sleep: Sleep) -> Vec<Wait> {
    let [first, second, third, ..] = sleep.arguments;
    match sleep.call {
        Call::Poll => polled(pid, first, second),
        Call::Select => selected(pid, first, second, third),
        Call::Epoll => watched(pid, first & 0xffff_ffff),
        _ => Vec::new(),
    }
}

/// Whether events of poll(2) and epoll(7) are about reading, and about writing.
const fn waits_for(events: u32) -> (bool, bool) {
    /// `POLLIN`, `POLLRDNORM`
    const READABLE: u32 = 0x41;
    /// `POLLOUT`, `POLLWRNORM`
    const WRITABLE: u32 = 0x104;
    (events & READABLE != 0, events & WRITABLE != 0)
}

/// The entries of poll(2): struct pollfd is an int and two shorts. A negative number is no descriptor.
fn polled(pid: i32, entries: u64, count: u64) -> Vec<Wait> {
    let mut bytes = vec![0; usize::try_from(count.min(MOST) * 8).unwrap_or(0)];
    if process::read_memory(pid, entries, &mut bytes).is_err() {
        return Vec::new();
    }
    let entry = |&[a, b, c, d, low, high, ..]: &[u8; 8]| {
        let descriptor = u32::try_from(i32::from_ne_bytes([a, b, c, d])).ok()?;
        let (reads, writes) = waits_for(u16::from_ne_bytes([low, high]).into());
        Some(Wait { descriptor, inode: None, reads, writes })
    };
    bytes.as_chunks().0.iter().filter_map(entry).collect()
}

/// The members of the sets of select(2): a bit per descriptor.
fn selected(pid: i32, count: u64, to_read: u64, to_write: u64) -> Vec<Wait> {
    let count = count.min(MOST);
    let set = |address| {
        let mut bytes = vec![0; usize::try_from(count.div_ceil(8)).unwrap_or(0)];
        let is_there = address != 0 && process::read_memory(pid, address, &mut bytes).is_ok();
        if is_there { bytes } else { Vec::new() }
    };
    let (to_read, to_write) = (set(to_read), set(to_write));
    let wait = |descriptor: u32| {
        let is_in =
            |set: &[u8]| set.get((descriptor / 8) as usize).is_some_and(|byte| byte >> (descriptor % 8) & 1 == 1);
        let (reads, writes) = (is_in(&to_read), is_in(&to_write));
        (reads || writes).then_some(Wait { descriptor, inode: None, reads, writes })
    };
    (0..u32::try_from(count).unwrap_or(0)).filter_map(wait).collect()
}

/// What an epoll descriptor watches: proc_pid_fdinfo(5).
fn watched(pid: i32, epoll: u64) -> Vec<Wait> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{epoll}")).unwrap_or_default();
    info.lines().filter_map(member).collect()
}

/// `tfd: 5 events: 19 data: 5  pos:0 ino:61ef sdev:8`: all but the first number is hexadecimal.
fn member(line: &str) -> Option<Wait> {
    let mut words = line.strip_prefix("tfd:")?.split_whitespace();
    let descriptor = words.next()?.parse().ok()?;
    let events = words.by_ref().skip_while(|word| *word != "events:").nth(1)?;
    let (reads, writes) = waits_for(u32::from_str_radix(events, 16).ok()?);
    let number = |word: Option<&str>, name: &str| u64::from_str_radix(word?.strip_prefix(name)?, 16).ok();
    let mut words = words.skip_while(|word| !word.starts_with("ino:"));
    let inode = number(words.next(), "ino:");
    // The kernel's own form of a device: 20 bits are the minor number.
    let device = number(words.next(), "sdev:").map(|device| makedev(device >> 20, device & 0xf_ffff));
    Some(Wait { descriptor, inode: device.zip(inode), reads, writes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_poll_has_them() {
        let table = [
            (0x1, (true, false)),
            (0x4, (false, true)),
            (0x2019, (true, false)),
            (0x5, (true, true)),
            (0x18, (false, false)),
        ];
        for (events, meaning) in table {
            assert_eq!(waits_for(events), meaning, "{events:#x}");
        }
    }

    #[test]
    fn a_member_of_an_epoll_set_is_read() {
        let line = "tfd:        5 events: 80000019 data: ffffffff00000005  pos:0 ino:61ef sdev:800001";
        let inode = Some((makedev(8, 1), 0x61ef));
        assert_eq!(member(line), Some(Wait { descriptor: 5, inode, reads: true, writes: false }));
        let old = member("tfd:        7 events:        4 data:                7").expect("one");
        assert_eq!((old.descriptor, old.inode, old.writes), (7, None, true));
        assert_eq!(member("pos:\t0"), None);
    }
}

//! Who sleeps at a pipe: in a call that moves bytes, in one that waits for it, or in open(2).

use std::fs;
use std::io;

use super::{Access, Pipe};
use crate::proc::pipes::{self, Descriptor, Target};
use crate::proc::process::{self, Sleep};
use crate::sys::call::Call;

/// A thread that sleeps at a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sleeper {
    /// Its process.
    pub pid: i32,
    /// The descriptor that it uses; `None` in open(2), which has none yet.
    pub descriptor: Option<u32>,
    /// What it does.
    pub doing: Doing,
    /// The descriptor that the same call reads from, where it names two: splice(2), tee(2), sendfile(2).
    pub source: Option<u32>,
}

/// What a thread sleeps in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// read(2) and its like.
    Reading,
    /// write(2) and its like.
    Writing,
    /// open(2), for this access: there is no partner.
    Opening(Access),
    /// poll(2) and its like: it waits until it can do this.
    Polling(Access),
}

/// What the threads of a process sleep in, as far as that is at pipes. EACCES where we may not look.
pub(super) fn of(pid: i32, descriptors: &[Descriptor]) -> io::Result<Vec<(Target, Sleeper)>> {
    let mut found = Vec::new();
    for sleep in process::sleeps(pid)? {
        if let Some((target, flags)) = pipes::opening(pid, sleep) {
            // O_ACCMODE; who opens a FIFO for both does not sleep.
            let access = if flags % 4 == 0 { Access::Read } else { Access::Write };
            found.push((target, Sleeper { pid, descriptor: None, doing: Doing::Opening(access), source: None }));
            continue;
        }
        for (number, doing, source) in uses(pid, sleep) {
            let fits = |open: &&Descriptor| match doing {
                Doing::Reading => open.reads,
                Doing::Writing => open.writes,
                Doing::Opening(_) | Doing::Polling(_) => true,
            };
            if let Some(open) = descriptors.iter().find(|open| open.number == number).filter(fits) {
                found.push((open.target.clone(), Sleeper { pid, descriptor: Some(number), doing, source }));
            }
        }
    }
    Ok(found)
}

/// A descriptor that a call names, what it does with it, and the one that it reads from besides.
type Use = (u32, Doing, Option<u32>);

/// The descriptors that a call names.
fn uses(pid: i32, sleep: Sleep) -> Vec<Use> {
    let [first, second, third, ..] = sleep.arguments;
    let number = |argument: u64| u32::try_from(argument & 0xffff_ffff).unwrap_or(u32::MAX);
    let moves = |from, to| vec![(from, Doing::Reading, None), (to, Doing::Writing, Some(from))];
    let polls = |entries: Vec<(u32, Access)>| {
        entries.into_iter().map(|(number, access)| (number, Doing::Polling(access), None)).collect()
    };
    match sleep.call {
        Call::Read | Call::Readv => vec![(number(first), Doing::Reading, None)],
        Call::Write | Call::Writev | Call::Vmsplice => vec![(number(first), Doing::Writing, None)],
        Call::Splice => moves(number(first), number(third)),
        Call::Tee => moves(number(first), number(second)),
        Call::Sendfile => moves(number(second), number(first)),
        Call::Poll => polls(polled(pid, first, second)),
        Call::Select => {
            let mut all = selected(pid, first, second, Access::Read);
            all.extend(selected(pid, first, third, Access::Write));
            polls(all)
        }
        Call::Epoll => polls(watched(pid, number(first))),
        _ => Vec::new(),
    }
}

/// As many descriptors as anybody waits for in one call, for all that we want to know.
const MOST: u64 = 1024;

/// The entries of poll(2): struct pollfd is an int and two shorts.
fn polled(pid: i32, entries: u64, count: u64) -> Vec<(u32, Access)> {
    let mut bytes = vec![0; usize::try_from(count.min(MOST) * 8).unwrap_or(0)];
    if process::read_memory(pid, entries, &mut bytes).is_err() {
        return Vec::new();
    }
    let entry = |entry: &[u8]| {
        let number = u32::from_ne_bytes(entry[..4].try_into().ok()?);
        Some((number, waits_for(u32::from(u16::from_ne_bytes(entry[4..6].try_into().ok()?)))?))
    };
    bytes.chunks_exact(8).filter_map(entry).collect()
}

/// What the events of poll(2) and epoll(7) ask for.
fn waits_for(events: u32) -> Option<Access> {
    /// `POLLIN`, `POLLRDNORM`
    const READABLE: u32 = 0x41;
    /// `POLLOUT`, `POLLWRNORM`
    const WRITABLE: u32 = 0x104;
    match (events & READABLE != 0, events & WRITABLE != 0) {
        (true, true) => Some(Access::Both),
        (true, false) => Some(Access::Read),
        (false, true) => Some(Access::Write),
        (false, false) => None,
    }
}

/// The members of a set of select(2): a bit per descriptor.
fn selected(pid: i32, count: u64, set: u64, access: Access) -> Vec<(u32, Access)> {
    let mut bytes = vec![0; usize::try_from(count.min(MOST).div_ceil(8)).unwrap_or(0)];
    if set == 0 || process::read_memory(pid, set, &mut bytes).is_err() {
        return Vec::new();
    }
    let is_in = |number: &u32| bytes[(number / 8) as usize] >> (number % 8) & 1 == 1;
    let numbers = (0..u32::try_from(count.min(MOST)).unwrap_or(0)).filter(is_in);
    numbers.map(|number| (number, access)).collect()
}

/// What an epoll descriptor watches: proc_pid_fdinfo(5).
fn watched(pid: i32, epoll: u32) -> Vec<(u32, Access)> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{epoll}")).unwrap_or_default();
    let entry = |line: &str| {
        let mut words = line.strip_prefix("tfd:")?.split_whitespace();
        let number = words.next()?.parse().ok()?;
        let events = words.skip_while(|word| *word != "events:").nth(1)?;
        Some((number, waits_for(u32::from_str_radix(events, 16).ok()?)?))
    };
    info.lines().filter_map(entry).collect()
}

/// Leaves out who only looks asleep: whoever waits for something to read has nothing to read.
pub(super) fn settle(pipe: &mut Pipe) {
    let has_data = pipe.unread.is_some_and(|unread| unread > 0);
    pipe.sleepers
        .retain(|sleeper| !has_data || !matches!(sleeper.doing, Doing::Reading | Doing::Polling(Access::Read)));
}

/// Who sleeps in a call that names two pipes sleeps at one: at the one to read from while that is empty, else
/// at the one to write to.
pub(super) fn settle_twofold(pipes: &mut [Pipe]) {
    let readers = pipes.iter().flat_map(|pipe| &pipe.sleepers).filter(|sleeper| sleeper.doing == Doing::Reading);
    let readers: Vec<_> = readers.map(|sleeper| (sleeper.pid, sleeper.descriptor)).collect();
    for pipe in pipes {
        pipe.sleepers.retain(|sleeper| sleeper.source.is_none() || !readers.contains(&(sleeper.pid, sleeper.source)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_poll_has_them() {
        let table = [
            (0x1, Some(Access::Read)),
            (0x4, Some(Access::Write)),
            (0x2019, Some(Access::Read)),
            (0x5, Some(Access::Both)),
            (0x18, None),
        ];
        for (events, access) in table {
            assert_eq!(waits_for(events), access, "{events:#x}");
        }
    }
}

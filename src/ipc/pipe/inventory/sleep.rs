//! Who sleeps at a pipe: in a call that moves bytes, in one that waits for it, or in open(2).

use std::io;

use super::{Access, Pipe};
use crate::proc::pipes::{self, Descriptor, Target};
use crate::proc::polls::{self, Wait};
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
    match sleep.call {
        Call::Read | Call::Readv => vec![(number(first), Doing::Reading, None)],
        Call::Write | Call::Writev | Call::Vmsplice => vec![(number(first), Doing::Writing, None)],
        Call::Splice => moves(number(first), number(third)),
        Call::Tee => moves(number(first), number(second)),
        Call::Sendfile => moves(number(second), number(first)),
        _ => polls::of(pid, sleep).into_iter().filter_map(polls_at).collect(),
    }
}

fn polls_at(wait: Wait) -> Option<Use> {
    let access = match (wait.reads, wait.writes) {
        (true, true) => Access::Both,
        (true, false) => Access::Read,
        (false, true) => Access::Write,
        (false, false) => return None,
    };
    Some((wait.descriptor, Doing::Polling(access), None))
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

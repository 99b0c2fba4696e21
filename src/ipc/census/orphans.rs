//! Objects that nobody uses any more, and by what that is known.

use std::collections::HashMap;
use std::fmt;
use std::io;

use super::{Census, Object};
use crate::ipc::sem::sysv::Set;
use crate::ipc::{Timestamp, shm, users};
use crate::proc::clocks::Clocks;
use crate::proc::walk::Walker;

/// How much younger than its use a process may seem that was the user: times of objects and of processes
/// come from different clocks, and both are cut to seconds.
const GRACE: i64 = 1;

/// Who lives: every process with its users and the time when it started.
#[derive(Debug, Clone, Default)]
pub struct Roster(HashMap<i32, Being>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Being {
    users: [u32; 3],
    started: i64,
}

/// What became of a process that the kernel names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lives,
    Gone,
    /// There is one of its pid, which started after the named one was there.
    Recycled,
}

impl Roster {
    /// Reads it. A process that has ended and was not waited for lives no more.
    pub fn take() -> io::Result<Self> {
        let clocks = Clocks::read();
        let mut walker = Walker::new()?;
        let mut beings = HashMap::new();
        for pid in walker.pids()? {
            let Some(process) = walker.hold(pid) else { continue };
            let Ok(life) = walker.life(&process) else { continue };
            if life.has_nothing {
                continue;
            }
            let Ok(users) = walker.users(&process) else { continue };
            beings.insert(pid, Being { users, started: clocks.started(life.start) });
        }
        Ok(Self(beings))
    }

    fn fate(&self, pid: i32, was_there: Timestamp) -> Fate {
        match self.0.get(&pid) {
            None => Fate::Gone,
            Some(being) if was_there.is_some_and(|time| being.started > time + GRACE) => Fate::Recycled,
            Some(_) => Fate::Lives,
        }
    }

    /// How many processes of a user there are, and how many of those are older than this time.
    fn of_user(&self, uid: u32, than: Timestamp) -> (usize, usize) {
        let own = self.0.values().filter(|being| being.users.contains(&uid));
        let is_old = |being: &&Being| than.is_none_or(|time| being.started <= time + GRACE);
        (own.clone().count(), own.filter(is_old).count())
    }
}

/// Why an object is taken for an orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A segment that is attached nowhere.
    Unattached,
    /// Nobody has it open or mapped.
    NobodyHasIt,
    /// Nobody sleeps there.
    NobodyWaits,
    /// The process that made it has ended.
    CreatorGone(i32),
    /// The process that made it has ended, and another has its pid.
    CreatorRecycled(i32),
    /// The process that used it last has ended.
    UserGone(i32),
    /// The process that used it last has ended, and another has its pid.
    UserRecycled(i32),
    /// Its owner has no process.
    NoProcessOf(u32),
    /// Its owner has processes, and all of them are younger than it.
    NoOldProcessOf(u32),
    /// Nothing has happened to it for this many seconds.
    Idle(u64),
}

/// Why it may be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The kernel does not say who made it, and this many processes of its owner may have.
    CreatorUnknown(usize),
    /// This many processes could not be looked at.
    Hidden(usize),
    /// It may not be read, so nobody knows who used it last.
    Unreadable,
}

/// What is known of an object that nobody is at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// For being an orphan.
    pub reasons: Vec<Reason>,
    /// Against.
    pub doubts: Vec<Doubt>,
}

/// By what verdicts are made.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// Who is at what.
    pub census: &'a Census,
    /// Who lives.
    pub roster: &'a Roster,
    /// The IPC namespace of the objects.
    pub namespace: u64,
    /// The time, in seconds since the epoch.
    pub now: i64,
}

impl Evidence<'_> {
    /// What is known of an object: `None` for one that is in use, or may be again because its maker or its
    /// last user lives.
    ///
    /// A set is asked for its waiting processes and its last users now, so this belongs into its namespace.
    #[must_use]
    pub fn verdict(&self, object: &Object) -> Option<Verdict> {
        if object.is_attached() || self.census.users(object.thing(), Some(self.namespace)).next().is_some() {
            return None;
        }
        let mut verdict = Verdict::default();
        match object {
            Object::Segment(segment) => self.of_segment(segment, &mut verdict)?,
            Object::Queue(queue) => {
                verdict.reasons.push(Reason::NobodyWaits);
                self.user(queue.last_sender, queue.sent, &mut verdict)?;
                self.user(queue.last_receiver, queue.received, &mut verdict)?;
            }
            Object::Set(set) => self.of_set(Set::at(set.id), object.last_used(), &mut verdict)?,
            Object::PosixQueue(_) | Object::Memory(_) | Object::Semaphore(_) => {
                verdict.reasons.push(Reason::NobodyHasIt);
            }
            Object::Held(_) => return None,
        }
        let is_counted = matches!(object, Object::Segment(_) | Object::Set(_));
        if !is_counted && self.census.hidden.whole + self.census.hidden.calls > 0 {
            verdict.doubts.push(Doubt::Hidden(self.census.hidden.whole + self.census.hidden.calls));
        }
        let knows_creator = matches!(object, Object::Segment(segment) if segment.creator_pid != 0);
        self.of_owner(object, knows_creator, &mut verdict);
        let idle = object.last_used().map(|used| self.now.saturating_sub(used));
        verdict.reasons.extend(idle.and_then(|idle| u64::try_from(idle).ok()).map(Reason::Idle));
        Some(verdict)
    }

    fn of_segment(&self, segment: &shm::SegmentStatus, verdict: &mut Verdict) -> Option<()> {
        verdict.reasons.push(Reason::Unattached);
        if segment.creator_pid != 0 {
            match self.roster.fate(segment.creator_pid, segment.changed) {
                Fate::Lives => return None,
                Fate::Gone => verdict.reasons.push(Reason::CreatorGone(segment.creator_pid)),
                Fate::Recycled => verdict.reasons.push(Reason::CreatorRecycled(segment.creator_pid)),
            }
        }
        self.user(segment.last_pid, segment.attached.max(segment.detached), verdict)
    }

    /// Every semaphore remembers who operated on it last.
    fn of_set(&self, set: Set, used: Timestamp, verdict: &mut Verdict) -> Option<()> {
        let Ok(semaphores) = set.semaphores() else {
            verdict.doubts.push(Doubt::Unreadable);
            return Some(());
        };
        if semaphores.iter().any(|semaphore| semaphore.increase + semaphore.zero > 0) {
            return None;
        }
        verdict.reasons.push(Reason::NobodyWaits);
        let mut pids: Vec<i32> = semaphores.iter().map(|semaphore| semaphore.last_pid).collect();
        pids.sort_unstable();
        pids.dedup();
        pids.into_iter().try_for_each(|pid| self.user(pid, used, verdict))
    }

    /// Notes what became of a process that used the object; `None` when it lives.
    fn user(&self, pid: i32, used: Timestamp, verdict: &mut Verdict) -> Option<()> {
        if pid == 0 {
            return Some(());
        }
        match self.roster.fate(pid, used) {
            Fate::Lives => return None,
            Fate::Gone => verdict.reasons.push(Reason::UserGone(pid)),
            Fate::Recycled => verdict.reasons.push(Reason::UserRecycled(pid)),
        }
        Some(())
    }

    /// Where nobody says who made it, any process of its owner that is old enough may have.
    fn of_owner(&self, object: &Object, knows_creator: bool, verdict: &mut Verdict) {
        let owners = object.system_v().map(|object| [object.permissions().uid, object.permissions().creator_uid]);
        let [owner, creator] = owners.or(object.owner().map(|owner| [owner; 2])).unwrap_or_default();
        // Any use may be younger than the making: who is younger than both did not make it.
        let last = object.last_used();
        let [(all, old), (_, creators)] = [owner, creator].map(|uid| self.roster.of_user(uid, last));
        let candidates = if owner == creator { old } else { old + creators };
        match (all, candidates) {
            (0, 0) => verdict.reasons.push(Reason::NoProcessOf(owner)),
            (_, 0) => verdict.reasons.push(Reason::NoOldProcessOf(owner)),
            _ if knows_creator => {}
            _ => verdict.doubts.push(Doubt::CreatorUnknown(candidates)),
        }
    }
}

impl Reason {
    /// The user that it speaks of.
    #[must_use]
    pub const fn user(&self) -> Option<u32> {
        match self {
            Self::NoProcessOf(uid) | Self::NoOldProcessOf(uid) => Some(*uid),
            _ => None,
        }
    }

    /// The reason in words, with users by their names.
    #[must_use]
    pub fn words(&self, names: &users::Names) -> String {
        let user = |uid: u32| names.get(uid).map_or_else(|| uid.to_string(), str::to_owned);
        match *self {
            Self::Unattached => "not attached".into(),
            Self::NobodyHasIt => "nobody has it open or mapped".into(),
            Self::NobodyWaits => "nobody waits".into(),
            Self::CreatorGone(pid) => format!("creator {pid} gone"),
            Self::CreatorRecycled(pid) => format!("creator {pid} gone and its pid given out again"),
            Self::UserGone(pid) => format!("last user {pid} gone"),
            Self::UserRecycled(pid) => format!("last user {pid} gone and its pid given out again"),
            Self::NoProcessOf(uid) => format!("no process of {}", user(uid)),
            Self::NoOldProcessOf(uid) => format!("no process of {} as old", user(uid)),
            Self::Idle(seconds) => format!("idle {}", span(seconds)),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreatorUnknown(1) => f.write_str("1 process of its owner may have made it"),
            Self::CreatorUnknown(count) => write!(f, "{count} processes of its owner may have made it"),
            Self::Hidden(1) => f.write_str("1 process could not be looked at"),
            Self::Hidden(count) => write!(f, "{count} processes could not be looked at"),
            Self::Unreadable => f.write_str("it may not be read"),
        }
    }
}

/// `45s`, `12m`, `3h`, `2d`.
fn span(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests;

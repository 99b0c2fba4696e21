//! What a process does with its signals: proc_pid_status(5).

use std::io;

use super::{Action, Signal, SignalSet, entry};
use crate::proc::signals::{self, Signals};

/// What a process, or a thread of it, does with each signal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispositions {
    /// The process, or the thread.
    pub id: i32,
    /// Its command name.
    pub command: String,
    /// Its real user, for whom queued signals are counted.
    pub uid: u32,
    /// The letter of its state: `R`, `S`, `D`, `T`, `t`, `Z`, `I`.
    pub state: char,
    /// How many threads the process has.
    pub threads: u64,
    /// Whether it is the first process of a pid namespace, whom signals without a handler do nothing.
    pub is_init: bool,
    /// Signals queued for its user, in all processes.
    pub queued: u64,
    /// How many may be, before a sender is refused (RLIMIT_SIGPENDING of this process).
    pub limit: u64,
    /// Pending for the thread alone.
    pub pending: SignalSet,
    /// Pending for the process: any thread will do.
    pub shared: SignalSet,
    /// Blocked by the thread; of a process: by all of its threads.
    pub blocked: SignalSet,
    /// Ignored.
    pub ignored: SignalSet,
    /// Caught by a handler.
    pub caught: SignalSet,
}

/// What becomes of a signal that is sent to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It has ended already, and waits for its parent to notice.
    Ended,
    /// Nothing: it is ignored.
    Ignored,
    /// It stays pending: every thread blocks it.
    Blocked,
    /// It stays pending until the process goes on.
    Stopped,
    /// It stays pending until the process comes out of a system call that nothing interrupts.
    Uninterruptible,
    /// Nothing: the first process of a pid namespace gets only what it has a handler for.
    Init,
    /// Its handler runs.
    Caught,
    /// The default action.
    Default(Action),
}

impl Dispositions {
    /// Those of a process.
    pub fn of(pid: i32) -> io::Result<Self> {
        let process = Self::from(signals::of(pid)?);
        if process.threads < 2 {
            return Ok(process);
        }
        // What any thread lets through comes through.
        let blocked = Self::of_threads(pid)?.iter().fold(u64::MAX, |bits, thread| bits & thread.blocked.bits());
        Ok(Self { blocked: SignalSet::of_bits(blocked), ..process })
    }

    /// Those of each of its threads; one that ends meanwhile is left out.
    pub fn of_threads(pid: i32) -> io::Result<Vec<Self>> {
        Ok(signals::of_threads(pid)?.into_iter().map(Self::from).collect())
    }

    /// What this signal would do.
    #[must_use]
    pub fn effect(&self, signal: Signal) -> Effect {
        let action = entry(signal).map_or(Action::Terminate, |entry| entry.action);
        let forced = signal.is_unstoppable();
        match self.state {
            'Z' | 'X' => return Effect::Ended,
            // Only KILL and CONT reach a stopped process at once.
            'T' | 't' if signal != Signal::KILL && signal != Signal::CONT => return Effect::Stopped,
            _ => {}
        }
        if !forced && self.blocked.contains(signal) {
            return Effect::Blocked;
        }
        if !forced && self.ignored.contains(signal) {
            return Effect::Ignored;
        }
        match (self.caught.contains(signal), self.state, action) {
            (false, ..) if self.is_init => Effect::Init,
            (_, 'D', _) => Effect::Uninterruptible,
            (true, ..) => Effect::Caught,
            (false, _, action) => Effect::Default(action),
        }
    }
}

impl From<Signals> for Dispositions {
    fn from(signals: Signals) -> Self {
        Self {
            id: signals.id,
            command: signals.command,
            uid: signals.uid,
            state: signals.state,
            threads: signals.threads,
            is_init: signals.is_init,
            queued: signals.queued,
            limit: signals.limit,
            pending: SignalSet::of_bits(signals.pending),
            shared: SignalSet::of_bits(signals.shared),
            blocked: SignalSet::of_bits(signals.blocked),
            ignored: SignalSet::of_bits(signals.ignored),
            caught: SignalSet::of_bits(signals.caught),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_told_from_the_others() {
        let plain = Dispositions::of(std::process::id().cast_signed()).expect("we run");
        let term: SignalSet = [Signal::TERM].into_iter().collect();
        let none = SignalSet::EMPTY;
        let with = |state, is_init, blocked, ignored, caught| Dispositions {
            state,
            is_init,
            blocked,
            ignored,
            caught,
            ..plain.clone()
        };
        let table = [
            (with('S', false, none, none, none), Effect::Default(Action::Terminate)),
            (with('S', false, none, none, term), Effect::Caught),
            (with('S', false, none, term, none), Effect::Ignored),
            (with('S', false, term, none, term), Effect::Blocked),
            (with('T', false, none, none, term), Effect::Stopped),
            (with('D', false, none, none, none), Effect::Uninterruptible),
            (with('S', true, none, none, none), Effect::Init),
            (with('S', true, none, none, term), Effect::Caught),
            (with('Z', false, term, none, none), Effect::Ended),
        ];
        for (dispositions, effect) in table {
            assert_eq!(dispositions.effect(Signal::TERM), effect);
        }
        let stopped = with('T', false, SignalSet::all(), SignalSet::all(), none);
        assert_eq!(stopped.effect(Signal::KILL), Effect::Default(Action::Terminate));
    }
}

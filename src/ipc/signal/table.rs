//! The standard signals: signal(7).

use super::Signal;

/// What a signal does to a process that leaves it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The process ends.
    Terminate,
    /// It ends and leaves a core dump.
    Core,
    /// Nothing.
    Ignore,
    /// It stops.
    Stop,
    /// It goes on if it is stopped.
    Continue,
}

impl Action {
    /// One word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::Core => "core",
            Self::Ignore => "ignore",
            Self::Stop => "stop",
            Self::Continue => "continue",
        }
    }
}

/// A standard signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its number on x86, ARM, RISC-V, POWER and S/390.
    pub number: u8,
    /// Its name without `SIG`.
    pub name: &'static str,
    /// Another name for it.
    pub alias: Option<&'static str>,
    /// What it does to a process that leaves it alone.
    pub action: Action,
    /// What it tells.
    pub meaning: &'static str,
}

/// The entry of a standard signal; real-time signals have none.
#[must_use]
pub fn entry(signal: Signal) -> Option<&'static Entry> {
    usize::try_from(signal.number() - 1).ok().and_then(|index| TABLE.get(index))
}

/// The signal of this name, in capitals.
pub(super) fn by_name(name: &str) -> Option<Signal> {
    let found = TABLE.iter().find(|entry| entry.name == name || entry.alias == Some(name))?;
    Signal::new(found.number.into())
}

use Action::{Continue, Core, Ignore, Stop, Terminate};

const fn row(number: u8, name: &'static str, action: Action, meaning: &'static str) -> Entry {
    Entry { number, name, alias: None, action, meaning }
}

const fn aliased(alias: &'static str, mut entry: Entry) -> Entry {
    entry.alias = Some(alias);
    entry
}

/// In the order of their numbers, from 1.
static TABLE: [Entry; 31] = [
    row(1, "HUP", Terminate, "the terminal hung up; daemons read their configuration again"),
    row(2, "INT", Terminate, "interrupt from the keyboard (Ctrl-C)"),
    row(3, "QUIT", Core, "quit from the keyboard (Ctrl-\\)"),
    row(4, "ILL", Core, "illegal instruction"),
    row(5, "TRAP", Core, "breakpoint or trace trap"),
    aliased("IOT", row(6, "ABRT", Core, "abort(3)")),
    row(7, "BUS", Core, "bad memory access, such as past the end of a mapped file"),
    row(8, "FPE", Core, "arithmetic error, such as division by zero"),
    row(9, "KILL", Terminate, "end at once; cannot be caught, blocked or ignored"),
    row(10, "USR1", Terminate, "user-defined"),
    row(11, "SEGV", Core, "invalid memory reference"),
    row(12, "USR2", Terminate, "user-defined"),
    row(13, "PIPE", Terminate, "write to a pipe that nobody reads"),
    row(14, "ALRM", Terminate, "timer of alarm(2)"),
    row(15, "TERM", Terminate, "please end"),
    row(16, "STKFLT", Terminate, "unused"),
    aliased("CLD", row(17, "CHLD", Ignore, "a child stopped or ended")),
    row(18, "CONT", Continue, "go on if stopped"),
    row(19, "STOP", Stop, "stop; cannot be caught, blocked or ignored"),
    row(20, "TSTP", Stop, "stop from the keyboard (Ctrl-Z)"),
    row(21, "TTIN", Stop, "a background process read the terminal"),
    row(22, "TTOU", Stop, "a background process wrote to the terminal"),
    row(23, "URG", Ignore, "urgent data on a socket"),
    row(24, "XCPU", Core, "limit of processor time exceeded"),
    row(25, "XFSZ", Core, "limit of file size exceeded"),
    row(26, "VTALRM", Terminate, "timer of a process's own processor time"),
    row(27, "PROF", Terminate, "profiling timer"),
    row(28, "WINCH", Ignore, "the window changed its size"),
    aliased("POLL", row(29, "IO", Terminate, "input or output is possible")),
    row(30, "PWR", Terminate, "power is failing"),
    aliased("UNUSED", row(31, "SYS", Core, "bad system call")),
];

#[cfg(test)]
mod tests {
    use nix::sys::signal::Signal as Standard;

    use super::*;

    #[test]
    fn the_table_is_the_systems() {
        for (index, entry) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(entry.number), index + 1);
            let standard = Standard::try_from(i32::from(entry.number)).expect("a signal");
            assert_eq!(standard.as_str(), format!("SIG{}", entry.name));
        }
    }
}

//! The names of signals as kill(1) reads and prints them.

use std::ffi::OsStr;
use std::fmt;

use crate::ipc::signal::{Signal, SignalSet, entry};

/// What can be sent: a signal, or nothing (0, `EXIT`), which only asks whether one could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent(pub Option<Signal>);

/// What `IO` is called in POSIX, which named it first.
const POLL: i32 = 29;

impl Sent {
    pub(super) const TERM: Self = Self(Some(Signal::TERM));

    /// Reads a number from 0 to 64 or a name: in either case, with `SIG` or without, `RTMIN+N`, `RTMAX-N`,
    /// util-linux's `RTN`, the shells' `EXIT`.
    pub(super) fn parse(text: &OsStr) -> Option<Self> {
        let text = text.to_str()?;
        if is_number(text) {
            return text.parse().ok().and_then(Self::of_number);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        match name.strip_prefix("RT") {
            _ if name == "EXIT" => Some(Self(None)),
            Some(number) if is_number(number) => Signal::parse(&format!("RTMIN+{number}")).ok().map(Some).map(Self),
            _ => Signal::parse(text).ok().map(Some).map(Self),
        }
    }

    /// The signal behind a number: itself, 128 more as shells tell it in `$?`, or 256 more (ksh).
    pub(super) fn of_status(text: &str) -> Option<Self> {
        let number: i32 = text.parse().ok().filter(|_| is_number(text))?;
        [0, 128, 256].iter().find_map(|base| Self::of_number(number - base))
    }

    fn of_number(number: i32) -> Option<Self> {
        if number == 0 { Some(Self(None)) } else { Signal::new(number).map(Some).map(Self) }
    }

    pub(super) fn number(self) -> i32 {
        self.0.map_or(0, Signal::number)
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.pad("EXIT"),
            Some(signal) if signal.number() == POLL => f.pad("POLL"),
            Some(signal) => signal.fmt(f),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Every signal that has a name, 0 first.
fn named() -> impl Iterator<Item = Sent> {
    let signals = Signal::all().filter(|signal| entry(*signal).is_some() || signal.is_real_time());
    std::iter::once(Sent(None)).chain(signals.map(Some).map(Sent))
}

/// A name a line; each is one that we read.
pub(super) fn all() -> String {
    each(named(), "\n")
}

/// The names of signals, each with this behind it.
pub(super) fn each(signals: impl Iterator<Item = Sent>, behind: &str) -> String {
    let names: Vec<String> = signals.map(|signal| format!("{signal}{behind}")).collect();
    names.concat()
}

/// The names of those in a mask, each with this behind it.
pub(super) fn each_of_mask(bits: u64, behind: &str) -> String {
    each(SignalSet::of_bits(bits).iter().map(Some).map(Sent), behind)
}

/// A line of util-linux's table.
pub(super) fn row(number: i32, name: &str) -> String {
    format!("{number:>2} {name:<8}\n")
}

/// util-linux's table: other names on lines of their own, of the real-time signals the ends.
pub(super) fn rows() -> String {
    let mut text = String::new();
    for (signal, entry) in Signal::all().filter_map(|signal| Some((signal, entry(signal)?))) {
        text += &row(signal.number(), entry.name);
        // One that the C library has no more.
        if let Some(alias) = entry.alias.filter(|alias| *alias != "UNUSED") {
            text += &row(signal.number(), alias);
        }
    }
    for signal in ["RTMIN", "RTMAX"].iter().filter_map(|name| Signal::parse(name).ok()) {
        text += &row(signal.number(), &signal.to_string());
    }
    text
}

/// A line of GNU's table.
pub(super) fn described_row(signal: Sent) -> String {
    let number = signal.number();
    let words = match usize::try_from(number - 1).ok().and_then(|index| DESCRIPTIONS.get(index)) {
        Some(&words) => words.to_owned(),
        None if number >= Signal::RTMIN.number() => format!("Real-time signal {}", number - Signal::RTMIN.number()),
        None => format!("Unknown signal {number}"),
    };
    format!("{number:>2} {signal:<8} {words}\n")
}

/// strsignal(3)'s words for the standard signals, from 1.
static DESCRIPTIONS: [&str; 31] = [
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
];

/// GNU's table.
pub(super) fn described_rows() -> String {
    named().map(described_row).collect::<Vec<_>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_row_has_strsignals_words() {
        let row = |number: &str| described_row(Sent::parse(OsStr::new(number)).expect("a signal"));
        assert_eq!(row("9"), " 9 KILL     Killed\n");
        assert_eq!(row("31"), "31 SYS      Bad system call\n");
        for (number, words) in [
            ("0", "Unknown signal 0"),
            ("33", "Unknown signal 33"),
            ("34", "Real-time signal 0"),
            ("64", "Real-time signal 30"),
        ] {
            assert!(row(number).ends_with(&format!(" {words}\n")), "{}", row(number));
        }
    }

    fn number(text: &str) -> Option<i32> {
        Sent::parse(OsStr::new(text)).map(Sent::number)
    }

    #[test]
    fn signals_to_send_are_read() {
        let table = [
            ("TERM", 15),
            ("sigterm", 15),
            ("9", 9),
            ("0", 0),
            ("EXIT", 0),
            ("SIGEXIT", 0),
            ("064", 64),
            ("RT0", 34),
            ("rt30", 64),
            ("SIGRTMIN", 34),
            ("rtmin+3", 37),
            ("RTMAX-1", 63),
            ("CLD", 17),
            ("IO", 29),
            ("POLL", 29),
            ("32", 32),
        ];
        for (text, is) in table {
            assert_eq!(number(text), Some(is), "{text}");
        }
        for text in
            "65 128 143 -1 +9 RT31 RT RT-1 SIG SIG9 SIGSIGTERM RTMIN-1 99999999999 FOO".split(' ').chain(["", " 9"])
        {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn statuses_are_read() {
        let of = |text| Sent::of_status(text).map(|signal| signal.to_string());
        for (text, name) in
            [("9", "KILL"), ("143", "TERM"), ("271", "TERM"), ("128", "EXIT"), ("29", "POLL"), ("33", "33")]
        {
            assert_eq!(of(text).as_deref(), Some(name), "{text}");
        }
        for text in ["65", "127", "193", "255", "321", "", "x", "+9"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        let names = all();
        assert_eq!(names.lines().count(), 63);
        for (name, signal) in names.lines().zip(named()) {
            assert_eq!(number(name), Some(signal.number()), "{name}");
        }
    }
}

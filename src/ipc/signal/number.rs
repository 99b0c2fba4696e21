//! Signals by number and by name.

use std::fmt;

use super::table;

/// A signal: a number from 1 to 64, standard or real-time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// What is not the name or number of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignalError;

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signal is a name with or without SIG, a number from 1 to 64, RTMIN+N or RTMAX-N")
    }
}

impl std::error::Error for SignalError {}

impl Signal {
    /// `SIGTERM`, which asks a process to end.
    pub const TERM: Self = Self(15);
    /// `SIGPIPE`, which comes when nobody can read what is written.
    pub const PIPE: Self = Self(13);
    /// `SIGKILL`, which ends it without asking.
    pub const KILL: Self = Self(9);
    /// `SIGSTOP`, which stops it without asking. (The number is another one on MIPS and SPARC alone.)
    pub const STOP: Self = Self(19);
    /// `SIGCHLD`, which tells of children.
    pub const CHLD: Self = Self(17);
    /// `SIGCONT`, which lets it go on.
    pub const CONT: Self = Self(18);
    /// `SIGRTMIN`: the first real-time signal that programs may use. glibc keeps the two before it for itself, and
    /// all programs of a machine have to count from the same.
    pub const RTMIN: Self = Self(34);
    /// `SIGRTMAX`: the last.
    pub const RTMAX: Self = Self(64);

    /// The signal of this number.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=Self::RTMAX.0).contains(number)).map(Self)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0.into()
    }

    /// The signal behind the exit status that a shell shows: 137 is `KILL`.
    #[must_use]
    pub fn of_status(status: i32) -> Option<Self> {
        status.checked_sub(128).and_then(Self::new)
    }

    /// Reads a name in either case with or without `SIG`, `RTMIN+N`, `RTMAX-N`, or a number.
    pub fn parse(text: &str) -> Result<Self, SignalError> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().ok().and_then(Self::new).ok_or(SignalError);
        }
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        match (name.strip_prefix("RTMIN"), name.strip_prefix("RTMAX")) {
            (Some(""), _) => Ok(Self::RTMIN),
            (_, Some("")) => Ok(Self::RTMAX),
            (Some(rest), _) => {
                Self::real_time(Self::RTMIN.number() + digits(rest.strip_prefix('+').ok_or(SignalError)?)?)
            }
            (_, Some(rest)) => {
                Self::real_time(Self::RTMAX.number() - digits(rest.strip_prefix('-').ok_or(SignalError)?)?)
            }
            _ => table::by_name(name).ok_or(SignalError),
        }
    }

    fn real_time(number: i32) -> Result<Self, SignalError> {
        Self::new(number).filter(|signal| signal.is_real_time()).ok_or(SignalError)
    }

    /// Whether it is queued, with a value, as often as it is sent.
    #[must_use]
    pub fn is_real_time(self) -> bool {
        self >= Self::RTMIN
    }

    /// Whether no process can block, ignore or catch it.
    #[must_use]
    pub fn is_unstoppable(self) -> bool {
        [Self::KILL, Self::STOP].contains(&self)
    }

    /// Whether it is one that users send to end a process: HUP, INT, QUIT, ABRT, KILL, TERM.
    #[must_use]
    pub fn is_ending(self) -> bool {
        [1, 2, 3, 6, 9, 15].contains(&self.0)
    }

    /// Every signal.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (1..=Self::RTMAX.0).map(Self)
    }
}

/// Few digits and nothing else.
fn digits(text: &str) -> Result<i32, SignalError> {
    let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or(SignalError)
}

impl fmt::Display for Signal {
    /// The name without `SIG`; `RTMIN+N` up to the middle, `RTMAX-N` from there, as kill(1) has them;
    /// the number of the two that the C library keeps for itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = table::entry(*self) {
            return f.pad(entry.name);
        }
        let (first, last) = (Self::RTMIN.number(), Self::RTMAX.number());
        let name = match self.number() {
            number if number < first => number.to_string(),
            number if number == first => "RTMIN".to_owned(),
            number if number == last => "RTMAX".to_owned(),
            number if number <= i32::midpoint(first, last) => format!("RTMIN+{}", number - first),
            number => format!("RTMAX-{}", last - number),
        };
        f.pad(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read() {
        let table = [
            ("TERM", 15),
            ("SIGTERM", 15),
            ("sigterm", 15),
            ("term", 15),
            ("15", 15),
            ("IOT", 6),
            ("CLD", 17),
            ("POLL", 29),
            ("RTMIN", 34),
            ("RTMIN+3", 37),
            ("SIGRTMAX-1", 63),
            ("RTMAX", 64),
            ("rtmax-30", 34),
            ("64", 64),
            ("33", 33),
        ];
        for (text, number) in table {
            assert_eq!(Signal::parse(text).map(Signal::number), Ok(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        let words = "0 65 143 -1 +9 99999999999 SIG SIGSIGTERM TERMINATE RTMIN+ RTMIN+31 RTMIN-1 RTMAX+1 RTMAX-31 RTMIN+-1 RTMIN++1 RTMIN+100 EXIT";
        for text in words.split(' ').chain(["", " TERM", "TERM ", "9 "]) {
            assert_eq!(Signal::parse(text), Err(SignalError), "{text}");
        }
    }

    #[test]
    fn every_name_is_read_back() {
        for signal in Signal::all() {
            assert_eq!(Signal::parse(&signal.to_string()), Ok(signal));
            assert_eq!(Signal::of_status(128 + signal.number()), Some(signal));
        }
        let names: Vec<_> = [34, 49, 50, 64].into_iter().filter_map(Signal::new).map(|s| s.to_string()).collect();
        assert_eq!(names, ["RTMIN", "RTMIN+15", "RTMAX-14", "RTMAX"]);
    }

    #[test]
    fn the_names_that_stand_here_are_those_of_the_kernel() {
        let named = [(Signal::TERM, "TERM"), (Signal::KILL, "KILL"), (Signal::STOP, "STOP"), (Signal::CONT, "CONT")];
        assert!(named.iter().all(|(signal, name)| Signal::parse(name) == Ok(*signal)));
    }
}

//! Sets of signals.

use std::fmt;

use super::{Signal, SignalError};

/// A set of signals: sigset_t. Bit 0 is signal 1, as in `/proc/PID/status`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignalSet(u64);

impl SignalSet {
    /// No signal.
    pub const EMPTY: Self = Self(0);

    /// Every signal that can be blocked: all but KILL and STOP.
    #[must_use]
    pub fn all() -> Self {
        Signal::all().filter(|signal| !signal.is_unstoppable()).collect()
    }

    /// The set with these bits.
    #[must_use]
    pub const fn of_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether the signal is in it.
    #[must_use]
    pub fn contains(self, signal: Signal) -> bool {
        self.0 & bit(signal) != 0
    }

    /// Whether there is none in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every signal of `other` is in it.
    #[must_use]
    pub const fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its signals, from the lowest.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::all().filter(move |signal| self.contains(*signal))
    }

    /// Reads names and numbers with commas between; `all` is every one that can be blocked.
    pub fn parse(text: &str) -> Result<Self, SignalError> {
        if text.eq_ignore_ascii_case("all") {
            return Ok(Self::all());
        }
        text.split(',').map(Signal::parse).collect()
    }
}

fn bit(signal: Signal) -> u64 {
    1 << (signal.number() - 1)
}

impl FromIterator<Signal> for SignalSet {
    fn from_iter<I: IntoIterator<Item = Signal>>(signals: I) -> Self {
        Self(signals.into_iter().fold(0, |bits, signal| bits | bit(signal)))
    }
}

impl fmt::Display for SignalSet {
    /// Names with commas between; real-time signals that follow each other as `RTMIN..RTMAX`, and a set
    /// with nearly all in it as `all but HUP,INT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEW: u32 = 8;
        let missing = Self(!self.0 & Self::all().0);
        match missing.0.count_ones() {
            0 => f.pad("all"),
            count if count <= FEW => f.pad(&format!("all but {}", missing.names())),
            _ => f.pad(&self.names()),
        }
    }
}

impl SignalSet {
    fn names(self) -> String {
        let mut names: Vec<String> = Vec::new();
        let mut signals = self.iter().peekable();
        while let Some(first) = signals.next() {
            let mut last = first;
            while let Some(next) = signals.next_if(|next| first.is_real_time() && next.number() == last.number() + 1) {
                last = next;
            }
            names.push(match last.number() - first.number() {
                0 => first.to_string(),
                1 => format!("{first},{last}"),
                _ => format!("{first}..{last}"),
            });
        }
        names.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read_and_written() {
        for (text, bits) in [("HUP", 1), ("int,TERM", 0x4002), ("64,1", (1 << 63) | 1), ("all", !0x4_0100)] {
            assert_eq!(SignalSet::parse(text).map(SignalSet::bits), Ok(bits), "{text}");
        }
        let table = [
            (0x4002, "INT,TERM"),
            (!0, "all"),
            (!0x4_0100, "all"),
            (!0x4_0103, "all but HUP,INT"),
            (0x1_8000_0000, "32,33"),
            (u64::MAX << 33, "RTMIN..RTMAX"),
            ((1 << 33) | (1 << 34) | (1 << 40) | 1, "HUP,RTMIN,RTMIN+1,RTMIN+7"),
            (0, ""),
        ];
        for (bits, text) in table {
            assert_eq!(SignalSet::of_bits(bits).to_string(), text);
        }
        for text in ["", ",", "HUP,", "HUP INT", "none"] {
            assert_eq!(SignalSet::parse(text), Err(SignalError), "{text}");
        }
    }
}

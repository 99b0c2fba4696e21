//! Signals and sets of them.

use std::time::Duration;

use crate::ipc::signal::{Signal, SignalSet};

/// What can be sent: a signal, or none to only ask whether one could be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sendable(pub Option<Signal>);

/// `TERM`, `SIGTERM`, `15`, `RTMIN+3`.
pub(crate) fn signal(text: &str) -> Result<Signal, String> {
    Signal::parse(text).map_err(|error| error.to_string())
}

/// The same, or 0.
pub(crate) fn sendable(text: &str) -> Result<Sendable, String> {
    if text == "0" { Ok(Sendable(None)) } else { signal(text).map(|signal| Sendable(Some(signal))) }
}

/// `HUP,INT`, `all`.
pub(crate) fn signals(text: &str) -> Result<SignalSet, String> {
    SignalSet::parse(text).map_err(|error| error.to_string())
}

/// `5s:KILL`: a signal, and how long to wait before it.
pub(crate) fn later(text: &str) -> Result<(Duration, Signal), String> {
    let (delay, name) = text.split_once(':').ok_or("a duration and a signal, such as 5s:KILL")?;
    Ok((super::duration(delay)?, signal(name)?))
}

/// `INT:USR1`: a signal, and what to send instead of it.
pub(crate) fn pair(text: &str) -> Result<(Signal, Signal), String> {
    let (from, to) = text.split_once(':').ok_or("two signals, such as INT:USR1")?;
    Ok((signal(from)?, signal(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_and_what_goes_with_them_are_read() {
        assert_eq!(sendable("0"), Ok(Sendable(None)));
        assert_eq!(sendable("term"), Ok(Sendable(Some(Signal::TERM))));
        assert_eq!(later("0.5:9"), Ok((Duration::from_millis(500), Signal::KILL)));
        assert_eq!(pair("TERM:KILL"), Ok((Signal::TERM, Signal::KILL)));
        for text in ["", ":", "5s", "5s:", ":KILL", "KILL:5s", "5s:0", "-1:KILL"] {
            assert!(later(text).is_err() && pair(text).is_err(), "{text}");
        }
    }
}

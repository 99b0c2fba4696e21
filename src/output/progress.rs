//! How far long work has come, on a terminal.

use std::time::{Duration, Instant};

use crate::sys::fd;

/// Work that takes no longer than this shows nothing.
const FIRST: Duration = Duration::from_millis(500);

/// How often the line is written anew.
const AGAIN: Duration = Duration::from_millis(200);

/// A line on standard error that is written over and over, and gone in the end. Nothing at all where
/// standard error is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    tool: &'static str,
    whole: Option<u64>,
    next: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// Begins now; `whole` is how many bytes there are, where that is known.
    pub(crate) fn new(tool: &'static str, whole: Option<u64>) -> Self {
        let next = fd::is_terminal(fd::stderr()).then(|| Instant::now() + FIRST);
        Self { tool, whole, next, shown: false }
    }

    /// `done` bytes are done.
    pub(crate) fn tell(&mut self, done: u64) {
        let Some(next) = self.next else { return };
        let now = Instant::now();
        if now < next {
            return;
        }
        self.next = Some(now + AGAIN);
        self.shown = true;
        let text = match self.whole {
            Some(whole) if whole > 0 => {
                let percent = u128::from(done) * 100 / u128::from(whole);
                format!("{} of {}, {percent} %", mebibytes(done), mebibytes(whole))
            }
            _ => mebibytes(done),
        };
        // Where it cannot be shown, nobody looks.
        let _ = fd::write(fd::stderr(), format!("\r{}: {text}\x1b[K", self.tool).as_bytes());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = fd::write(fd::stderr(), b"\r\x1b[K");
        }
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

//! Standard output that reports its errors, and notes on standard error.

use std::io::{self, Write};

use crate::sys::{fd, signal};

/// How much is gathered before it is written.
const ENOUGH: usize = 64 * 1024;

/// Buffered standard output.
///
/// `println!` panics on a closed pipe and `std::io::Stdout` hides a closed descriptor; here every
/// failure reaches the caller, or `app` when it flushes at the end.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pending: Vec<u8>,
    /// The first failure: it counts, whatever the verb makes of it.
    failure: Option<io::Error>,
}

impl Out {
    /// Writes what is left, and tells the first failure of all writing.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let _ = self.flush();
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Writes bytes that a user may have chosen and the end of their line: escaped on a terminal,
    /// exact for the next program.
    pub(crate) fn foreign_line(&mut self, bytes: &[u8]) -> io::Result<()> {
        let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
        if !plain && fd::is_terminal(fd::stdout()) {
            return writeln!(self, "{}", super::escape(bytes));
        }
        self.write_all(bytes)?;
        self.write_all(b"\n")
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() >= ENOUGH {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut rest = self.pending.as_slice();
        while !rest.is_empty() && self.failure.is_none() {
            match fd::write(fd::stdout(), rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted && signal::caught().is_none() => {}
                Err(error) => {
                    // What could not be written is not tried again: the error is reported once.
                    self.pending.clear();
                    let kind = error.kind();
                    self.failure.get_or_insert(error);
                    return Err(kind.into());
                }
            }
        }
        self.pending.clear();
        Ok(())
    }
}

/// A line for the user on standard error: `tool: text`.
pub(crate) fn note(tool: &str, text: &str) {
    tell(format!("{tool}: {text}\n").as_bytes());
}

/// Lines for the user on standard error, as they are. One write, so that those of several processes do
/// not mix; when even that fails there is nobody left to tell.
pub(crate) fn tell(lines: &[u8]) {
    let mut rest = lines;
    while !rest.is_empty() {
        match fd::write(fd::stderr(), rest) {
            Ok(count @ 1..) => rest = &rest[count..],
            // The line may be all that is left of a message: a signal does not cut it.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            _ => break,
        }
    }
}

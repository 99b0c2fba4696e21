//! A request to `rfifo serve`, and its reply.
//!
//! The convention: a request is one record, `REPLY<TAB>REQUEST`. REPLY is the path of a FIFO that the client
//! has made and reads; it is empty, or missing with its TAB, where the client wants no reply.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::unistd;

use super::quoted;
use crate::command;
use crate::exit::{CommandError, words};
use crate::framing::{Label, Line};
use crate::ipc::Wait;
use crate::ipc::fifo::{self, Links};
use crate::sys::{errno, fd, signal};

/// What a client wants.
pub(super) struct Request<'a> {
    /// Where it waits for the reply.
    reply: Option<&'a Path>,
    text: &'a [u8],
}

impl<'a> Request<'a> {
    pub(super) fn parse(record: &'a [u8]) -> Self {
        let (reply, text) = match memchr::memchr(b'\t', record) {
            Some(tab) => (&record[..tab], &record[tab + 1..]),
            None => (&b""[..], record),
        };
        let reply = Some(reply).filter(|reply| !reply.is_empty()).map(|reply| Path::new(OsStr::from_bytes(reply)));
        Self { reply, text }
    }

    /// Runs the command with this signal mask, and gives the client what it wrote.
    pub(super) fn answer(&self, words: &[OsString], mask: u64, patience: Duration) -> anyhow::Result<()> {
        let mut command = command::of_words(words);
        // Ours blocks everything.
        signal::start_with_mask(&mut command, mask);
        command.stdin(command::in_memory(self.text).context("cannot hold a request in memory")?);
        command.env("RFIFO_SIZE", self.text.len().to_string());
        let Some(reply) = self.reply else {
            command.env_remove("RFIFO_REPLY");
            return check(command.status(), &words[0]);
        };
        // Kept until the command has ended: a client that does not read holds nobody up but itself.
        let output = command::in_memory(b"").context("cannot hold a reply in memory")?;
        let shared = output.try_clone().context("cannot hold a reply in memory")?;
        command.env("RFIFO_REPLY", reply).stdout(Stdio::from(shared));
        let ended = check(command.status(), &words[0]);
        deliver(output, reply, patience).with_context(|| format!("cannot reply through {}", quoted(reply)))?;
        ended
    }
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Line::of(self.text, Label::Nothing, 0).fmt(f)
    }
}

fn check(ended: io::Result<std::process::ExitStatus>, command: &OsStr) -> anyhow::Result<()> {
    let ended = ended.map_err(|error| CommandError::new(command, error))?;
    if !ended.success() {
        bail!("the command ended with {ended}");
    }
    Ok(())
}

/// Gives the client its reply, if it comes for it in time.
fn deliver(mut output: File, reply: &Path, patience: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + patience;
    output.rewind()?;
    let mut text = Vec::new();
    output.read_to_end(&mut text)?;
    let client = meet(reply, end)?;
    let mut rest = text.as_slice();
    while !rest.is_empty() {
        match unistd::write(&client, rest).map_err(io::Error::from) {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() || !fd::poll(&client, fd::WRITABLE, Some(left))? {
                    bail!("its client did not read {} of {} bytes", rest.len(), text.len());
                }
            }
            Err(error) => bail!("{}", words(&error)),
        }
    }
    Ok(())
}

/// Opens the client's FIFO, which the client opens perhaps only now. A link would lead us where the client
/// may not go itself.
fn meet(reply: &Path, end: Instant) -> anyhow::Result<File> {
    let mut pause = Duration::from_micros(200);
    loop {
        match fifo::open_to_write(reply, Links::Refuse, Wait::Never) {
            Err(error) if errno::is(&error, errno::ENXIO) => {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    bail!("its client did not open it");
                }
                thread::sleep(pause.min(left));
                pause = (pause * 2).min(Duration::from_millis(20));
            }
            Err(error) => bail!("{}", words(&error)),
            Ok(file) => return Ok(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tab_ends_the_path() {
        let table: [(&[u8], Option<&str>, &[u8]); 4] = [
            (b"/tmp/r\tx\ty", Some("/tmp/r"), b"x\ty"),
            (b"\tx", None, b"x"),
            (b"x y", None, b"x y"),
            (b"/tmp/r\t", Some("/tmp/r"), b""),
        ];
        for (record, reply, text) in table {
            let request = Request::parse(record);
            assert_eq!((request.reply, request.text), (reply.map(Path::new), text));
        }
    }
}

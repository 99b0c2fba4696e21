//! Sending: which processes are meant, and what becomes of the signal.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use super::super::{Console, around};
use super::names::Sent;
use crate::ipc::signal::{self, Process, Target, wait_for_any};
use crate::proc::signals;
use crate::sys::errno;

/// Some got the signal and some did not.
const SOME: u8 = 64;

/// What is to be sent to whom.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option")]
pub(super) struct Order {
    pub signal: Sent,
    /// `-q`
    pub value: Option<i32>,
    /// `--timeout`: what follows if the process has not ended by then.
    pub later: Vec<(Duration, Sent)>,
    /// `-a`
    pub all: bool,
    /// `-p`
    pub print: bool,
    /// `-r`
    pub require_handler: bool,
    pub verbose: bool,
    pub targets: Vec<OsString>,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            signal: Sent::TERM,
            value: None,
            later: Vec::new(),
            all: false,
            print: false,
            require_handler: false,
            verbose: false,
            targets: Vec::new(),
        }
    }
}

/// Whom an operand means.
#[derive(Debug, PartialEq, Eq)]
enum Whom {
    /// As kill(2) has it: a process, 0 for our group, -1 for all, another group.
    Number(i32),
    /// The one process whose pidfd has this inode.
    Identity(i32, u64),
    /// Those of this command name.
    Name,
    /// A number that no process can have.
    TooLarge,
}

impl Whom {
    fn of(word: &OsStr) -> Self {
        let text = word.as_bytes().trim_ascii_start();
        let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
        let (number, inode) = match digits.iter().position(|&byte| byte == b':') {
            Some(at) => (&digits[..at], Some(&digits[at + 1..])),
            None => (digits, None),
        };
        let (Some(number), Some(inode)) = (decimal(number), inode.map_or(Some(None), |inode| decimal(inode).map(Some)))
        else {
            return Self::Name;
        };
        let signed = number.map(|number| if text.starts_with(b"-") { -i128::from(number) } else { number.into() });
        let pid = signed.and_then(|number| i32::try_from(number).ok());
        match (pid, inode) {
            // Behind an operand, where somebody means a signal, it would be our own group.
            (Some(0), None) if text.starts_with(b"-") => Self::Name,
            (Some(pid), None) => Self::Number(pid),
            (Some(pid @ 1..), Some(Some(inode @ 1..))) => Self::Identity(pid, inode),
            (Some(_), Some(Some(_))) => Self::Name,
            _ => Self::TooLarge,
        }
    }
}

/// Digits and nothing else: their value, `None` inside where it is beyond all bounds.
#[allow(clippy::option_option, reason = "no number, and one that is too large")]
fn decimal(text: &[u8]) -> Option<Option<u64>> {
    let plain = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    plain.then(|| {
        let step = |value: u64, digit: &u8| value.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
        text.iter().try_fold(0, step)
    })
}

/// How it went so far.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    failed: usize,
}

impl Tally {
    fn status(&self) -> u8 {
        match self.failed {
            // Where all were left out for want of a handler, nothing was done.
            0 => u8::from(self.tried == 0),
            failed if failed == self.tried => 1,
            _ => SOME,
        }
    }

    fn failed(&mut self) {
        self.tried += 1;
        self.failed += 1;
    }
}

impl Order {
    /// Sends to all: the exit status.
    pub(super) fn carry_out(&self, console: &mut Console) -> u8 {
        let mut tally = Tally::default();
        for (index, word) in self.targets.iter().enumerate() {
            match Whom::of(word) {
                // Who writes `kill 5 -1` means a signal.
                Whom::Number(-1) if index > 0 => {
                    tally.failed();
                    console.warn("refusing to signal every process: -1 is not the first operand");
                }
                Whom::Number(pid) => self.attempt(console, &mut tally, word, pid, || self.reach(pid)),
                Whom::Identity(pid, inode) => match Process::open_identity(pid, inode) {
                    Ok(process) => self.attempt(console, &mut tally, word, pid, || Ok(Some(process))),
                    Err(error) => fail(console, &mut tally, word, &error),
                },
                Whom::Name => self.by_name(console, &mut tally, word),
                Whom::TooLarge => fail(console, &mut tally, word, &errno::error(errno::ERANGE)),
            }
        }
        tally.status()
    }

    /// The process held where that is needed; else kill(2) does it alone.
    fn reach(&self, pid: i32) -> io::Result<Option<Process>> {
        if self.value.is_none() && self.later.is_empty() || self.print {
            return Ok(None);
        }
        // No group can be held.
        if pid < 1 { Err(errno::error(errno::EINVAL)) } else { Process::open(pid).map(Some) }
    }

    /// Those of a command name, and unless `-a` of our own; never ourselves or our ancestors.
    fn by_name(&self, console: &mut Console, tally: &mut Tally, word: &OsStr) {
        let found = match word.to_str().map(|name| signal::find(&Target::Name(name.into()))) {
            Some(Ok(found)) => found,
            Some(Err(error)) if !errno::is(&error, errno::ESRCH) => return fail(console, tally, word, &error),
            _ => Vec::new(),
        };
        let mut found: Vec<Process> = found.into_iter().filter(|process| self.all || is_ours(process.pid())).collect();
        if found.is_empty() {
            tally.failed();
            return console.warn(around("cannot find process \"", word, "\""));
        }
        found.sort_by_key(Process::pid);
        for process in found {
            self.attempt(console, tally, word, process.pid(), || Ok(Some(process)));
        }
    }

    /// Sends to one pid, counts it and tells what went wrong.
    fn attempt(
        &self,
        console: &mut Console,
        tally: &mut Tally,
        word: &OsStr,
        pid: i32,
        hold: impl FnOnce() -> io::Result<Option<Process>>,
    ) {
        let done = hold().and_then(|held| self.to_one(console, pid, held.as_ref()));
        match done {
            Ok(is_sent) => tally.tried += usize::from(is_sent),
            Err(error) => fail(console, tally, word, &error),
        }
    }

    /// Whether it was sent, not left out for want of a handler.
    fn to_one(&self, console: &mut Console, pid: i32, held: Option<&Process>) -> io::Result<bool> {
        if self.require_handler && !self.is_caught_by(pid)? {
            if self.verbose {
                let number = self.signal.number();
                say(console, format_args!("not signalling pid {pid}, it has no userspace handler for signal {number}"));
            }
            return Ok(false);
        }
        if self.print {
            say(console, format_args!("{pid}"));
            return Ok(true);
        }
        if self.verbose {
            say(console, format_args!("sending signal {} to pid {pid}", self.signal.number()));
        }
        match held {
            None => signal::send(pid, self.signal.0)?,
            Some(process) => {
                self.send(process, self.signal)?;
                self.follow_up(console, process)?;
            }
        }
        Ok(true)
    }

    fn send(&self, process: &Process, signal: Sent) -> io::Result<()> {
        match (signal.0, self.value) {
            (Some(signal), Some(value)) => process.queue(signal, value),
            _ => process.send(signal.0),
        }
    }

    /// `--timeout`: one signal after the other, until it has ended.
    fn follow_up(&self, console: &mut Console, process: &Process) -> io::Result<()> {
        for (patience, signal) in &self.later {
            if !wait_for_any(&[process], Some(*patience))?.is_empty() {
                break;
            }
            if self.verbose {
                let (number, pid) = (signal.number(), process.pid());
                say(console, format_args!("timeout, sending signal {number} to pid {pid}"));
            }
            match self.send(process, *signal) {
                // It has ended just now.
                Err(error) if errno::is(&error, errno::ESRCH) => break,
                sent => sent?,
            }
        }
        Ok(())
    }

    /// A group has no handlers: EINVAL.
    fn is_caught_by(&self, pid: i32) -> io::Result<bool> {
        if pid < 1 {
            return Err(errno::error(errno::EINVAL));
        }
        let seen = signals::of(pid).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => errno::error(errno::ESRCH),
            _ => error,
        })?;
        Ok(self.signal.0.is_some_and(|signal| seen.caught >> (signal.number() - 1) & 1 == 1))
    }
}

fn fail(console: &mut Console, tally: &mut Tally, word: &OsStr, error: &io::Error) {
    tally.failed();
    console.warn_of(around("sending signal to ", word, " failed"), error);
}

/// Whether it has the user that we have.
fn is_ours(pid: i32) -> bool {
    let owner = std::fs::metadata(format!("/proc/{pid}")).map(|entry| entry.uid());
    owner.is_ok_and(|owner| owner == nix::unistd::getuid().as_raw())
}

/// A line on standard output; `finish` tells where that fails.
fn say(console: &mut Console, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(console.out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use Whom::{Identity, Name, Number, TooLarge};

    #[test]
    fn operands_are_told_apart() {
        let table = [
            ("5", Number(5)),
            ("-99999", Number(-99999)),
            (" 5", Number(5)),
            ("+5", Number(5)),
            ("0", Number(0)),
            ("-0", Name),
            ("-1", Number(-1)),
            ("2147483647", Number(i32::MAX)),
            ("-2147483648", Number(i32::MIN)),
            ("2147483648", TooLarge),
            ("4294967297", TooLarge),
            ("-4294967297", TooLarge),
            ("99999999999999999999999", TooLarge),
            ("5:77", Identity(5, 77)),
            ("5:99999999999999999999999", TooLarge),
            ("5:0", Name),
            ("-5:7", Name),
            ("5:", Name),
            ("5:x", Name),
            ("", Name),
            ("-", Name),
            ("5x", Name),
            ("-KILL", Name),
            ("--5", Name),
            ("0x5", Name),
            ("sleep", Name),
        ];
        for (text, whom) in table {
            assert_eq!(Whom::of(OsStr::new(text)), whom, "{text}");
        }
    }
}

//! The command line of kill(1), which getopt cannot read: a signal is an option of its own, `-9` or
//! `-KILL`, and behind one a process group has the same looks.
//!
//! - Options end at the first operand. What begins with `-` behind it is an operand.
//! - The first `-N` is a signal. Once there is a signal, `-N` is a process group, and ends the options.
//! - A word that names a signal as a whole is one (`-quit` is not `-q uit`).

use std::ffi::{OsStr, OsString};
use std::mem;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::time::Duration;
use std::vec::IntoIter;

use super::super::{around, numbers};
use super::names::Sent;
use super::order::Order;

/// What a command line asks for.
#[derive(Debug)]
pub(super) enum Wish {
    Send(Order),
    /// `-l`, and what is to be translated.
    List(Vec<OsString>),
    /// `-L`, or with descriptions `-t`.
    Table {
        described: bool,
        operands: Vec<OsString>,
    },
    /// `-d PID`
    State(OsString),
    Help,
    Version,
}

/// Why a command line makes no sense.
#[derive(Debug)]
pub(super) enum Wrong {
    /// In these words.
    Words(Vec<u8>),
    /// In these words, and help is offered.
    Option(Vec<u8>),
    /// The value of `-s` is no signal.
    Signal(OsString),
}

fn words<T>(text: &str) -> Result<T, Wrong> {
    Err(Wrong::Words(text.into()))
}

/// The long options and the letters they stand for.
const LONG: &[(&str, u8)] = &[
    ("all", b'a'),
    ("help", b'h'),
    ("list", b'l'),
    ("pid", b'p'),
    ("queue", b'q'),
    ("require-handler", b'r'),
    ("show-process-state", b'd'),
    ("signal", b's'),
    ("table", b'L'),
    ("timeout", TIMEOUT),
    ("verbose", VERBOSE),
    ("version", b'V'),
];

/// Options without a letter.
const TIMEOUT: u8 = 1;
const VERBOSE: u8 = 2;

/// A line that is being read.
struct Line {
    words: IntoIter<OsString>,
    order: Order,
    /// Whether a signal was named.
    named: bool,
}

/// Reads the arguments behind the name of the program.
pub(super) fn read(arguments: Vec<OsString>) -> Result<Wish, Wrong> {
    let mut line = Line { words: arguments.into_iter(), order: Order::default(), named: false };
    while let Some(option) = line.next_option() {
        let wish = match option.as_bytes() {
            b"--" => break,
            [b'-', b'-', name @ ..] => line.long(name)?,
            word => line.short(&word[1..])?,
        };
        if let Some(wish) = wish {
            return Ok(wish);
        }
    }
    line.order.targets = line.words.collect();
    if line.order.targets.is_empty() {
        return words("not enough arguments");
    }
    Ok(Wish::Send(line.order))
}

impl Line {
    /// The next word if it is an option.
    fn next_option(&mut self) -> Option<OsString> {
        let is_option = match self.words.as_slice().first()?.as_bytes() {
            [b'-', group @ ..] if self.named && group.iter().all(u8::is_ascii_digit) => false,
            [b'-', _, ..] => true,
            _ => false,
        };
        if is_option { self.words.next() } else { None }
    }

    /// `KILL`, `9`, or a cluster of letters: what stood behind one dash.
    fn short(&mut self, letters: &[u8]) -> Result<Option<Wish>, Wrong> {
        if let Some(signal) = Sent::parse(OsStr::from_bytes(letters)) {
            return self.set_signal(signal, letters).map(|()| None);
        }
        let mut rest = letters;
        while let Some((&letter, behind)) = rest.split_first() {
            let value = behind.strip_prefix(b"=").unwrap_or(behind);
            let value = (!behind.is_empty()).then(|| OsString::from_vec(value.to_vec()));
            match letter {
                b'a' | b'p' | b'r' => drop(self.act(letter, None, "")?),
                b'd' | b'l' | b'L' | b't' | b'n' | b'q' | b's' => {
                    return self.act(letter, value, &format!("-{}", char::from(letter)));
                }
                b'h' | b'v' | b'V' => return self.act(letter, None, ""),
                _ => {
                    return Err(Wrong::Words(around(
                        "invalid signal name or number: ",
                        OsStr::from_bytes(letters),
                        "",
                    )));
                }
            }
            rest = behind;
        }
        Ok(None)
    }

    /// `signal=KILL`, `sig=KILL`, `verbose`: what stood behind two dashes.
    fn long(&mut self, word: &[u8]) -> Result<Option<Wish>, Wrong> {
        let (name, value) = match word.iter().position(|&byte| byte == b'=') {
            Some(at) => (&word[..at], Some(OsString::from_vec(word[at + 1..].to_vec()))),
            None => (word, None),
        };
        let fitting = LONG.iter().filter(|(long, _)| long.as_bytes().starts_with(name));
        let fitting: Vec<&(&str, u8)> = fitting.collect();
        let shown = OsStr::from_bytes(word);
        let (long, letter) = match fitting.as_slice() {
            [only] => *only,
            [] => return Err(Wrong::Option(around("unrecognized option '--", shown, "'"))),
            several => {
                let all: Vec<String> = several.iter().map(|(long, _)| format!(" '--{long}'")).collect();
                let behind = format!("' is ambiguous; possibilities:{}", all.concat());
                return Err(Wrong::Option(around("option '--", shown, &behind)));
            }
        };
        if value.is_some() && b"ahprV".contains(letter) || value.is_some() && *letter == VERBOSE {
            return Err(Wrong::Option(format!("option '--{long}' doesn't allow an argument").into()));
        }
        self.act(*letter, value, &format!("--{long}"))
    }

    /// Does what an option asks for. `value` is what stood in its own word.
    fn act(&mut self, letter: u8, value: Option<OsString>, spelled: &str) -> Result<Option<Wish>, Wrong> {
        match letter {
            b'a' => self.order.all = true,
            b'p' => self.order.print = true,
            b'r' => self.order.require_handler = true,
            VERBOSE => self.order.verbose = true,
            b's' | b'n' => {
                let name = self.value(value, spelled)?;
                let signal = Sent::parse(&name).ok_or_else(|| Wrong::Signal(name.clone()))?;
                self.set_signal(signal, name.as_bytes())?;
            }
            b'q' => {
                let text = self.value(value, spelled)?;
                self.order.value = Some(number(&text)?);
            }
            TIMEOUT => self.set_timeout(value, spelled)?,
            b'l' => return self.operands(value).map(|operands| Some(Wish::List(operands))),
            b'L' | b't' => {
                let operands = self.operands(value)?;
                return Ok(Some(Wish::Table { described: letter == b't', operands }));
            }
            b'd' => return self.state(value).map(Some),
            b'h' => return Ok(Some(Wish::Help)),
            _ => return Ok(Some(Wish::Version)),
        }
        self.check_print()
    }

    /// Nothing is sent by `-p`, so how to send makes no sense.
    fn check_print(&self) -> Result<Option<Wish>, Wrong> {
        let other = match (self.order.print, self.named, self.order.value) {
            (true, true, _) => "--signal",
            (true, _, Some(_)) => "--queue",
            _ => return Ok(None),
        };
        Err(Wrong::Words(format!("--pid and {other} are mutually exclusive").into()))
    }

    fn set_signal(&mut self, signal: Sent, spelled: &[u8]) -> Result<(), Wrong> {
        if mem::replace(&mut self.named, true) {
            return Err(Wrong::Option(around("'", OsStr::from_bytes(spelled), "': multiple signals specified")));
        }
        self.order.signal = signal;
        self.check_print().map(drop)
    }

    fn set_timeout(&mut self, value: Option<OsString>, spelled: &str) -> Result<(), Wrong> {
        let period = self.value(value, spelled)?;
        let milliseconds = u64::try_from(number(&period)?);
        let milliseconds = milliseconds.map_err(|_| Wrong::Words(around("argument error: '", &period, "'")))?;
        let Some(name) = self.words.next() else {
            return Err(Wrong::Words(format!("option '{spelled}' requires a follow-up signal").into()));
        };
        let signal = Sent::parse(&name).ok_or(Wrong::Signal(name))?;
        self.order.later.push((Duration::from_millis(milliseconds), signal));
        Ok(())
    }

    /// The value of an option: in its word, or the next.
    fn value(&mut self, value: Option<OsString>, spelled: &str) -> Result<OsString, Wrong> {
        match value.or_else(|| self.words.next()) {
            Some(value) => Ok(value),
            None if ["-s", "-n", "--signal"].contains(&spelled) => words("not enough arguments"),
            None => Err(Wrong::Words(format!("option '{spelled}' requires an argument").into())),
        }
    }

    /// All that is left: signals for a list.
    fn operands(&mut self, value: Option<OsString>) -> Result<Vec<OsString>, Wrong> {
        if self.named {
            return Err(Wrong::Option(b"cannot combine signal with -l, -L or -t".into()));
        }
        let mut rest = mem::take(&mut self.words).peekable();
        rest.next_if(|word| word == "--");
        Ok(value.into_iter().chain(rest).collect())
    }

    fn state(&mut self, value: Option<OsString>) -> Result<Wish, Wrong> {
        let mut operands = value.into_iter().chain(mem::take(&mut self.words));
        match (operands.next(), operands.next()) {
            (Some(pid), None) => Ok(Wish::State(pid)),
            (None, _) => words("too few arguments"),
            _ => words("too many arguments"),
        }
    }
}

fn number(text: &OsStr) -> Result<i32, Wrong> {
    numbers::signed32(text).map_err(|error| Wrong::Words(super::no_number("argument error: '", text, error)))
}

#[cfg(test)]
mod tests;

//! Options as getopt_long(3) reads them, with its error texts: what scripts that call the old tools
//! have relied on for thirty years.
//!
//! Operands may stand between options (permutation) unless `POSIXLY_CORRECT` is set or the table begins
//! with `+`; `--` ends the options; short ones cluster; a value may stand in the same word or the next;
//! a long name may be cut short as long as it means one option.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::vec::IntoIter;

/// The options of a tool.
#[derive(Debug)]
pub(super) struct Table {
    /// As in getopt(3): letters, `:` behind those with a value, `::` where it may be left out; `+` first
    /// where the first operand ends the options.
    pub short: &'static str,
    /// The long ones.
    pub long: &'static [Long],
}

/// A long option, and the letter it stands for; any character where there is no such letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Long {
    name: &'static str,
    takes: Takes,
    code: char,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Value,
    /// Only in the same word.
    ValueOrNothing,
}

impl Long {
    /// A long option without a value.
    pub(super) const fn flag(name: &'static str, code: char) -> Self {
        Self { name, takes: Takes::Nothing, code }
    }

    /// A long option with a value.
    pub(super) const fn value(name: &'static str, code: char) -> Self {
        Self { name, takes: Takes::Value, code }
    }

    /// A long option whose value may be left out.
    pub(super) const fn optional(name: &'static str, code: char) -> Self {
        Self { name, takes: Takes::ValueOrNothing, code }
    }
}

/// What is wrong with an option, in getopt's words, without the name of the program.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong(Vec<u8>);

impl Wrong {
    pub(super) fn text(&self) -> &[u8] {
        &self.0
    }

    fn of(before: &str, word: &[u8], behind: &str) -> Self {
        Self([before.as_bytes(), word, behind.as_bytes()].concat())
    }
}

/// An option that was found: its code, and its value if it has one.
pub(super) type Found = (char, Option<OsString>);

/// The options among the arguments, one by one: a tool acts on those before an error.
#[derive(Debug)]
pub(super) struct Options {
    table: &'static Table,
    arguments: IntoIter<OsString>,
    /// Letters of a cluster that are still to be read.
    cluster: VecDeque<u8>,
    operands: Vec<OsString>,
}

impl Table {
    /// Reads the arguments behind the name of the program.
    pub(super) fn read(&'static self, arguments: Vec<OsString>) -> Options {
        Options { table: self, arguments: arguments.into_iter(), cluster: VecDeque::new(), operands: Vec::new() }
    }

    fn stops_at_operand(&self) -> bool {
        self.short.starts_with('+') || std::env::var_os("POSIXLY_CORRECT").is_some()
    }

    /// Whether a letter is an option, and what it takes.
    fn letter(&self, letter: u8) -> Option<Takes> {
        let at = self.short.bytes().position(|known| known == letter && !matches!(known, b':' | b'+'))?;
        let behind = &self.short[at + 1..];
        Some(match (behind.starts_with("::"), behind.starts_with(':')) {
            (true, _) => Takes::ValueOrNothing,
            (_, true) => Takes::Value,
            _ => Takes::Nothing,
        })
    }

    /// The long option that this word names, whole or cut short; `word` is with its dashes and value.
    fn named(&self, name: &[u8], word: &[u8]) -> Result<Long, Wrong> {
        let mut fitting = self.long.iter().filter(|long| long.name.as_bytes().starts_with(name));
        if let Some(exact) = self.long.iter().find(|long| long.name.as_bytes() == name) {
            return Ok(*exact);
        }
        let first = fitting.next().ok_or_else(|| Wrong::of("unrecognized option '", word, "'"))?;
        // Two names of one option leave no doubt.
        if fitting.clone().all(|other| (other.takes, other.code) == (first.takes, first.code)) {
            return Ok(*first);
        }
        let all = std::iter::once(first).chain(fitting).map(|long| format!(" '--{}'", long.name));
        Err(Wrong::of("option '", word, &format!("' is ambiguous; possibilities:{}", all.collect::<String>())))
    }
}

impl Options {
    /// What is no option, in its order; complete once all options have been read.
    pub(super) fn operands(self) -> Vec<OsString> {
        self.operands
    }

    fn long(&mut self, word: &OsStr) -> Result<Found, Wrong> {
        let word = word.as_bytes();
        let (name, value) = match word.iter().position(|&byte| byte == b'=') {
            Some(at) => (&word[2..at], Some(OsString::from_vec(word[at + 1..].to_vec()))),
            None => (&word[2..], None),
        };
        let long = self.table.named(name, word)?;
        match (long.takes, value) {
            (Takes::Nothing, Some(_)) => {
                Err(Wrong(format!("option '--{}' doesn't allow an argument", long.name).into_bytes()))
            }
            (Takes::Value, None) => match self.arguments.next() {
                Some(value) => Ok((long.code, Some(value))),
                None => Err(Wrong(format!("option '--{}' requires an argument", long.name).into_bytes())),
            },
            (_, value) => Ok((long.code, value)),
        }
    }

    fn short(&mut self, letter: u8) -> Result<Found, Wrong> {
        let takes = self.table.letter(letter).ok_or_else(|| Wrong::of("invalid option -- '", &[letter], "'"))?;
        let has_value = takes != Takes::Nothing && !self.cluster.is_empty();
        let value = has_value.then(|| OsString::from_vec(self.cluster.drain(..).collect()));
        match (takes, value) {
            (Takes::Value, None) => match self.arguments.next() {
                Some(value) => Ok((letter.into(), Some(value))),
                None => Err(Wrong::of("option requires an argument -- '", &[letter], "'")),
            },
            (_, value) => Ok((letter.into(), value)),
        }
    }
}

impl Iterator for Options {
    type Item = Result<Found, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(letter) = self.cluster.pop_front() {
            return Some(self.short(letter));
        }
        loop {
            let word = self.arguments.next()?;
            match word.as_bytes() {
                b"--" => {
                    self.operands.extend(self.arguments.by_ref());
                    return None;
                }
                [b'-', b'-', ..] => return Some(self.long(&word)),
                [b'-', letters @ ..] if !letters.is_empty() => {
                    self.cluster = letters.iter().copied().collect();
                    return self.next();
                }
                _ => {
                    self.operands.push(word);
                    if self.table.stops_at_operand() {
                        self.operands.extend(self.arguments.by_ref());
                        return None;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TABLE: Table = Table {
        short: "hm:a::v",
        long: &[
            Long::value("mode", 'm'),
            Long::value("more", 'o'),
            Long::flag("help", 'h'),
            Long::flag("heap", 'h'),
            Long::optional("all", 'a'),
            Long::flag("verbose", 'v'),
            Long::flag("verb", 'b'),
        ],
    };

    /// What is found, as `m=600` or `-` before an error's text, and behind `|` the operands.
    fn read(table: &'static Table, line: &str) -> String {
        let mut options = table.read(line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect());
        let show = |found: Result<Found, Wrong>| match found {
            Ok((code, None)) => format!("{code} "),
            Ok((code, Some(value))) => format!("{code}={} ", value.display()),
            Err(Wrong(text)) => format!("-{} ", String::from_utf8_lossy(&text)),
        };
        let found: String = options.by_ref().map(show).collect();
        options.operands().iter().fold(found + "|", |all, word| format!("{all} {}", word.display()))
    }

    #[test]
    fn options_are_read_as_getopt_does() {
        let table = [
            ("", "|"),
            ("-hv", "h v |"),
            ("x -h y -v", "h v | x y"),
            ("-h -- -v x", "h | -v x"),
            ("-m600 -m 700 -vm 1", "m=600 m=700 v m=1 |"),
            ("-m -- -v", "m=-- v |"),
            ("-a x", "a | x"),
            ("-ax -va=y", "a=x v a==y |"),
            ("--all --all=x --all x", "a a=x a | x"),
            ("--mode 5 --mode=6 --mode=", "m=5 m=6 m= |"),
            ("--mod=5 --verbo --he", "m=5 v h |"),
            ("--verb", "b |"),
            ("- -h", "h | -"),
            ("--mo=5", "-option '--mo=5' is ambiguous; possibilities: '--mode' '--more' |"),
            ("--ver", "-option '--ver' is ambiguous; possibilities: '--verbose' '--verb' |"),
            ("--nothing=x -h", "-unrecognized option '--nothing=x' h |"),
            ("--help=x", "-option '--help' doesn't allow an argument |"),
            ("--mode", "-option '--mode' requires an argument |"),
            ("-m", "-option requires an argument -- 'm' |"),
            ("-zh", "-invalid option -- 'z' h |"),
            ("-:", "-invalid option -- ':' |"),
        ];
        for (line, found) in table {
            assert_eq!(read(&TABLE, line), found, "{line}");
        }
    }

    #[test]
    fn a_plus_ends_options_at_the_first_operand() {
        static STRICT: Table = Table { short: "+h", long: &[] };
        assert_eq!(read(&STRICT, "-h x -h"), "h | x -h");
    }
}

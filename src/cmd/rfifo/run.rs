//! `rfifo run`: a command with temporary FIFOs.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;

use super::nest::Nest;
use crate::app::{Context, Verb};
use crate::command::{Supervised, of_words};
use crate::exit::{Status, UsageError};
use crate::sys::signal;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Make N FIFOs
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    number: u16,

    /// The command: {} in its words is the path of the FIFO, {1} that of the first of several; RFIFO in its
    /// environment has the first, RFIFO_1, RFIFO_2 and so on have all
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Run a command with temporary FIFOs that are gone when it has ended";
    const RUNS_COMMAND: bool = true;

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        // From here on no signal ends us before they are removed; one that comes is for the command.
        signal::catch_endings().context("cannot catch signals")?;
        let nest = Nest::make(self.number.into())
            .with_context(|| format!("cannot make FIFOs in '{}'", std::env::temp_dir().display()))?;
        let mut words = Vec::new();
        for word in &self.command {
            words.extend(substitute(word, nest.fifos())?);
        }
        let mut command = of_words(&words);
        command.env("RFIFO", &nest.fifos()[0]);
        for (place, fifo) in nest.fifos().iter().enumerate() {
            command.env(format!("RFIFO_{}", place + 1), fifo);
        }
        let status = Supervised::start(command)?.wait();
        drop(nest);
        status
    }
}

/// A word of the command with the paths in it: `{}` as a word of its own stands for all of them.
fn substitute(word: &OsStr, fifos: &[PathBuf]) -> anyhow::Result<Vec<OsString>> {
    if word == "{}" {
        return Ok(fifos.iter().map(|fifo| fifo.clone().into_os_string()).collect());
    }
    let mut rest = word.as_bytes();
    let mut text = Vec::with_capacity(rest.len());
    while let Some(start) = memchr::memchr(b'{', rest) {
        text.extend_from_slice(&rest[..start]);
        rest = &rest[start..];
        let inside = memchr::memchr(b'}', rest).map(|end| &rest[1..end]);
        // Else it is a brace of the command's own.
        let mut used = 1;
        if let Some(inside) = inside
            && let Some(place) = place(inside, fifos.len())?
        {
            text.extend_from_slice(fifos[place].as_os_str().as_bytes());
            used = inside.len() + 2;
        } else {
            text.push(b'{');
        }
        rest = &rest[used..];
    }
    text.extend_from_slice(rest);
    Ok(vec![OsString::from_vec(text)])
}

/// Which FIFO is meant by what stands between braces; `None` where that is something else.
fn place(inside: &[u8], number: usize) -> anyhow::Result<Option<usize>> {
    if inside.is_empty() {
        if number > 1 {
            bail!(UsageError(format!("{{}} inside a word does not say which of the {number} FIFOs: write {{1}}")));
        }
        return Ok(Some(0));
    }
    let Some(place) = std::str::from_utf8(inside).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
    else {
        return Ok(None);
    };
    match place.parse::<usize>() {
        Ok(place) if (1..=number).contains(&place) => Ok(Some(place - 1)),
        _ => bail!(UsageError(format!("there is no FIFO {{{place}}}: --number is {number}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn substituted(word: &str, number: usize) -> Option<Vec<String>> {
        let fifos: Vec<PathBuf> = (1..=number).map(|place| format!("/f/{place}").into()).collect();
        let words = substitute(OsStr::new(word), &fifos).ok()?;
        Some(words.into_iter().map(|word| word.into_string().expect("text")).collect())
    }

    #[test]
    fn braces_are_paths() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(substituted("{}", 1), one("/f/1"));
        assert_eq!(substituted("{}", 2), Some(vec!["/f/1".into(), "/f/2".into()]));
        assert_eq!(substituted("cat <{} >{1}", 1), one("cat </f/1 >/f/1"));
        assert_eq!(substituted("{2}{1}", 2), one("/f/2/f/1"));
        for own in ["", "{ :; }", "${x}", "{a", "a}", "{\u{ff11}}"] {
            assert_eq!(substituted(own, 1), one(own));
        }
        assert_eq!(substituted("${x}{}", 1), one("${x}/f/1"));
        for wrong in [("<{}", 2), ("{0}", 1), ("{2}", 1), ("{99999999999999999999}", 1)] {
            assert_eq!(substituted(wrong.0, wrong.1), None, "{wrong:?}");
        }
    }
}

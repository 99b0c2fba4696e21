//! What is told of commands when they have ended: statuses, and a record of each.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use crate::command::Member;
use crate::ipc::pipe::Tally;
use crate::ipc::signal::Ending;
use crate::output::{Cell, write_object};
use crate::sys::fd;

#[derive(Debug, Args)]
pub(super) struct Reports {
    /// Write the status of each command, in order, to OUTPUT or standard error
    #[arg(long, value_name = "OUTPUT", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    status: Option<PathBuf>,

    /// Write a JSON object for each command to OUTPUT or standard error, and see what passes between them
    #[arg(long, value_name = "OUTPUT", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    report: Option<PathBuf>,
}

/// Where a report goes: opened before anything is started.
#[derive(Debug)]
pub(super) struct Sinks {
    status: Option<Sink>,
    report: Option<Sink>,
}

#[derive(Debug)]
enum Sink {
    StandardError,
    File(PathBuf, File),
}

impl Reports {
    /// Whether it is asked for what passes between the commands.
    pub(super) fn measures(&self) -> bool {
        self.report.is_some()
    }

    /// Whether anything is asked for.
    pub(super) fn is_any(&self) -> bool {
        self.report.is_some() || self.status.is_some()
    }

    pub(super) fn open(&self) -> anyhow::Result<Sinks> {
        let open = |wanted: &Option<PathBuf>| wanted.as_deref().map(Sink::open).transpose();
        Ok(Sinks { status: open(&self.status)?, report: open(&self.report)? })
    }
}

impl Sink {
    fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::StandardError);
        }
        let file = File::create(path).with_context(|| format!("cannot open '{}'", path.display()))?;
        Ok(Self::File(path.to_owned(), file))
    }

    fn write(self, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::StandardError => write_all(bytes).context("cannot write to standard error"),
            Self::File(path, mut file) => {
                file.write_all(bytes).with_context(|| format!("cannot write to '{}'", path.display()))
            }
        }
    }
}

fn write_all(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match fd::write(fd::stderr(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Sinks {
    /// Writes what was asked for.
    pub(super) fn write(
        self,
        commands: &[&[OsString]],
        members: &[Member],
        tallies: &[Option<Tally>],
    ) -> anyhow::Result<()> {
        if let Some(sink) = self.report {
            let tally = |index: usize| tallies.get(index).copied().flatten();
            let slowest = slowest(tallies, commands.len());
            let mut text = Vec::new();
            for (index, (words, member)) in commands.iter().zip(members).enumerate() {
                write_object(&mut text, &record(index, words, member, tally(index), slowest == Some(index)))?;
            }
            sink.write(&text)?;
        }
        if let Some(sink) = self.status {
            let statuses: Vec<String> = members.iter().map(|member| member.end().status().to_string()).collect();
            sink.write(format!("{}\n", statuses.join(" ")).as_bytes())?;
        }
        Ok(())
    }
}

fn record<'a>(
    index: usize,
    words: &'a [OsString],
    member: &Member,
    tally: Option<Tally>,
    is_slowest: bool,
) -> Vec<(&'static str, Cell<'a>)> {
    let end = member.end();
    let (status, signal) = match end.ending {
        Ending::Exited(status) => (Some(status), None),
        Ending::Killed(signal) => (None, Some(signal)),
        Ending::Unknown => (None, None),
    };
    let words = words.iter().map(|word| Cell::Foreign(Cow::Borrowed(word.as_bytes()))).collect();
    let share = |part: fn(&Tally) -> Duration| {
        Cell::or_none(tally, |tally| rounded(part(&tally).as_secs_f64() / tally.lasted.as_secs_f64().max(1e-9)))
    };
    vec![
        ("stage", Cell::Number(index as u64 + 1)),
        ("command", Cell::Cells(words)),
        ("pid", Cell::or_none(member.pid, |pid| Cell::Signed(pid.into()))),
        ("status", Cell::or_none(status, |status| Cell::Number(status.into()))),
        ("signal", Cell::or_none(signal, Cell::shown)),
        ("unread", Cell::Bool(end.unread)),
        ("elapsed", rounded(end.elapsed.as_secs_f64())),
        ("user", rounded(end.usage.user.as_secs_f64())),
        ("system", rounded(end.usage.system.as_secs_f64())),
        ("max_rss", Cell::Number(end.usage.max_rss)),
        ("bytes", Cell::or_none(tally, |tally| Cell::Number(tally.bytes))),
        ("full", share(|tally| tally.full)),
        ("empty", share(|tally| tally.empty)),
        ("slowest", Cell::Bool(is_slowest)),
    ]
}

/// Who kept the others waiting longest: its readers for input, its writer for room.
fn slowest(tallies: &[Option<Tally>], count: usize) -> Option<usize> {
    let tally = |index: Option<usize>| index.and_then(|index| tallies.get(index).copied().flatten());
    let waited = |index: usize| {
        let before = if tallies.len() == count { Some((index + count - 1) % count) } else { index.checked_sub(1) };
        let sides = [tally(before).map(|link| link.full), tally(Some(index)).map(|link| link.empty)];
        let known = sides.iter().flatten().count().max(1);
        sides.into_iter().flatten().sum::<Duration>() / u32::try_from(known).unwrap_or(1)
    };
    tallies.iter().any(Option::is_some).then(|| (0..count).max_by_key(|&index| waited(index))).flatten()
}

/// A thousandth is enough.
fn rounded<'a>(number: f64) -> Cell<'a> {
    Cell::Real((number * 1000.0).round() / 1000.0)
}

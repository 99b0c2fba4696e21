//! Which lock is meant: the options that `run` and `wait` share, and what is said where it cannot be had.

use std::collections::HashSet;
use std::num::NonZeroU64;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::args;
use crate::exit::UsageError;
use crate::ipc::lock::{Claim, FileId, Holder, Kind, Lock, Range, Request, inventory_of};
use crate::output::{escape, local};
use crate::proc::stat;

#[derive(Debug, Args)]
pub(super) struct LockArgs {
    /// Together with others who share it; alone otherwise
    #[arg(short, long)]
    shared: bool,

    /// LEN bytes from OFF on, all behind OFF without LEN (100:); the whole file unless given
    #[arg(short, long, value_name = "OFF:LEN", value_parser = range)]
    range: Option<Range>,

    /// flock, ofd (of the descriptor) or posix (of the process); flock, with --range ofd
    #[arg(short, long, value_name = "KIND", hide_possible_values = true)]
    kind: Option<Word>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Word {
    Flock,
    Ofd,
    Posix,
}

impl LockArgs {
    /// What they ask for.
    pub(super) fn request(&self) -> anyhow::Result<Request> {
        let kind = match (self.kind, self.range) {
            (Some(Word::Flock), Some(_)) => {
                bail!(UsageError("flock locks whole files: --range is for the kinds ofd and posix".into()))
            }
            (Some(Word::Flock) | None, None) => Kind::Flock,
            (Some(Word::Ofd), _) | (None, Some(_)) => Kind::Ofd,
            (Some(Word::Posix), _) => Kind::Posix,
        };
        let claim = if self.shared { Claim::Shared } else { Claim::Exclusive };
        Ok(Request { kind, claim, range: self.range.unwrap_or(Range::WHOLE) })
    }
}

/// `OFF:LEN`, `OFF:`.
pub(super) fn range(text: &str) -> Result<Range, String> {
    let (start, length) = text.split_once(':').ok_or("a range is OFF:LEN, or OFF: for all from there on")?;
    let start = args::size(start)?;
    let length = if length.is_empty() { 0 } else { args::size(length)? };
    let end = start.checked_add(length.max(1));
    if end.is_none_or(|end| i64::try_from(end).is_err()) {
        return Err("no file is that long".into());
    }
    Ok(Range { start, length: NonZeroU64::new(length) })
}

/// Who has what we want: `process 12 (make), which started 2026-11-21 09:30:05`. What we hold through our own
/// descriptor of this number is not in our way.
pub(super) fn holder_in_the_way(file: FileId, request: &Request, own: Option<i32>) -> String {
    let inventory = inventory_of(file).unwrap_or_default();
    let us = std::process::id().cast_signed();
    let is_own = |lock: &Lock| {
        let through =
            |number| lock.holders.iter().any(|at| at.pid == us && at.descriptor == u64::try_from(number).ok());
        own.is_some_and(through)
    };
    let in_the_way = |lock: &&Lock| {
        let conflicts = lock.request().is_some_and(|held| held.conflicts_with(request));
        !lock.is_waiting() && conflicts && !is_own(lock)
    };
    let mut holders: Vec<&Holder> = Vec::new();
    for lock in inventory.locks.iter().filter(in_the_way) {
        // The one to name stands first.
        holders.extend(lock.holder());
        holders.extend(lock.holders.iter().filter(|holder| Some(*holder) != lock.holder()));
    }
    let mut seen = HashSet::from([us]);
    holders.retain(|holder| seen.insert(holder.pid));
    match holders.as_slice() {
        [] => "somebody who cannot be seen".into(),
        [one] => describe(one),
        [first, rest @ ..] => format!("{}, and {} more", describe(first), rest.len()),
    }
}

fn describe(holder: &Holder) -> String {
    let pid = holder.pid;
    let Some(command) = &holder.command else { return format!("process {pid}, which has ended") };
    let command = escape(command.as_bytes());
    match stat::of(pid).ok().and_then(|stat| stat.started_at()) {
        Some(seconds) => format!("process {pid} ({command}), which started {}", local(seconds)),
        None => format!("process {pid} ({command})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        let table = [("0:1", "0:1"), ("0:", "whole"), ("0:0", "whole"), ("4K:1K", "4096:1024"), ("100:", "100:")];
        for (text, shown) in table {
            assert_eq!(range(text).expect(text).to_string(), shown);
        }
        for text in ["", ":", "5", ":5", "-1:5", "5:-1", "1:2:3", "7E:1E", "9223372036854775807:", "0:8E", "a:b"] {
            assert!(range(text).is_err(), "{text}");
        }
    }
}

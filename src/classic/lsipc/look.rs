//! How values are written into the cells of `lsipc`.

use std::collections::HashMap;
use std::io::Write as _;

use super::super::human::human;
use super::super::owners::Owners;
use super::super::times::Clock;
use super::columns::Col;
use crate::ipc::{Mode, Timestamp};
use crate::proc::process;

/// How times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeFormat {
    Short,
    Full,
    Iso,
}

/// What the options say of values, and what they need to be written.
#[derive(Debug)]
pub(super) struct Look {
    /// Sizes as numbers of bytes.
    pub bytes: bool,
    /// Permissions as numbers.
    pub numeric: bool,
    pub time: TimeFormat,
    pub clock: Clock,
    pub owners: Owners,
    /// Command lines that were read, with the start of their processes.
    pub commands: HashMap<i32, (Vec<u8>, Option<i64>)>,
}

/// Writes a value behind `text`: whether there is one.
pub(super) fn put(text: &mut Vec<u8>, value: impl std::fmt::Display) -> bool {
    write!(text, "{value}").is_ok()
}

impl Look {
    pub(super) fn size(&self, text: &mut Vec<u8>, bytes: u64) -> bool {
        if self.bytes { put(text, bytes) } else { put(text, human(bytes)) }
    }

    pub(super) fn mode(&self, text: &mut Vec<u8>, mode: Mode) -> bool {
        let bits = mode.bits();
        match (self.numeric, bits) {
            (true, 0) => put(text, 0),
            (true, _) => put(text, format_args!("0{bits:o}")),
            (false, _) => {
                let letter = |place: u16| if bits >> place & 1 == 1 { b"xwr"[usize::from(place % 3)] } else { b'-' };
                text.extend((0..9).rev().map(letter));
                true
            }
        }
    }

    /// A time; nothing for never.
    pub(super) fn time(&mut self, text: &mut Vec<u8>, time: Timestamp) -> bool {
        let Some(seconds) = time else { return false };
        match self.time {
            TimeFormat::Short => put(text, self.clock.short(seconds)),
            TimeFormat::Full => put(text, self.clock.full(seconds)),
            TimeFormat::Iso => put(text, self.clock.iso(seconds)),
        }
    }

    /// The command line of a process that did something at `latest` or before; nothing where it has ended,
    /// also when another one has its number by now.
    pub(super) fn command(&mut self, text: &mut Vec<u8>, pid: i32, latest: Timestamp) -> bool {
        /// Starts are told by the clock since the boot, which is rounded.
        const ROUNDED: i64 = 1;
        if pid <= 0 {
            return false;
        }
        let (line, started) = self
            .commands
            .entry(pid)
            .or_insert_with(|| (process::command_line(pid).unwrap_or_default(), process::started(pid)));
        let is_another = matches!((*started, latest), (Some(started), Some(latest)) if started > latest + ROUNDED);
        if !is_another {
            text.extend_from_slice(line);
        }
        !is_another && !line.is_empty()
    }
}

/// Whether a column shows the name of a user.
pub(super) fn names_user(col: Col) -> bool {
    matches!(col, Col::Owner | Col::CreatorUser | Col::User)
}

/// Whether a column shows the name of a group.
pub(super) fn names_group(col: Col) -> bool {
    matches!(col, Col::CreatorGroup | Col::Group)
}

//! Shared memory as rows.

use super::{Hidden, Posix, Row, SystemV, columns, or_hidden, pid};
use crate::ipc::PosixFile;
use crate::ipc::shm::{self, SegmentStatus};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A System V segment or a POSIX object.
pub(crate) type SegmentRow = Row<SegmentStatus, PosixFile>;

/// The rows of all System V segments and, as far as they can be listed, the POSIX objects.
pub(crate) fn rows(columns: &[&Column<SegmentRow>]) -> anyhow::Result<(Vec<SegmentRow>, Hidden)> {
    let mut segments = shm::segments()?;
    // Asked for only where it is shown: the kernel walks over every page for it.
    if columns.iter().any(|column| matches!(column.name, "rss" | "swap")) {
        shm::add_residence(&mut segments)?;
    }
    let (posix, hidden) = or_hidden(shm::posix_objects(), "shared memory")?;
    Ok((Row::all(segments.into_iter().map(SystemV).chain(posix.into_iter().map(Posix))), hidden))
}

impl SegmentRow {
    /// Size in bytes.
    pub(crate) fn size(&self) -> u64 {
        match &self.object {
            SystemV(segment) => segment.size,
            Posix(file) => file.size,
        }
    }

    /// How many times it is attached (System V).
    pub(crate) fn attaches(&self) -> Option<u64> {
        if let SystemV(segment) = &self.object { Some(segment.attaches) } else { None }
    }

    fn kind(_: &Self) -> &'static str {
        "segment"
    }
}

/// Every column of a segment.
pub(crate) static COLUMNS: &[Column<SegmentRow>] = columns![
    SegmentRow,
    column("bytes", "size in bytes", Right, |row: &SegmentRow| Cell::Number(row.size())),
    column("attaches", "how many times it is attached (System V)", Right, |row: &SegmentRow| {
        row.system_v(|segment| Cell::Number(segment.attaches))
    }),
    column("status", "dest: gone with the last detach; locked: not swapped", Left, status),
    column("rss", "bytes in memory (System V)", Right, |row: &SegmentRow| {
        row.system_v(|segment| Cell::or_unknown(segment.residence, |bytes| Cell::Number(bytes.resident)))
    })
    .hidden(),
    column("swap", "bytes in swap (System V)", Right, |row: &SegmentRow| {
        row.system_v(|segment| Cell::or_unknown(segment.residence, |bytes| Cell::Number(bytes.swapped)))
    })
    .hidden(),
    column("creator", "process that made it (System V)", Right, |row: &SegmentRow| row
        .system_v(|segment| pid(segment.creator_pid)))
    .hidden(),
    column("user", "process that attached or detached last (System V)", Right, |row: &SegmentRow| {
        row.system_v(|segment| pid(segment.last_pid))
    })
    .hidden(),
    column("attached", "time of the last attach (System V)", Left, |row: &SegmentRow| {
        row.system_v(|segment| Cell::or_none(segment.attached, Cell::Time))
    })
    .hidden(),
    column("detached", "time of the last detach (System V)", Left, |row: &SegmentRow| {
        row.system_v(|segment| Cell::or_none(segment.detached, Cell::Time))
    })
    .hidden(),
];

/// ipcs' words.
fn status(row: &SegmentRow) -> Cell<'_> {
    row.system_v(|segment| match (segment.removal_pending, segment.locked) {
        (true, true) => Cell::text("dest,locked"),
        (true, false) => Cell::text("dest"),
        (false, true) => Cell::text("locked"),
        (false, false) => Cell::None,
    })
}

//! Locks on files as rows: one per lock that is held or waited for.

use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use super::{named, user};
use crate::app::Context;
use crate::ipc::lock::{Holder, Inventory, Lock};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};
use crate::proc::{process, stat};

/// A lock, and whom it waits for.
#[derive(Debug)]
pub(crate) struct LockRow {
    pub(crate) lock: Lock,
    blocked_by: Vec<i32>,
    /// The circle that it is part of.
    cycle: Option<Vec<i32>>,
}

impl LockRow {
    /// The rows of all locks of an inventory, sorted by file and range: who waits stands behind what is held.
    pub(crate) fn all(inventory: &Inventory) -> Vec<Self> {
        let cycles = inventory.cycles();
        let row = |(index, lock): (usize, &Lock)| {
            let cycle = inventory.circle_of(index, &cycles).cloned();
            Self { lock: lock.clone(), blocked_by: inventory.blockers(index), cycle }
        };
        let mut order: Vec<usize> = (0..inventory.locks.len()).collect();
        order.sort_by_key(|&index| {
            let root = inventory.root(index);
            let held = &inventory.locks[root];
            (&held.path, held.file.inode, held.range.start, root)
        });
        order.into_iter().map(|index| row((index, &inventory.locks[index]))).collect()
    }

    /// `held`, `waits`, or `deadlock` for one who waits in a circle.
    fn standing(&self) -> &'static str {
        match (self.lock.is_waiting(), &self.cycle) {
            (false, _) => "held",
            (true, None) => "waits",
            (true, Some(_)) => "deadlock",
        }
    }

    fn path(&self) -> Cell<'_> {
        Cell::or_unknown(self.lock.path.as_deref(), |path| Cell::Foreign(path.as_os_str().as_bytes().into()))
    }
}

/// Says once how many processes could not be looked at, where one of these locks may be theirs.
pub(crate) fn tell_hidden(context: &mut Context, inventory: &Inventory, rows: &[LockRow]) {
    let is_seen = |row: &LockRow| row.lock.holders.iter().any(|holder| holder.descriptor.is_some());
    if rows.iter().any(|row| !row.lock.is_waiting() && !is_seen(row)) {
        user::tell_hidden(context, inventory.hidden);
    }
}

/// Every column of the inventory.
pub(crate) static COLUMNS: &[Column<LockRow>] = &[
    column("pid", "process that holds it, or waits", Right, |row: &LockRow| {
        Cell::or_unknown(row.lock.holder(), |holder| Cell::Signed(holder.pid.into()))
    }),
    column("command", "what that is called", Left, |row| Cell::or_unknown(row.lock.holder(), command)),
    column("kind", "flock, ofd, posix, lease or delegation", Left, |row| Cell::shown(row.lock.family)),
    column("claim", "shared or exclusive", Left, |row| Cell::shown(row.lock.claim)),
    column("range", "first byte and number of bytes, or whole", Left, |row| Cell::shown(row.lock.range)),
    column("standing", "held; waits; deadlock: waits in a circle", Left, |row| Cell::text(row.standing())),
    column("blocked_by", "processes that it waits for", Left, |row| pids(&row.blocked_by)),
    column("path", "the file", Left, LockRow::path),
    column("holders", "processes that hold it, each with its descriptor", Left, |row: &LockRow| {
        words(row.lock.holders.iter().map(place).collect())
    })
    .hidden(),
    column("taker", "process that took it, which may have ended", Right, |row: &LockRow| {
        Cell::or_none(row.lock.taker, |pid| Cell::Signed(pid.into()))
    })
    .hidden(),
    column("start", "first byte", Right, |row: &LockRow| Cell::Number(row.lock.range.start)).hidden(),
    column("length", "number of bytes, none without an end", Right, |row: &LockRow| {
        Cell::or_none(row.lock.range.length, |length| Cell::Number(length.get()))
    })
    .hidden(),
    column("device", "device of the file system, major:minor in hexadecimal", Left, |row: &LockRow| {
        Cell::shown(device(row.lock.file.device))
    })
    .hidden(),
    column("inode", "inode of the file", Right, |row: &LockRow| Cell::Number(row.lock.file.inode)).hidden(),
    column("cycle", "processes of the circle, each waits for the next", Left, |row: &LockRow| {
        row.cycle.as_deref().map_or(Cell::None, pids)
    })
    .hidden(),
];

/// `fe:00`, as `/proc/locks` has it.
pub(crate) fn device(device: u64) -> String {
    format!("{:02x}:{:02x}", nix::sys::stat::major(device), nix::sys::stat::minor(device))
}

/// Processes; none where there are none.
pub(crate) fn pids(pids: &[i32]) -> Cell<'static> {
    if pids.is_empty() {
        Cell::None
    } else {
        Cell::Numbers(pids.iter().map(|pid| u64::from(pid.unsigned_abs())).collect())
    }
}

fn words(words: Vec<String>) -> Cell<'static> {
    let short = words.join(",");
    Cell::Words(words, short)
}

/// `1234:9`, or `1234` where the descriptor is not known.
fn place(holder: &Holder) -> String {
    holder.descriptor.map_or_else(|| holder.pid.to_string(), |fd| format!("{}:{fd}", holder.pid))
}

fn command(holder: &Holder) -> Cell<'_> {
    holder.command.as_ref().map_or(Cell::Gone, |command| Cell::Foreign(command.as_bytes().into()))
}

/// A process at a lock: one that holds it, or waits.
#[derive(Debug)]
pub(crate) struct HolderRow {
    row: Arc<LockRow>,
    holder: Option<Holder>,
    uid: Option<u32>,
    users: Arc<Names>,
}

impl HolderRow {
    /// A row for each process at each of these; one without process for a lock whose holders cannot be seen.
    pub(crate) fn all(rows: Vec<LockRow>) -> Vec<Self> {
        let mut places = Vec::new();
        for row in rows.into_iter().map(Arc::new) {
            if row.lock.holders.is_empty() {
                places.push((Arc::clone(&row), None, None));
            }
            for holder in &row.lock.holders {
                places.push((Arc::clone(&row), Some(holder.clone()), process::user(holder.pid)));
            }
        }
        let users = Arc::new(Names::of(Database::Users, places.iter().filter_map(|(_, _, uid)| *uid)));
        let row = |(row, holder, uid)| Self { row, holder, uid, users: Arc::clone(&users) };
        places.into_iter().map(row).collect()
    }
}

/// Every column of a process at a lock.
pub(crate) static HOLDER_COLUMNS: &[Column<HolderRow>] = &[
    column("pid", "process", Right, |row: &HolderRow| {
        Cell::or_unknown(row.holder.as_ref(), |holder| Cell::Signed(holder.pid.into()))
    }),
    column("fd", "its descriptor", Right, |row| {
        Cell::or_unknown(row.holder.as_ref().and_then(|holder| holder.descriptor), Cell::Number)
    }),
    column("command", "what it is called", Left, |row| Cell::or_unknown(row.holder.as_ref(), command)),
    column("user", "its user", Left, |row| Cell::or_unknown(row.uid, |uid| named(&row.users, uid))),
    column("started", "when it started: it has the lock since then at the longest", Left, |row| {
        let seconds = row.holder.as_ref().and_then(|holder| stat::of(holder.pid).ok()?.started_at());
        Cell::or_unknown(seconds, Cell::Time)
    }),
    column("kind", "flock, ofd, posix, lease or delegation", Left, |row| Cell::shown(row.row.lock.family)),
    column("claim", "shared or exclusive", Left, |row| Cell::shown(row.row.lock.claim)),
    column("range", "first byte and number of bytes, or whole", Left, |row| Cell::shown(row.row.lock.range)),
    column("standing", "held; waits; deadlock: waits in a circle", Left, |row| Cell::text(row.row.standing())),
    column("blocked_by", "processes that it waits for", Left, |row| pids(&row.row.blocked_by)),
    column("path", "the file", Left, |row| row.row.path()),
];

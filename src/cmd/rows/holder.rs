//! Who is at which object, as rows.

use std::fmt::Write as _;
use std::sync::Arc;

use super::lock::pids;
use super::named;
use crate::ipc::census::{End, How, Lock, OtherEnd, Process, Until, Use};
use crate::ipc::namespace::Namespace;
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column, escape};

/// A process at an object.
#[derive(Debug)]
pub(crate) struct HolderRow {
    object: Arc<[u8]>,
    pid: i32,
    uid: u32,
    command: Arc<[u8]>,
    how: String,
    used: Use,
    started: i64,
    namespace: Option<Arc<Namespace>>,
    names: Arc<Names>,
}

/// An object with a name, in the namespace that is shown with it, and those who are at it.
pub(crate) struct At<'a> {
    pub(crate) object: Vec<u8>,
    pub(crate) namespace: Option<Arc<Namespace>>,
    pub(crate) users: Vec<(&'a Process, &'a Use)>,
}

impl HolderRow {
    /// The rows of all these, object by object; each user is looked up once.
    pub(crate) fn all(objects: &[At<'_>]) -> Vec<Self> {
        let uids = objects.iter().flat_map(|at| &at.users).map(|(process, _)| process.uid);
        let names = Arc::new(Names::of(Database::Users, uids));
        let mut rows = Vec::new();
        for at in objects {
            let object: Arc<[u8]> = at.object.as_slice().into();
            rows.extend(at.users.iter().map(|(process, used)| Self {
                object: Arc::clone(&object),
                pid: process.pid,
                uid: process.uid,
                command: process.command.as_slice().into(),
                how: how(&at.object, &used.how),
                used: (*used).clone(),
                started: process.started,
                namespace: at.namespace.clone(),
                names: Arc::clone(&names),
            }));
        }
        rows
    }
}

/// Every column.
pub(crate) static COLUMNS: &[Column<HolderRow>] = &[
    column("object", "name with its kind, as every verb takes it", Left, |row: &HolderRow| {
        Cell::Foreign(row.object.as_ref().into())
    }),
    column("pid", "process", Right, |row: &HolderRow| Cell::Signed(row.pid.into())),
    column("user", "its user", Left, |row: &HolderRow| named(&row.names, row.uid)),
    column("command", "what it is called", Left, |row: &HolderRow| Cell::Foreign(row.command.as_ref().into())),
    column("how", "what it does there", Left, |row: &HolderRow| Cell::text(&row.how)),
    column(
        "since",
        "since when: exactly for one that is blocked, and at the earliest for others",
        Left,
        |row: &HolderRow| Cell::Time(row.used.since.unwrap_or(row.started)),
    ),
    column("thread", "the thread that is blocked", Right, |row: &HolderRow| {
        Cell::or_none(row.used.thread, |thread| Cell::Signed(thread.into()))
    })
    .hidden(),
    column("fd", "the descriptors that it has or is blocked at", Right, |row: &HolderRow| {
        let numbers: Vec<u64> = row.used.descriptors.iter().map(|&number| number.into()).collect();
        if numbers.is_empty() { Cell::None } else { Cell::Numbers(numbers) }
    })
    .hidden(),
    column("peer", "who has the other end of a socket: PID:FD COMMAND", Left, |row: &HolderRow| match &row.used.how {
        How::Connected(other) => ends(&other.ends),
        _ => Cell::None,
    })
    .hidden(),
    column("blocked_by", "the processes that one waits for who wants a lock", Left, |row: &HolderRow| {
        match &row.used.how {
            How::Locking { blocked_by, .. } => pids(blocked_by),
            _ => Cell::None,
        }
    })
    .hidden(),
    column("cycle", "the processes of a deadlock: each waits for the next", Left, |row: &HolderRow| {
        match &row.used.how {
            How::Locking { circle, .. } => pids(circle),
            _ => Cell::None,
        }
    })
    .hidden(),
    column("blocked", "1 for one that is blocked there", Right, |row: &HolderRow| {
        Cell::Number(u64::from(row.used.how.is_blocked()))
    })
    .hidden(),
    column("started", "when the process started", Left, |row: &HolderRow| Cell::Time(row.started)).hidden(),
    column("uid", "number of its user", Right, |row: &HolderRow| Cell::Number(row.uid.into())).hidden(),
    column("namespace", super::NAMESPACE, Right, |row: &HolderRow| super::namespace(row.namespace.as_deref())).hidden(),
    column("container", super::CONTAINER, Left, |row: &HolderRow| super::container(row.namespace.as_deref())).hidden(),
];

/// What a process does at an object, in words.
pub(crate) fn how(object: &[u8], how: &How) -> String {
    let access = |reads, writes| match (reads, writes) {
        (true, false) => "r",
        (false, true) => "w",
        _ => "rw",
    };
    match how {
        How::Mapped { writable, shared } => {
            let is_segment = object.starts_with(b"segment:") && !object.starts_with(b"segment:/");
            let verb = match shared {
                true if is_segment => "attached",
                true => "mapped",
                false => "mapped privately",
            };
            format!("{verb} {}", access(true, *writable))
        }
        How::Open { reads, writes } => format!("open {}", access(*reads, *writes)),
        How::Sending => "blocked in msgsnd".into(),
        How::Receiving(0) => "blocked in msgrcv".into(),
        How::Receiving(kind) if *kind > 0 => format!("blocked in msgrcv for type {kind}"),
        How::Receiving(kind) => format!("blocked in msgrcv for a type up to {}", kind.unsigned_abs()),
        How::Operating(None) => "blocked in semop, waiting for what may not be seen".into(),
        How::Operating(Some(operations)) => {
            let words: Vec<String> = operations.iter().map(ToString::to_string).collect();
            format!("blocked in semop waiting for {}", words.join(" "))
        }
        How::Waiting => "blocked in sem_wait".into(),
        How::MqSending => "blocked in mq_send".into(),
        How::MqReceiving => "blocked in mq_receive".into(),
        How::Notified => "registered for notify".into(),
        How::Opening { writes: true } => "blocked in open for writing".into(),
        How::Opening { writes: false } => "blocked in open for reading".into(),
        How::Reading => "blocked in read".into(),
        How::Writing => "blocked in write".into(),
        How::Listening => "listening".into(),
        How::Connected(other) => connected(other),
        How::Accepting => "blocked in accept".into(),
        How::Connecting(_) => "blocked in connect".into(),
        How::SocketReceiving => "blocked in recv".into(),
        How::SocketSending => "blocked in send".into(),
        How::Polling { call, until } => format!("waiting in {call} {}", self::until(*until)),
        How::Locked(Lock { kind, claim, range }) => format!("holds {claim} {kind} lock {range}"),
        How::Locking { lock: Lock { kind, claim, range }, blocked_by, circle } => {
            let mut words = format!("blocked waiting for {claim} {kind} lock {range}");
            for (index, pid) in blocked_by.iter().enumerate() {
                let _ = write!(words, "{} {pid}", if index == 0 { " behind" } else { "," });
            }
            if !circle.is_empty() {
                words.push_str(" (deadlock)");
            }
            words
        }
    }
}

/// `connected to 812:7 dbus-daemon`, and how many more have that end.
fn connected(other: &OtherEnd) -> String {
    let mut words = "connected".to_owned();
    if !other.ends.is_empty() {
        let _ = write!(words, " to {}", first_of(&other.ends));
    }
    if other.is_waiting {
        words.push_str(", not accepted yet");
    }
    words
}

/// Who has something: the first and how many more in a table, all in JSON.
pub(crate) fn ends(ends: &[End]) -> Cell<'static> {
    if ends.is_empty() {
        return Cell::None;
    }
    let exact = ends.iter().map(|one| end(one, &String::from_utf8_lossy(&one.command)));
    Cell::Words(exact.collect(), first_of(ends))
}

/// `812:7 dbus-daemon +2`
fn first_of(ends: &[End]) -> String {
    let Some(first) = ends.first() else { return String::new() };
    let mut words = end(first, &escape(&first.command));
    if ends.len() > 1 {
        let _ = write!(words, " +{}", ends.len() - 1);
    }
    words
}

/// `812:7 dbus-daemon`
fn end(end: &End, command: &str) -> String {
    end.descriptor.map_or_else(|| format!("{} {command}", end.pid), |number| format!("{}:{number} {command}", end.pid))
}

const fn until(until: Until) -> &'static str {
    match until {
        Until::Readable => "to read",
        Until::Writable => "to write",
        Until::Either => "to read or write",
        Until::Connection => "for connections",
        Until::Gone => "for the other end to go",
    }
}

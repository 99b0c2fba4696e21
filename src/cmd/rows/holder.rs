//! Who is at which object, as rows.

use std::rc::Rc;
use std::sync::Arc;

use super::named;
use crate::ipc::census::{How, Lock, Process, Use};
use crate::ipc::namespace::Namespace;
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A process at an object.
#[derive(Debug)]
pub(crate) struct HolderRow {
    object: Rc<[u8]>,
    pid: i32,
    uid: u32,
    command: Rc<[u8]>,
    how: String,
    used: Use,
    started: i64,
    namespace: Option<Arc<Namespace>>,
    names: Rc<Names>,
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
        let names = Rc::new(Names::of(Database::Users, uids));
        let mut rows = Vec::new();
        for at in objects {
            let object: Rc<[u8]> = at.object.as_slice().into();
            rows.extend(at.users.iter().map(|(process, used)| Self {
                object: Rc::clone(&object),
                pid: process.pid,
                uid: process.uid,
                command: process.command.as_slice().into(),
                how: how(&at.object, &used.how),
                used: (*used).clone(),
                started: process.started,
                namespace: at.namespace.clone(),
                names: Rc::clone(&names),
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
        How::Locked(Lock { kind, claim, range }) => format!("holds {claim} {kind} lock {range}"),
        How::Locking(Lock { kind, claim, range }) => format!("blocked waiting for {claim} {kind} lock {range}"),
    }
}

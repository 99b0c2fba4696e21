//! Orphans as rows.

use std::sync::Arc;

use super::named;
use crate::ipc::census::{Class, Reason, Verdict};
use crate::ipc::namespace::Namespace;
use crate::ipc::users::{Database, Names};
use crate::ipc::{Key, Timestamp};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// An object that nobody uses, and why it is taken for one.
#[derive(Debug, Clone)]
pub(crate) struct OrphanRow {
    pub(crate) object: Vec<u8>,
    pub(crate) class: Class,
    pub(crate) uid: Option<u32>,
    /// The key that it shares with other orphans.
    pub(crate) group: Option<Key>,
    pub(crate) used: Timestamp,
    pub(crate) verdict: Verdict,
    pub(crate) namespace: Option<Arc<Namespace>>,
    pub(crate) names: Arc<Names>,
    /// What became of it, and why, where something was to be done.
    pub(crate) done: Option<(&'static str, String)>,
}

impl OrphanRow {
    /// The names of everybody that these speak of.
    pub(crate) fn name_all(rows: &mut [Self]) {
        let uids =
            rows.iter().flat_map(|row| row.uid.into_iter().chain(row.verdict.reasons.iter().filter_map(Reason::user)));
        let names = Arc::new(Names::of(Database::Users, uids));
        for row in rows {
            row.names = Arc::clone(&names);
        }
    }

    /// Why it is taken for an orphan, in words.
    pub(crate) fn reasons(&self) -> Vec<String> {
        self.verdict.reasons.iter().map(|reason| reason.words(&self.names)).collect()
    }
}

fn words<'a>(words: Vec<String>) -> Cell<'a> {
    let short = words.join(", ");
    Cell::Words(words, short)
}

fn object(row: &OrphanRow) -> Cell<'_> {
    Cell::Foreign(row.object.as_slice().into())
}

fn namespace(row: &OrphanRow) -> Cell<'_> {
    Cell::or_none(row.namespace.as_ref(), |namespace| Cell::Number(namespace.number))
}

fn container(row: &OrphanRow) -> Cell<'_> {
    let container = row.namespace.as_ref().and_then(|namespace| namespace.container.as_deref());
    Cell::or_none(container, |name| Cell::Foreign(name.as_bytes().into()))
}

fn group(row: &OrphanRow) -> Cell<'_> {
    Cell::or_none(row.group, |key| Cell::Hex(key.get().cast_unsigned()))
}

fn doubts(row: &OrphanRow) -> Cell<'_> {
    words(row.verdict.doubts.iter().map(ToString::to_string).collect())
}

/// Every column of an orphan.
pub(crate) static COLUMNS: &[Column<OrphanRow>] = &[
    column("object", "name with its kind, as every verb takes it", Left, object),
    column("owner", "user who owns it", Left, |row: &OrphanRow| {
        Cell::or_unknown(row.uid, |uid| named(&row.names, uid))
    }),
    column("group", "key that it shares with other orphans", Left, group),
    column("reasons", "why it is taken for an orphan", Left, |row: &OrphanRow| words(row.reasons())),
    column("doubts", "why it may be none (--likely)", Left, doubts).hidden(),
    column("kind", "what it is", Left, |row: &OrphanRow| Cell::text(row.class.word())).hidden(),
    column("used", "time when something happened to it last", Left, |row: &OrphanRow| {
        Cell::or_none(row.used, Cell::Time)
    })
    .hidden(),
    column("uid", "number of the owner", Right, |row: &OrphanRow| {
        Cell::or_unknown(row.uid, |uid| Cell::Number(uid.into()))
    })
    .hidden(),
    column("namespace", "IPC namespace, where --namespace asks for it", Right, namespace).hidden(),
    column("container", "what the namespace's control group is called", Left, container).hidden(),
];

/// Every column of what became of an orphan.
pub(crate) static DONE_COLUMNS: &[Column<OrphanRow>] = &[
    column("object", "name with its kind, as every verb takes it", Left, object),
    column("done", "removed, kept, failed, or would be removed", Left, |row: &OrphanRow| {
        Cell::or_none(row.done.as_ref(), |(done, _)| Cell::text(done))
    }),
    column("why", "why that", Left, |row: &OrphanRow| Cell::or_none(row.done.as_ref(), |(_, why)| Cell::text(why))),
    column("group", "key that it shares with other orphans", Left, group).hidden(),
    column("reasons", "why it was taken for an orphan", Left, |row: &OrphanRow| words(row.reasons())).hidden(),
    column("doubts", "why it may have been none (--likely)", Left, doubts).hidden(),
    column("kind", "what it is", Left, |row: &OrphanRow| Cell::text(row.class.word())).hidden(),
    column("namespace", "IPC namespace, where --namespace asks for it", Right, namespace).hidden(),
    column("container", "what the namespace's control group is called", Left, container).hidden(),
];

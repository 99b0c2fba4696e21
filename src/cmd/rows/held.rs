//! What exists only as long as processes have it, as rows.

use std::sync::Arc;

use super::named;
use crate::ipc::census::Held;
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// Something that is held, by how many processes, and what its owner is called.
#[derive(Debug)]
pub(crate) struct HeldRow {
    pub(crate) held: Held,
    owners: Arc<Names>,
}

impl HeldRow {
    /// The rows of these; each owner is looked up once.
    pub(crate) fn all(held: Vec<Held>) -> Vec<Self> {
        let owners = Arc::new(Names::of(Database::Users, held.iter().filter_map(|held| held.uid)));
        held.into_iter().map(|held| Self { held, owners: Arc::clone(&owners) }).collect()
    }
}

/// Every column.
pub(crate) static COLUMNS: &[Column<HeldRow>] = &[
    column("name", "identifier or POSIX name, path, or number of an inode", Left, |row: &HeldRow| {
        Cell::Foreign(row.held.name.as_slice().into())
    }),
    column("owner", "user who owns it", Left, |row: &HeldRow| {
        Cell::or_unknown(row.held.uid, |uid| named(&row.owners, uid))
    }),
    column("mode", "permission bits", Left, |row: &HeldRow| {
        Cell::or_unknown(row.held.mode, |mode| Cell::Octal(mode.bits().into()))
    }),
    column("bytes", "bytes in it, or size in bytes", Right, |row: &HeldRow| Cell::or_none(row.held.size, Cell::Number)),
    column("kind", "what it is", Left, |row: &HeldRow| Cell::text(row.held.class.word())).hidden(),
    column("uid", "number of the owner", Right, |row: &HeldRow| {
        Cell::or_unknown(row.held.uid, |uid| Cell::Number(uid.into()))
    })
    .hidden(),
    column("device", "device of its inode", Right, |row: &HeldRow| Cell::Number(row.held.inode.0)).hidden(),
    column("inode", "number of its inode", Right, |row: &HeldRow| Cell::Number(row.held.inode.1)).hidden(),
];

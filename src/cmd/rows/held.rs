//! What exists only as long as processes have it, as rows.

use std::sync::Arc;

use super::holder::ends;
use super::named;
use super::socket::SocketRow;
use crate::ipc::census::{Class, End, Held, How, Process, Use};
use crate::ipc::socket::inventory::Queues;
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// Something that is held, by whom, and what its owner is called.
#[derive(Debug)]
pub(crate) struct HeldRow {
    pub(crate) held: Held,
    pub(crate) ends: Ends,
    /// What the kernel tells of a socket.
    pub(crate) socket: Option<SocketRow>,
    owners: Arc<Names>,
}

/// Who is at something that is held.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ends {
    /// Who has it.
    pub(crate) holders: Vec<End>,
    /// Who has the other end of a socket.
    pub(crate) peers: Vec<End>,
    /// How many wait for a lock.
    pub(crate) waiting: usize,
    /// Some of those wait in a circle.
    pub(crate) is_deadlock: bool,
    /// There are processes that we may not look at.
    pub(crate) is_partial: bool,
}

impl Ends {
    /// What these, who are at one thing, are to it.
    pub(crate) fn of<'a>(users: impl IntoIterator<Item = (&'a Process, &'a Use)>) -> Self {
        let mut ends = Self::default();
        for (process, used) in users {
            match &used.how {
                How::Locking { circle, .. } => {
                    ends.waiting += 1;
                    ends.is_deadlock |= !circle.is_empty();
                }
                How::Connected(other) => ends.peers.clone_from(&other.ends),
                _ => {}
            }
            let has = matches!(
                used.how,
                How::Open { .. } | How::Mapped { .. } | How::Listening | How::Connected(_) | How::Locked(_)
            );
            if has {
                ends.add(process, &used.descriptors);
            }
        }
        ends
    }

    fn add(&mut self, process: &Process, descriptors: &[u32]) {
        let end = |descriptor| End { pid: process.pid, descriptor, command: process.command.clone() };
        let is_known = self.holders.iter().any(|known| known.pid == process.pid);
        if descriptors.is_empty() && !is_known {
            self.holders.push(end(None));
        }
        self.holders.extend(descriptors.iter().map(|&number| end(Some(number))));
    }
}

impl HeldRow {
    /// The rows of these; each owner is looked up once.
    pub(crate) fn all(held: Vec<(Held, Ends)>) -> Vec<Self> {
        let makers = held.iter().filter_map(|(held, _)| held.socket.as_ref()?.uid);
        let uids = held.iter().filter_map(|(held, _)| held.uid).chain(makers);
        let owners = Arc::new(Names::of(Database::Users, uids));
        let row = |(mut held, ends): (Held, Ends)| {
            let socket = held.socket.take().map(|status| SocketRow::of(*status, &owners));
            Self { held, ends, socket, owners: Arc::clone(&owners) }
        };
        held.into_iter().map(row).collect()
    }

    /// In one word what matters most, where there is one.
    pub(crate) fn state(&self) -> Option<&'static str> {
        match (&self.socket, self.held.class) {
            (Some(socket), _) => Some(socket.status.state.word()),
            (None, Class::Lock) if self.ends.is_deadlock => Some("deadlock"),
            (None, Class::Lock) if self.ends.waiting > 0 => Some("waited for"),
            (None, Class::Lock) => Some("held"),
            _ => None,
        }
    }

    fn holders(&self) -> Cell<'static> {
        match self.ends.holders.as_slice() {
            [] if self.ends.is_partial => Cell::Unknown,
            holders => ends(holders),
        }
    }

    fn peers(&self) -> Cell<'static> {
        let has_peer = self.socket.as_ref().is_some_and(|socket| socket.status.peer.is_some());
        match self.ends.peers.as_slice() {
            [] if self.ends.is_partial && has_peer => Cell::Unknown,
            peers => ends(peers),
        }
    }

    fn waiting(&self) -> Cell<'static> {
        match (self.held.class, self.socket.as_ref().and_then(|socket| socket.status.queues)) {
            (Class::Lock, _) => Cell::Number(self.ends.waiting as u64),
            (_, Some(Queues::Backlog { waiting, .. })) => Cell::Number(waiting.into()),
            _ => Cell::None,
        }
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
    column("mode", "permission bits", Left, |row: &HeldRow| match row.held.mode {
        None if !row.held.has_mode => Cell::None,
        mode => Cell::or_unknown(mode, |mode| Cell::Octal(mode.bits().into())),
    }),
    column("bytes", "bytes in it, or size in bytes", Right, |row: &HeldRow| Cell::or_none(row.held.size, Cell::Number)),
    column("waiting", "connections that wait to be accepted, processes that wait for a lock", Right, HeldRow::waiting)
        .hidden(),
    column("holder", "who has it: PID:FD COMMAND, and how many more", Left, HeldRow::holders).hidden(),
    column("peer", "who has the other end of a socket", Left, HeldRow::peers).hidden(),
    column("kind", "what it is", Left, |row: &HeldRow| Cell::text(row.held.class.word())).hidden(),
    column("uid", "number of the owner", Right, |row: &HeldRow| {
        Cell::or_unknown(row.held.uid, |uid| Cell::Number(uid.into()))
    })
    .hidden(),
    column("device", "device of its inode", Right, |row: &HeldRow| Cell::Number(row.held.inode.0)).hidden(),
    column("inode", "number of its inode", Right, |row: &HeldRow| Cell::Number(row.held.inode.1)).hidden(),
];

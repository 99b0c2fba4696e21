//! Sockets as rows, with both ends.

use std::fmt::Write as _;
use std::sync::Arc;

use super::named;
use crate::ipc::socket::inventory::{Holder, Inventory, Name, Queues, Status};
use crate::ipc::users::{Database, Names};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column, escape};

/// A socket, and who has it and its other end.
#[derive(Debug)]
pub(crate) struct SocketRow {
    pub(crate) status: Status,
    pub(crate) holders: Vec<Holder>,
    peers: Vec<Holder>,
    users: Arc<Names>,
    /// There are processes that we may not look at.
    is_partial: bool,
}

impl SocketRow {
    /// The rows of these sockets of an inventory; each user is looked up once.
    pub(crate) fn all<'a>(inventory: &Inventory, sockets: impl IntoIterator<Item = &'a Status>) -> Vec<Self> {
        let sockets: Vec<&Status> = sockets.into_iter().collect();
        let users = Arc::new(Names::of(Database::Users, sockets.iter().filter_map(|socket| socket.uid)));
        let row = |status: &Status| Self {
            status: status.clone(),
            holders: inventory.holders(status.inode).to_vec(),
            peers: status.peer.map_or(Vec::new(), |peer| inventory.holders(peer).to_vec()),
            users: Arc::clone(&users),
            is_partial: inventory.hidden > 0,
        };
        sockets.into_iter().map(row).collect()
    }

    /// A row for what the kernel tells of a socket, without who has it.
    pub(crate) fn of(status: Status, users: &Arc<Names>) -> Self {
        let (holders, peers) = (Vec::new(), Vec::new());
        Self { status, holders, peers, users: Arc::clone(users), is_partial: false }
    }

    /// Who holds an end: the first in a table, all in JSON.
    fn end<'a>(&self, holders: &[Holder], exists: bool) -> Cell<'a> {
        let Some(first) = holders.first() else {
            return if exists && self.is_partial { Cell::Unknown } else { Cell::None };
        };
        let words = |holder: &Holder, command: &str| format!("{}:{} {command}", holder.pid, holder.descriptor);
        let mut short = words(first, &escape(first.command.as_bytes()));
        if holders.len() > 1 {
            let _ = write!(short, " +{}", holders.len() - 1);
        }
        Cell::Words(holders.iter().map(|holder| words(holder, &holder.command)).collect(), short)
    }

    fn name<'a>(name: Option<&Name>) -> Cell<'a> {
        Cell::or_none(name, |name| Cell::Foreign(name.to_bytes().into()))
    }

    fn queue(&self, cell: impl Fn(Queues) -> Option<u32>) -> Cell<'static> {
        Cell::or_none(self.status.queues.and_then(cell), |number| Cell::Number(number.into()))
    }

    fn ended(&self) -> &'static str {
        match (self.status.ended_receiving, self.status.ended_sending) {
            (false, false) => "no",
            (true, false) => "receiving",
            (false, true) => "sending",
            (true, true) => "both",
        }
    }
}

/// Every column of a socket.
pub(crate) static COLUMNS: &[Column<SocketRow>] = &[
    column("name", "its address, where it has one", Left, |row: &SocketRow| SocketRow::name(row.status.name.as_ref())),
    column("type", "what travels: stream, dgram, seqpacket", Left, |row: &SocketRow| {
        Cell::or_none(row.status.kind, Cell::shown)
    }),
    column("state", "listening, connected, unconnected, or changing from one to the other", Left, |row: &SocketRow| {
        Cell::text(row.status.state.word())
    }),
    column("unread", "bytes that wait to be read here", Right, |row: &SocketRow| {
        row.queue(|queues| match queues {
            Queues::Bytes { unread, .. } => Some(unread),
            Queues::Backlog { .. } => None,
        })
    }),
    column(
        "unsent",
        "what was sent here and not read there: memory of unix sockets, bytes of TCP",
        Right,
        |row: &SocketRow| {
            row.queue(|queues| match queues {
                Queues::Bytes { unsent, .. } => Some(unsent),
                Queues::Backlog { .. } => None,
            })
        },
    ),
    column("waiting", "connections that wait to be accepted", Right, |row: &SocketRow| {
        row.queue(|queues| match queues {
            Queues::Backlog { waiting, .. } => Some(waiting),
            Queues::Bytes { .. } => None,
        })
    }),
    column("backlog", "how many connections may wait", Right, |row: &SocketRow| {
        row.queue(|queues| match queues {
            Queues::Backlog { most, .. } => Some(most),
            Queues::Bytes { .. } => None,
        })
    }),
    column("holder", "who has it: PID:FD COMMAND, and how many more", Left, |row: &SocketRow| {
        row.end(&row.holders, true)
    }),
    column("peer", "who has its other end", Left, |row: &SocketRow| row.end(&row.peers, row.status.peer.is_some())),
    column("peer_name", "address of its other end", Left, |row: &SocketRow| {
        SocketRow::name(row.status.peer_name.as_ref())
    })
    .hidden(),
    column("family", "unix or tcp", Left, |row: &SocketRow| Cell::text(if row.status.is_tcp { "tcp" } else { "unix" }))
        .hidden(),
    column("ended", "what it does no more: sending, receiving, both", Left, |row: &SocketRow| Cell::text(row.ended()))
        .hidden(),
    column("user", "user who made it", Left, |row: &SocketRow| {
        Cell::or_none(row.status.uid, |uid| named(&row.users, uid))
    })
    .hidden(),
    column("uid", "number of that user", Right, |row: &SocketRow| {
        Cell::or_none(row.status.uid, |uid| Cell::Number(uid.into()))
    })
    .hidden(),
    column("inode", "its number, as in /proc/PID/fd", Right, |row: &SocketRow| Cell::Number(row.status.inode)).hidden(),
    column("peer_inode", "number of its other end", Right, |row: &SocketRow| {
        Cell::or_none(row.status.peer, Cell::Number)
    })
    .hidden(),
];

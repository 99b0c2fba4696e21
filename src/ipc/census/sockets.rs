//! Unix sockets in a census: what the kernel tells of them, and who has the other end.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use super::uses::{End, OtherEnd, Until};
use super::{Census, Class, Held, How, Thing, Use};
use crate::ipc::namespace;
use crate::ipc::socket::UnixName;
use crate::ipc::socket::inventory::{self, FileId, Name, Queues, State, Status};
use crate::proc::process::{self, Sleep};
use crate::proc::{sockets, unix_names};

/// By what somebody who connects knows the socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Its file.
    File(FileId),
    /// Its abstract name.
    Name(UnixName),
}

impl Destination {
    /// Whether this socket is meant, and lets nobody in now: its file may have had another socket before.
    fn is(&self, socket: &Status) -> bool {
        let is_full = matches!(socket.queues, Some(Queues::Backlog { waiting, most }) if waiting > most);
        is_full
            && match self {
                Self::File(file) => socket.file == Some(*file),
                Self::Name(name) => matches!(&socket.name, Some(Name::Unix(own)) if own == name),
            }
    }
}

/// The unix socket that a thread waits in connect(2) for.
pub(super) fn connecting(pid: i32, thread: i32, sleep: &Sleep) -> Option<Destination> {
    // Nothing else is looked up: a path may lead to a server that does not answer.
    if !process::sleeps_at(thread).starts_with(b"unix_") {
        return None;
    }
    match inventory::unix_name(&sockets::destination(pid, sleep)?)? {
        UnixName::Path(path) => {
            inventory::file_of(&process::path_from_outside(pid, None, &path)).map(Destination::File)
        }
        name @ UnixName::Abstract(_) => Some(Destination::Name(name)),
    }
}

impl Census {
    /// Tells of the unix sockets what the kernel knows of them, adds those whose processes cannot be seen, and
    /// leaves out the sockets of other families and of network namespaces that we may not enter.
    pub(super) fn complete_sockets(&mut self) -> io::Result<()> {
        if let Ok(mut sockets) = inventory::unix() {
            let device = inventory::device()?;
            sockets.extend(self.sockets_elsewhere(&sockets, device));
            self.complete_with(sockets, device);
            return Ok(());
        }
        // A kernel that does not answer (CONFIG_UNIX_DIAG) tells their names all the same.
        let names = unix_names::names()?;
        self.held.retain(|_, one| one.class != Class::Socket || names.contains_key(&one.inode.1));
        for one in self.held.values_mut().filter(|one| one.class == Class::Socket) {
            one.name = names.get(&one.inode.1).filter(|name| !name.is_empty()).unwrap_or(&one.name).clone();
        }
        Ok(())
    }

    /// The sockets of other network namespaces whose processes have some that are not among these.
    fn sockets_elsewhere(&self, known: &[Status], device: u64) -> Vec<Status> {
        let known: HashSet<u64> = known.iter().map(|socket| socket.inode).collect();
        let is_elsewhere = |used: &Use| match (used.thing, self.held.get(&used.thing)) {
            (Thing::Inode(on, inode), Some(held)) => {
                held.class == Class::Socket && on == device && !known.contains(&inode)
            }
            _ => false,
        };
        let mut networks: BTreeMap<u64, i32> = BTreeMap::new();
        for process in self.processes.iter().filter(|process| process.uses.iter().any(is_elsewhere)) {
            if let Ok(Some(network)) = namespace::network_of(process.pid) {
                networks.entry(network).or_insert(process.pid);
            }
        }
        let sockets = networks.into_values().map(|pid| namespace::within_network(pid, inventory::unix));
        sockets.filter_map(Result::ok).flatten().collect()
    }

    fn complete_with(&mut self, sockets: Vec<Status>, device: u64) {
        let inodes: HashSet<(u64, u64)> = sockets.iter().map(|socket| (device, socket.inode)).collect();
        // The file of a socket can be open, too, and is none.
        self.held.retain(|_, one| one.class != Class::Socket || inodes.contains(&one.inode));
        // One that waits to be accepted has no number yet.
        for socket in sockets.into_iter().filter(|socket| socket.inode != 0) {
            let number = (device, socket.inode);
            let unseen = || Held::new(Class::Socket, socket.inode.to_string().into_bytes(), number);
            let one = self.held.entry(Thing::Inode(device, socket.inode)).or_insert_with(unseen);
            if let Some(Name::Unix(name)) = &socket.name {
                one.name = name.to_bytes();
            }
            one.uid = one.uid.or(socket.uid);
            one.has_mode = socket.file.is_some();
            one.size = match socket.queues {
                Some(Queues::Bytes { unread, .. }) => Some(unread.into()),
                _ => None,
            };
            one.socket = Some(Box::new(socket));
        }
        self.tell_ends();
    }

    /// Says of every process at a socket what that is to it, and who has the other end. Who waits in connect(2)
    /// is at the socket that listens.
    fn tell_ends(&mut self) {
        let ends = self.ends();
        let waiting = self.waiting();
        // An abstract name may be taken in several network namespaces.
        let only = |destination: &Destination| {
            let is_it = |held: &Held| held.socket.as_deref().is_some_and(|socket| destination.is(socket));
            let mut found = self.held.iter().filter(|(_, held)| is_it(held)).map(|(thing, _)| *thing);
            found.next().filter(|_| found.next().is_none())
        };
        for used in self.processes.iter_mut().flat_map(|process| &mut process.uses) {
            let Some(socket) = self.held.get(&used.thing).and_then(|held| held.socket.as_deref()) else { continue };
            match (&used.how, socket.state) {
                (How::Open { .. }, State::Listening) => used.how = How::Listening,
                (How::Open { .. }, State::Connected) => {
                    let listener = waiting.get(&socket.inode).copied();
                    let other = socket.peer.or(listener).and_then(|other| ends.get(&other));
                    let ends = other.cloned().unwrap_or_default();
                    used.how = How::Connected(OtherEnd { ends, is_waiting: listener.is_some() });
                }
                (How::Connecting(Some(destination)), _) => used.thing = only(destination).unwrap_or(used.thing),
                (How::Polling { call, until: Until::Readable | Until::Either }, State::Listening) => {
                    used.how = How::Polling { call, until: Until::Connection };
                }
                _ => {}
            }
        }
    }

    /// Who has the socket of each inode.
    fn ends(&self) -> HashMap<u64, Vec<End>> {
        let mut ends: HashMap<u64, Vec<End>> = HashMap::new();
        for process in &self.processes {
            let open = process.uses.iter().filter(|used| matches!(used.how, How::Open { .. }));
            for used in open {
                let Thing::Inode(_, inode) = used.thing else { continue };
                if self.held.get(&used.thing).is_none_or(|held| held.socket.is_none()) {
                    continue;
                }
                let end = |&number: &u32| End {
                    pid: process.pid,
                    descriptor: Some(number),
                    command: process.command.clone(),
                };
                ends.entry(inode).or_default().extend(used.descriptors.iter().map(end));
            }
        }
        ends
    }

    /// The listener of each socket whose connection waits to be accepted.
    fn waiting(&self) -> HashMap<u64, u64> {
        let sockets = self.held.values().filter_map(|held| held.socket.as_deref());
        sockets.flat_map(|socket| socket.waiting.iter().map(|&client| (client, socket.inode))).collect()
    }
}

//! Which sockets are drawn as one: the ends of a connection, and all connections of a listener.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::scene::Spot;
use crate::ipc::census::{Census, Object};
use crate::ipc::socket::inventory::{State, Status};
use crate::output::counted;

/// By what sockets belong together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    /// The name of one end, and who has that end: the server and all that talk with it.
    Named(Vec<u8>, BTreeSet<i32>),
    /// Who has the two ends of nameless ones.
    Pair(BTreeSet<i32>, BTreeSet<i32>),
    /// It has no other end.
    Alone(u64),
}

/// The sockets among the spots, and what they are to each other.
struct Sockets<'a> {
    spots: &'a [Spot],
    census: &'a Census,
    /// By inode, where they are among the spots.
    places: HashMap<u64, usize>,
    /// The listener of each socket that waits to be accepted.
    waiting: HashMap<u64, usize>,
    /// The names that somebody listens at.
    listened: HashSet<&'a [u8]>,
}

/// Indices of the spots, those together that are drawn as one; that which has the name comes first.
pub(super) fn groups(spots: &[Spot], census: &Census) -> Vec<Vec<usize>> {
    let sockets = Sockets::of(spots, census);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for (index, spot) in spots.iter().enumerate() {
        let place = socket(spot).map(|socket| *known.entry(sockets.key(index, socket)).or_insert(groups.len()));
        match place.and_then(|place| groups.get_mut(place)) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    for group in &mut groups {
        group.sort_by_key(|&index| socket(&spots[index]).is_some_and(|socket| socket.name.is_none()));
    }
    groups
}

/// What is to be said of sockets that are drawn as one: `stream, listening, 2 connections`.
pub(super) fn note(spots: &[Spot], group: &[usize]) -> String {
    let sockets: Vec<&Status> = group.iter().filter_map(|&index| socket(&spots[index])).collect();
    let here: HashSet<u64> = sockets.iter().map(|socket| socket.inode).collect();
    let peer_of: HashMap<u64, u64> = sockets.iter().filter_map(|one| Some((one.inode, one.peer?))).collect();
    // A connection has two ends that name each other; who only sends to a socket names it alone.
    let halves = |(one, peer): (&u64, &u64)| match peer_of.get(peer) {
        Some(back) if back == one => 1,
        _ if here.contains(peer) => 2,
        _ => 0,
    };
    let connections = peer_of.iter().map(halves).sum::<u64>() / 2;
    let waiting: usize = sockets.iter().map(|socket| socket.waiting.len()).sum();
    let mut words: Vec<String> =
        sockets.iter().find_map(|socket| socket.kind).map(|kind| kind.to_string()).into_iter().collect();
    words.extend(sockets.iter().any(|socket| socket.state == State::Listening).then(|| "listening".into()));
    words.extend((connections > 0).then(|| counted(connections, "connection")));
    words.extend((waiting > 0).then(|| format!("{waiting} not accepted")));
    words.join(", ")
}

/// What the kernel tells of a socket, if it is one.
pub(super) fn socket(spot: &Spot) -> Option<&Status> {
    if let Object::Held(held) = &spot.object { held.socket.as_deref() } else { None }
}

impl<'a> Sockets<'a> {
    fn of(spots: &'a [Spot], census: &'a Census) -> Self {
        let all = || spots.iter().enumerate().filter_map(|(index, spot)| Some((index, socket(spot)?)));
        let listened = all().filter(|(_, socket)| socket.state == State::Listening);
        Self {
            spots,
            census,
            places: all().map(|(index, socket)| (socket.inode, index)).collect(),
            waiting: all().flat_map(|(index, one)| one.waiting.iter().map(move |&client| (client, index))).collect(),
            listened: listened.filter_map(|(index, _)| name(&spots[index])).collect(),
        }
    }

    fn key(&self, index: usize, own: &Status) -> Key {
        let peer = own.peer.and_then(|peer| self.places.get(&peer).copied());
        let other = peer.or_else(|| self.waiting.get(&own.inode).copied());
        match (name(&self.spots[index]), other.and_then(|other| Some((other, name(&self.spots[other])?)))) {
            (Some(name), Some((other, far))) if self.is_server(other, own.inode, name, far) => self.named(other, far),
            (Some(name), _) => self.named(index, name),
            (None, Some((other, far))) => self.named(other, far),
            (None, None) => match peer {
                Some(peer) => {
                    let (one, two) = (self.pids(index), self.pids(peer));
                    Key::Pair(one.clone().min(two.clone()), one.max(two))
                }
                None => Key::Alone(own.inode),
            },
        }
    }

    /// Of two ends that have names, whether it is the other one that many talk with.
    fn is_server(&self, other: usize, inode: u64, name: &[u8], far: &[u8]) -> bool {
        let is_mutual = socket(&self.spots[other]).is_some_and(|other| other.peer == Some(inode));
        match (self.listened.contains(name), self.listened.contains(far)) {
            (true, false) => false,
            (false, true) => true,
            _ => !is_mutual || far < name,
        }
    }

    fn named(&self, index: usize, name: &[u8]) -> Key {
        Key::Named(name.to_vec(), self.pids(index))
    }

    fn pids(&self, index: usize) -> BTreeSet<i32> {
        self.census.users(self.spots[index].object.thing(), None).map(|(process, _)| process.pid).collect()
    }
}

/// The name of a socket that has one.
fn name(spot: &Spot) -> Option<&[u8]> {
    match &spot.object {
        Object::Held(held) if held.socket.as_ref().is_some_and(|socket| socket.name.is_some()) => Some(&held.name),
        _ => None,
    }
}

//! What happened between two looks.

use std::collections::{BTreeMap, BTreeSet};

use super::{Class, How, Object, Process, Thing, Use};

/// Objects and who is at them, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    objects: BTreeMap<Place, Seen>,
    bonds: BTreeMap<Bond, Actor>,
}

/// An object, by the IPC namespace where it is of one.
type Place = (Option<u64>, Thing);

/// What is remembered of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    name: Vec<u8>,
    amount: Option<u64>,
    unit: &'static str,
    /// It exists whether or not a process has it.
    lasts: bool,
}

/// A process at an object: once for having it, and once for each thread that is blocked there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Bond {
    place: Place,
    pid: i32,
    /// Pids are given out again.
    started: i64,
    blocked: bool,
    thread: Option<i32>,
}

/// A process, and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Its pid.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// The command name, exactly.
    pub command: Vec<u8>,
    /// What it does, or did.
    pub how: How,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it was.
    pub change: Change,
    /// The object, by its name with its kind.
    pub object: Vec<u8>,
    /// The IPC namespace that the object is of, where it is of one.
    pub namespace: Option<u64>,
    /// Who did it, or whom it happened to.
    pub actor: Option<Actor>,
}

/// The ways of happening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The object is there now.
    Created,
    /// A process has it now: attached, mapped or open.
    Attached,
    /// There is more of it: messages, bytes or units.
    Grew {
        /// Before.
        from: u64,
        /// Now.
        to: u64,
        /// Of what.
        unit: &'static str,
    },
    /// There is less of it.
    Shrank {
        /// Before.
        from: u64,
        /// Now.
        to: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A thread sleeps there until somebody does something.
    Blocked,
    /// A thread sleeps there no longer.
    Woken,
    /// A process has it no longer.
    Detached,
    /// The object is gone.
    Removed,
}

impl Change {
    /// Its name: `created`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Attached => "attached",
            Self::Grew { .. } => "grew",
            Self::Shrank { .. } => "shrank",
            Self::Blocked => "blocked",
            Self::Woken => "woken",
            Self::Detached => "detached",
            Self::Removed => "removed",
        }
    }
}

impl Snapshot {
    /// Adds an object with how much there is of it, where that may be known, and of what.
    pub fn add(&mut self, object: &Object, namespace: Option<u64>, amount: Option<(u64, &'static str)>) {
        let (amount, unit) = amount.map_or((None, ""), |(amount, unit)| (Some(amount), unit));
        let lasts = Class::LASTING.contains(&object.class());
        self.objects.insert((namespace, object.thing()), Seen { name: object.full_name(), amount, unit, lasts });
    }

    /// Adds somebody at an object that was added.
    pub fn add_user(&mut self, namespace: Option<u64>, process: &Process, used: &Use) {
        let blocked = used.how.is_blocked();
        let bond = Bond {
            place: (namespace, used.thing),
            pid: process.pid,
            started: process.started,
            blocked,
            thread: used.thread.filter(|_| blocked),
        };
        self.bonds.entry(bond).or_insert_with(|| Actor {
            pid: process.pid,
            uid: process.uid,
            command: process.command.clone(),
            how: used.how.clone(),
        });
    }

    /// Takes over who was at the objects that are still there, and what exists only because of them: for a look
    /// that did not ask.
    pub fn keep_users(&mut self, before: &Self) {
        let held = before.objects.iter().filter(|(_, seen)| !seen.lasts);
        self.objects.extend(held.map(|(place, seen)| (*place, seen.clone())));
        let kept = before.bonds.iter().filter(|(bond, _)| self.objects.contains_key(&bond.place));
        self.bonds = kept.map(|(bond, actor)| (*bond, actor.clone())).collect();
    }

    /// Whether an object of this full name is there.
    #[must_use]
    pub fn has(&self, name: &[u8]) -> bool {
        self.objects.values().any(|seen| seen.name == name)
    }

    /// What happened since `before`, object by object; of one object in the order in which it has to have
    /// happened.
    #[must_use]
    pub fn since(&self, before: &Self) -> Vec<Event> {
        let mut happened = Vec::new();
        let places: BTreeSet<&Place> = before.objects.keys().chain(self.objects.keys()).collect();
        for place in places {
            let (old, new) = (before.objects.get(place), self.objects.get(place));
            let mut add = |change, actor: Option<&Actor>| {
                let object = new.or(old).map(|seen| seen.name.clone()).unwrap_or_default();
                happened.push(Event { change, object, namespace: place.0, actor: actor.cloned() });
            };
            if old.is_none() {
                add(Change::Created, None);
            }
            let arrived = self.bonds_at(place).filter(|(bond, _)| !before.bonds.contains_key(bond));
            let left = before.bonds_at(place).filter(|(bond, _)| !self.bonds.contains_key(bond));
            let (arrived, left): (Vec<_>, Vec<_>) = (arrived.collect(), left.collect());
            let of = |bonds: &[(&Bond, &Actor)], blocked: bool| {
                let chosen = bonds.iter().filter(|(bond, _)| bond.blocked == blocked);
                chosen.map(|(_, actor)| (*actor).clone()).collect::<Vec<_>>()
            };
            let grown = grown(old, new);
            let steps = [
                (Change::Attached, of(&arrived, false)),
                (Change::Blocked, of(&arrived, true)),
                (Change::Woken, of(&left, true)),
                (Change::Detached, of(&left, false)),
            ];
            for (change, actors) in steps {
                if let Some(grown) = grown.filter(|_| change == Change::Blocked) {
                    add(grown, None);
                }
                for actor in &actors {
                    add(change, Some(actor));
                }
            }
            if new.is_none() {
                add(Change::Removed, None);
            }
        }
        happened
    }

    fn bonds_at(&self, place: &Place) -> impl Iterator<Item = (&Bond, &Actor)> {
        let first = Bond { place: *place, pid: i32::MIN, started: i64::MIN, blocked: false, thread: None };
        self.bonds.range(first..).take_while(move |(bond, _)| bond.place == *place)
    }
}

/// The change of how much there is of an object; one that has just been made has grown from nothing.
fn grown(old: Option<&Seen>, new: Option<&Seen>) -> Option<Change> {
    let new = new?;
    let to = new.amount?;
    let from = match old {
        None => 0,
        Some(old) => old.amount?,
    };
    let unit = new.unit;
    match from.cmp(&to) {
        // The size of new memory is no news: nobody sees it before it has one.
        std::cmp::Ordering::Less if old.is_none() && unit == "byte" => None,
        std::cmp::Ordering::Less => Some(Change::Grew { from, to, unit }),
        std::cmp::Ordering::Greater => Some(Change::Shrank { from, to, unit }),
        std::cmp::Ordering::Equal => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::Id;

    const QUEUE: Place = (Some(1), Thing::Queue(ID));
    const ID: Id = Id::new(0).expect("not negative");

    fn snapshot(amount: Option<u64>, bonds: &[(i32, bool)]) -> Snapshot {
        let mut snapshot = Snapshot::default();
        if let Some(amount) = amount {
            let seen = Seen { name: b"queue:0".to_vec(), amount: Some(amount), unit: "message", lasts: true };
            snapshot.objects.insert(QUEUE, seen);
        }
        for &(pid, blocked) in bonds {
            let bond = Bond { place: QUEUE, pid, started: 5, blocked, thread: blocked.then_some(pid) };
            let actor = Actor { pid, uid: 0, command: b"x".to_vec(), how: How::Sending };
            snapshot.bonds.insert(bond, actor);
        }
        snapshot
    }

    fn words(before: &Snapshot, after: &Snapshot) -> Vec<String> {
        let told = |event: Event| match event.actor {
            Some(actor) => format!("{} {}", event.change.word(), actor.pid),
            None => event.change.word().to_owned(),
        };
        after.since(before).into_iter().map(told).collect()
    }

    #[test]
    fn a_life_is_told_in_order() {
        let nothing = snapshot(None, &[]);
        let full = snapshot(Some(2), &[(7, false), (7, true), (8, true)]);
        assert_eq!(words(&nothing, &full), ["created", "attached 7", "grew", "blocked 7", "blocked 8"]);
        assert_eq!(words(&full, &nothing), ["woken 7", "woken 8", "detached 7", "removed"]);
        assert_eq!(words(&full, &full), [""; 0]);
        assert_eq!(words(&full, &snapshot(Some(1), &[(7, false), (8, true)])), ["shrank", "woken 7"]);
    }

    #[test]
    fn another_process_of_the_same_pid_is_another() {
        let before = snapshot(Some(0), &[(7, false)]);
        let mut after = snapshot(Some(0), &[]);
        let (bond, actor) = before.bonds.first_key_value().expect("one");
        after.bonds.insert(Bond { started: 6, ..*bond }, actor.clone());
        assert_eq!(words(&before, &after), ["attached 7", "detached 7"]);
    }

    #[test]
    fn users_are_kept_with_their_objects() {
        let before = snapshot(Some(0), &[(7, false)]);
        let mut after = snapshot(Some(1), &[]);
        after.keep_users(&before);
        assert_eq!(words(&before, &after), ["grew"]);
        let mut gone = snapshot(None, &[]);
        gone.keep_users(&before);
        assert_eq!(words(&before, &gone), ["detached 7", "removed"]);
    }
}

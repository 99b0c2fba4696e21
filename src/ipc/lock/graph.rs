//! Who waits for whom.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::inventory::{Inventory, Lock, Standing};

impl Inventory {
    /// The processes that the lock of this index waits for: those who hold what it stands behind, or who wait
    /// for that before it. None for a lock that is held.
    #[must_use]
    pub fn blockers(&self, index: usize) -> Vec<i32> {
        match self.locks.get(index).map(|lock| lock.standing) {
            Some(Standing::Waits(other)) => pids(&self.locks[other]).collect::<BTreeSet<_>>().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Which of these circles the lock of this index waits in.
    #[must_use]
    pub fn circle_of<'a>(&self, index: usize, circles: &'a [Vec<i32>]) -> Option<&'a Vec<i32>> {
        let (lock, blocked_by) = (self.locks.get(index)?, self.blockers(index));
        circles.iter().find(|circle| {
            pids(lock).any(|pid| circle.contains(&pid)) && blocked_by.iter().any(|pid| circle.contains(pid))
        })
    }

    /// The locks that wait behind the lock of this index, however deep.
    #[must_use]
    pub fn waiters(&self, index: usize) -> Vec<usize> {
        (0..self.locks.len()).filter(|&other| other != index && self.root(other) == index).collect()
    }

    /// The lock that is held and that this one waits for at last; itself, if it is held.
    #[must_use]
    pub fn root(&self, mut index: usize) -> usize {
        // A lock stands behind one before it, so this ends.
        while let Some(Standing::Waits(other)) = self.locks.get(index).map(|lock| lock.standing) {
            index = other;
        }
        index
    }

    /// Circles of processes, each of which waits for the next and the last for the first: none of them goes on
    /// by itself. A process that waits for what it holds itself is a circle of one.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<i32>> {
        let mut edges: BTreeMap<i32, BTreeSet<i32>> = BTreeMap::new();
        for (index, lock) in self.locks.iter().enumerate().filter(|(_, lock)| lock.is_waiting()) {
            for pid in pids(lock) {
                edges.entry(pid).or_default().extend(self.blockers(index));
            }
        }
        let mut found: Vec<Vec<i32>> = Vec::new();
        for &start in edges.keys() {
            let Some(circle) = shortest_circle(&edges, start) else { continue };
            // The same circle is found from each of its members: that from the lowest pid stays.
            if circle.iter().all(|&pid| pid >= start) {
                found.push(circle);
            }
        }
        found
    }
}

fn pids(lock: &Lock) -> impl Iterator<Item = i32> {
    lock.holders.iter().map(|holder| holder.pid)
}

/// The shortest way from a process back to itself.
fn shortest_circle(edges: &BTreeMap<i32, BTreeSet<i32>>, start: i32) -> Option<Vec<i32>> {
    let mut came_from: HashMap<i32, i32> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(pid) = queue.pop_front() {
        for &next in edges.get(&pid).into_iter().flatten() {
            if next == start {
                let (mut circle, mut last) = (vec![pid], pid);
                while last != start {
                    last = came_from[&last];
                    circle.push(last);
                }
                circle.reverse();
                return Some(circle);
            }
            if let Entry::Vacant(place) = came_from.entry(next) {
                place.insert(pid);
                queue.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Claim, Family, FileId, Holder, Kind, Range};
    use super::*;

    fn lock(inode: u64, pids: &[i32], standing: Standing) -> Lock {
        let holder = |&pid: &i32| Holder { pid, descriptor: None, thread: None, command: None };
        Lock {
            family: Family::Lock(Kind::Flock),
            claim: Claim::Exclusive,
            range: Range::WHOLE,
            file: FileId { device: 1, inode },
            path: None,
            standing,
            taker: None,
            holders: pids.iter().map(holder).collect(),
        }
    }

    fn circles(locks: &[(u64, &[i32], Standing)]) -> Vec<Vec<i32>> {
        let locks = locks.iter().map(|(inode, pids, standing)| lock(*inode, pids, *standing)).collect();
        Inventory { locks, hidden: 0 }.cycles()
    }

    #[test]
    fn two_that_wait_for_each_other_are_a_circle() {
        use Standing::{Held, Waits};
        let two = [(1, &[10][..], Held), (1, &[11], Waits(0)), (2, &[11], Held), (2, &[10], Waits(2))];
        assert_eq!(circles(&two), [[10, 11]]);
        assert!(circles(&two[..3]).is_empty());
    }

    #[test]
    fn a_circle_may_go_over_several_and_over_those_who_wait_before() {
        use Standing::{Held, Waits};
        // 12 stands in the queue behind 11.
        let three =
            [(1, &[10][..], Held), (1, &[11], Waits(0)), (1, &[12], Waits(1)), (2, &[12], Held), (2, &[10], Waits(3))];
        assert_eq!(circles(&three), [[10, 12, 11]]);
    }

    #[test]
    fn who_waits_for_what_it_holds_is_a_circle_of_one() {
        use Standing::{Held, Waits};
        assert_eq!(circles(&[(1, &[10, 11], Held), (1, &[11], Waits(0))]), [[11]]);
    }

    #[test]
    fn waiters_are_found_however_deep() {
        use Standing::{Held, Waits};
        let locks = [(1, &[10][..], Held), (1, &[11], Waits(0)), (1, &[12], Waits(1)), (2, &[13], Held)];
        let locks = locks.iter().map(|(inode, pids, standing)| lock(*inode, pids, *standing)).collect();
        let inventory = Inventory { locks, hidden: 0 };
        assert_eq!((inventory.waiters(0), inventory.waiters(3)), (vec![1, 2], vec![]));
        assert_eq!((inventory.blockers(2), inventory.blockers(0)), (vec![11], vec![]));
    }
}

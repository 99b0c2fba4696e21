//! The pipeline that a pipe is a part of, and where it stalls.

use std::collections::{BTreeMap, BTreeSet};

use super::{Access, Doing, Identity, Inventory, Pipe};

/// A pipeline: processes, each reading what those before it write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Its processes, from the source on.
    pub stages: Vec<Stage>,
    /// Where it stalls: nowhere, or at several places where it has branches.
    pub stalls: Vec<Stall>,
}

/// A process of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its pid.
    pub pid: i32,
    /// How far it is from the source; the first ones have 1.
    pub place: usize,
    /// The pipes of the pipeline that it reads from.
    pub reads: Vec<Identity>,
    /// Those that it writes to.
    pub writes: Vec<Identity>,
}

/// Why nothing moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stall {
    /// The pipe where it does not.
    pub at: Identity,
    /// The processes that could change that.
    pub who: Vec<i32>,
    /// What they leave undone.
    pub why: Why,
}

/// What keeps a pipeline from moving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// They do not read, and the pipe is full.
    DoesNotRead,
    /// They do not write, and a reader waits.
    DoesNotWrite,
    /// Nobody else can write, but the reader that waits: it keeps itself from seeing the end.
    WaitsForItself,
    /// They wait for each other, in a circle.
    Circle,
    /// Nobody opens the FIFO to read.
    NoReader,
    /// Nobody opens the FIFO to write.
    NoWriter,
}

impl Chain {
    /// The pipeline around these pipes.
    #[must_use]
    pub fn around(inventory: &Inventory, pipes: &[Identity]) -> Self {
        let graph = Graph::of(inventory);
        let places = graph.places(pipes);
        let first = places.values().min().copied().unwrap_or(0);
        let connected: BTreeSet<Identity> = places
            .keys()
            .flat_map(|pid| graph.sources.get(pid).into_iter().chain(graph.targets.get(pid)).flatten())
            .copied()
            .chain(pipes.iter().copied())
            .collect();
        let stage = |(pid, place): (&i32, &isize)| Stage {
            pid: *pid,
            place: (place - first).unsigned_abs() + 1,
            reads: graph.sources.get(pid).cloned().unwrap_or_default(),
            writes: graph.targets.get(pid).cloned().unwrap_or_default(),
        };
        let mut stages: Vec<Stage> = places.iter().map(stage).collect();
        stages.sort_by_key(|stage| (stage.place, stage.pid));
        let mut stalls: Vec<Stall> = Vec::new();
        // What is full tells more than what is empty behind it.
        let is_full = |pipe: &Pipe| sleeps(pipe, Doing::Writing);
        let connected = || connected.iter().filter_map(|identity| inventory.get(*identity));
        let full = connected().filter(|pipe| is_full(pipe));
        for pipe in full.chain(connected().filter(|pipe| !is_full(pipe))) {
            if let Some(stall) = graph.stall(pipe)
                && !stalls.iter().any(|known| known.who == stall.who && !stall.who.is_empty() || *known == stall)
            {
                stalls.push(stall);
            }
        }
        Self { stages, stalls }
    }
}

/// Whether somebody sleeps so at a pipe.
fn sleeps(pipe: &Pipe, doing: Doing) -> bool {
    pipe.sleepers.iter().any(|sleeper| sleeper.doing == doing)
}

/// Whether somebody waits for something to read.
fn waits_to_read(pipe: &Pipe, pid: Option<i32>) -> bool {
    let reads = |doing| matches!(doing, Doing::Reading | Doing::Polling(Access::Read));
    pipe.sleepers.iter().any(|sleeper| reads(sleeper.doing) && pid.is_none_or(|pid| sleeper.pid == pid))
}

/// Which process reads and writes which pipes. Who has both ends of one is no stage of it: a shell that is
/// about to start one, or make(1) with its jobs.
struct Graph<'a> {
    inventory: &'a Inventory,
    sources: BTreeMap<i32, Vec<Identity>>,
    targets: BTreeMap<i32, Vec<Identity>>,
}

impl<'a> Graph<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let (mut sources, mut targets) = (BTreeMap::<i32, Vec<_>>::new(), BTreeMap::<i32, Vec<_>>::new());
        for pipe in &inventory.pipes {
            let readers: BTreeSet<i32> = pipe.readers().map(|end| end.pid).collect();
            let writers: BTreeSet<i32> = pipe.writers().map(|end| end.pid).collect();
            readers.difference(&writers).for_each(|pid| sources.entry(*pid).or_default().push(pipe.identity));
            writers.difference(&readers).for_each(|pid| targets.entry(*pid).or_default().push(pipe.identity));
        }
        Self { inventory, sources, targets }
    }

    /// The processes that are connected with these pipes, and how far each is down the stream from them.
    fn places(&self, pipes: &[Identity]) -> BTreeMap<i32, isize> {
        let mut places = BTreeMap::new();
        let mut seen = BTreeSet::new();
        // A pipe, the place of its writers, and which way we came: only that way it goes on.
        let mut next: Vec<(Identity, isize, bool, bool)> = pipes.iter().map(|&pipe| (pipe, 0, true, true)).collect();
        while let Some((identity, place, up, down)) = next.pop() {
            if !seen.insert(identity) {
                continue;
            }
            for (pid, _) in self.targets.iter().filter(|(_, to)| to.contains(&identity)) {
                places.entry(*pid).or_insert(place);
                if up {
                    next.extend(
                        self.sources.get(pid).into_iter().flatten().map(|&pipe| (pipe, place - 1, true, false)),
                    );
                }
            }
            for (pid, _) in self.sources.iter().filter(|(_, from)| from.contains(&identity)) {
                places.entry(*pid).or_insert(place + 1);
                if down {
                    next.extend(
                        self.targets.get(pid).into_iter().flatten().map(|&pipe| (pipe, place + 1, false, true)),
                    );
                }
            }
        }
        places
    }

    /// Who keeps the sleepers of a pipe asleep, perhaps through other pipes.
    fn stall(&self, pipe: &'a Pipe) -> Option<Stall> {
        let mut at = pipe;
        let mut seen = BTreeSet::new();
        loop {
            let stall = |who, why| Some(Stall { at: at.identity, who, why });
            if !seen.insert(at.identity) {
                let who = at.sleepers.iter().map(|sleeper| sleeper.pid).collect();
                return stall(who, Why::Circle);
            }
            let ends: Vec<i32> = if sleeps(at, Doing::Writing) {
                let asleep = |pid| at.sleepers.iter().any(|one| one.pid == pid && one.doing == Doing::Writing);
                at.readers().map(|end| end.pid).filter(|&pid| !asleep(pid)).collect()
            } else if waits_to_read(at, None) {
                at.writers().map(|end| end.pid).filter(|&pid| !waits_to_read(at, Some(pid))).collect()
            } else if sleeps(at, Doing::Opening(Access::Read)) {
                return stall(Vec::new(), Why::NoWriter);
            } else if sleeps(at, Doing::Opening(Access::Write)) {
                return stall(Vec::new(), Why::NoReader);
            } else {
                return None;
            };
            match ends.iter().find_map(|&pid| self.sleeps_elsewhere(pid, at)) {
                Some(elsewhere) => at = elsewhere,
                None if sleeps(at, Doing::Writing) => return stall(self.youngest(&ends), Why::DoesNotRead),
                None if ends.is_empty() => {
                    return stall(at.sleepers.iter().map(|one| one.pid).collect(), Why::WaitsForItself);
                }
                None => return stall(self.youngest(&ends), Why::DoesNotWrite),
            }
        }
    }

    /// Another pipe that a process sleeps at.
    fn sleeps_elsewhere(&self, pid: i32, not: &Pipe) -> Option<&'a Pipe> {
        let others = self.inventory.pipes.iter().filter(|pipe| pipe.identity != not.identity);
        let mut others = others.filter(|pipe| pipe.sleepers.iter().any(|sleeper| sleeper.pid == pid));
        others.find(|pipe| pipe.is_stuck())
    }

    /// Without those that only wait for another one of them: a shell has what its child uses.
    fn youngest(&self, pids: &[i32]) -> Vec<i32> {
        let parent = |pid: &i32| self.inventory.processes.get(pid).map(|process| process.parent);
        let all: BTreeSet<i32> = pids.iter().copied().collect();
        let parents: BTreeSet<i32> = all.iter().filter_map(parent).collect();
        all.difference(&parents).copied().collect()
    }
}

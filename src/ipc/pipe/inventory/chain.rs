//! The pipeline that a pipe is a part of, and where it stalls.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
        Self::of_graph(&Graph::of(inventory), pipes)
    }

    /// The pipeline that a process is a stage of.
    #[must_use]
    pub fn of_process(inventory: &Inventory, pid: i32) -> Self {
        let graph = Graph::of(inventory);
        let flowing = graph.inputs.get(&pid).into_iter().chain(graph.outputs.get(&pid)).flatten();
        let flowing: Vec<Identity> = flowing.copied().collect();
        if !flowing.is_empty() {
            return Self::of_graph(&graph, &flowing);
        }
        let has = |pipe: &&Pipe| pipe.ends.iter().any(|end| end.pid == pid);
        let all: Vec<Identity> = inventory.pipes.iter().filter(has).map(|pipe| pipe.identity).collect();
        Self::of_graph(&graph, &all)
    }

    fn of_graph(graph: &Graph<'_>, pipes: &[Identity]) -> Self {
        let (places, connected) = graph.places(pipes);
        let first = places.values().min().copied().unwrap_or(0);
        let at = |pid: i32, ends: &BTreeMap<Identity, BTreeSet<i32>>| {
            connected.iter().filter(|pipe| ends.get(pipe).is_some_and(|ends| ends.contains(&pid))).copied().collect()
        };
        let stage = |(&pid, place): (&i32, &isize)| Stage {
            pid,
            place: (place - first).unsigned_abs() + 1,
            reads: at(pid, &graph.readers),
            writes: at(pid, &graph.writers),
        };
        let mut stages: Vec<Stage> = places.iter().map(stage).collect();
        stages.sort_by_key(|stage| (stage.place, stage.pid));
        let mut stalls: Vec<Stall> = Vec::new();
        // What is full tells more than what is empty behind it.
        let is_full = |pipe: &Pipe| sleeps(pipe, Doing::Writing);
        let connected = || connected.iter().filter_map(|identity| graph.inventory.get(*identity));
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

/// Which way a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// To the source.
    Up,
    /// To the end.
    Down,
    /// Both: it begins here.
    Both,
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

/// Which process reads and writes which pipes.
///
/// Who has both ends of one is no stage of it: a shell that is about to start one, or make(1) with its jobs.
/// From one pipe to the next it goes through a process by its standard input and output, and by what its
/// threads sleep at: other descriptors were often only inherited.
struct Graph<'a> {
    inventory: &'a Inventory,
    readers: BTreeMap<Identity, BTreeSet<i32>>,
    writers: BTreeMap<Identity, BTreeSet<i32>>,
    inputs: BTreeMap<i32, BTreeSet<Identity>>,
    outputs: BTreeMap<i32, BTreeSet<Identity>>,
}

impl<'a> Graph<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        let mut graph = Self {
            inventory,
            readers: BTreeMap::new(),
            writers: BTreeMap::new(),
            inputs: BTreeMap::new(),
            outputs: BTreeMap::new(),
        };
        let own = std::process::id().cast_signed();
        for pipe in &inventory.pipes {
            let readers: BTreeSet<i32> = pipe.readers().map(|end| end.pid).filter(|&pid| pid != own).collect();
            let writers: BTreeSet<i32> = pipe.writers().map(|end| end.pid).filter(|&pid| pid != own).collect();
            let asleep =
                |pid, descriptor| pipe.sleepers.iter().any(|one| (one.pid, one.descriptor) == (pid, descriptor));
            for end in &pipe.ends {
                let flows = |standard| end.descriptor == standard || asleep(end.pid, Some(end.descriptor));
                if end.access == Access::Read && !writers.contains(&end.pid) && flows(0) {
                    graph.inputs.entry(end.pid).or_default().insert(pipe.identity);
                }
                if end.access == Access::Write && !readers.contains(&end.pid) && flows(1) {
                    graph.outputs.entry(end.pid).or_default().insert(pipe.identity);
                }
            }
            graph.readers.insert(pipe.identity, readers.difference(&writers).copied().collect());
            graph.writers.insert(pipe.identity, writers.difference(&readers).copied().collect());
        }
        graph
    }

    /// The processes that are connected with these pipes, how far each is down the stream from them, and the
    /// pipes in between.
    fn places(&self, pipes: &[Identity]) -> (BTreeMap<i32, isize>, BTreeSet<Identity>) {
        let mut places = BTreeMap::new();
        let mut seen = BTreeSet::new();
        // A pipe, the place of its writers, and which way it goes on from there.
        let mut next: VecDeque<(Identity, isize, Way)> = pipes.iter().map(|&pipe| (pipe, 0, Way::Both)).collect();
        while let Some((identity, place, way)) = next.pop_front() {
            if !seen.insert(identity) {
                continue;
            }
            for &pid in self.writers.get(&identity).into_iter().flatten() {
                places.entry(pid).or_insert(place);
                let inputs = self.inputs.get(&pid).into_iter().flatten().filter(|_| way != Way::Down);
                next.extend(inputs.map(|&pipe| (pipe, place - 1, Way::Up)));
            }
            for &pid in self.readers.get(&identity).into_iter().flatten() {
                places.entry(pid).or_insert(place + 1);
                let outputs = self.outputs.get(&pid).into_iter().flatten().filter(|_| way != Way::Up);
                next.extend(outputs.map(|&pipe| (pipe, place + 1, Way::Down)));
            }
        }
        (places, seen)
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

    /// Another pipe that a process sleeps at; what it only waits for, among other things, comes last.
    fn sleeps_elsewhere(&self, pid: i32, not: &Pipe) -> Option<&'a Pipe> {
        let others = || self.inventory.pipes.iter().filter(|pipe| pipe.identity != not.identity);
        let of_it = |pipe: &Pipe, waits: bool| {
            let waits_only = |doing| matches!(doing, Doing::Polling(_));
            pipe.sleepers.iter().any(|sleeper| sleeper.pid == pid && waits_only(sleeper.doing) == waits)
        };
        others().find(|pipe| of_it(pipe, false)).or_else(|| others().find(|pipe| of_it(pipe, true)))
    }

    /// Without those that only wait for another one of them: a shell has what its child uses.
    fn youngest(&self, pids: &[i32]) -> Vec<i32> {
        let parent = |pid: &i32| self.inventory.processes.get(pid).map(|process| process.parent);
        let all: BTreeSet<i32> = pids.iter().copied().collect();
        let parents: BTreeSet<i32> = all.iter().filter_map(parent).collect();
        all.difference(&parents).copied().collect()
    }
}

//! Orphans among many who come and go: what is told of real objects is what a model says.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command};

use tempfile::TempDir;

use crate::support::{Outcome, PACKAGE, Running, World, has, skip};

/// Rounds of three steps each.
const ROUNDS: usize = 1000;

/// Numbers without a pattern, the same in every run: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("small")
    }
}

/// A being of its own, whoever had its pid before.
type Being = usize;

/// A player who lives.
struct Player {
    being: Being,
    pid: u32,
    attached: Option<i32>,
}

/// Who made a segment, and who attached or detached it last.
#[derive(Debug, Clone, Copy)]
struct Known {
    creator: Being,
    user: Option<Being>,
}

/// The play: programs that are not ours, in pids of their own, and what has to be true of them.
struct Play {
    troupe: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    players: Vec<Player>,
    /// The pid of each being that ever was.
    pids: Vec<u32>,
    known: HashMap<i32, Known>,
    _world: World,
    _folder: TempDir,
}

impl Play {
    fn new() -> Option<Self> {
        let world = World::new()?;
        if !has("gcc") {
            return None;
        }
        let folder = TempDir::new().expect("a directory");
        let program = folder.path().join("troupe");
        let source = format!("{PACKAGE}/tests/cli/ripcs/troupe.c");
        Outcome::of(Command::new("gcc").arg("-o").arg(&program).arg(source)).success();
        let script = "exec unshare --pid --fork --mount-proc --kill-child \"$1\"";
        let mut troupe = Running::start(&mut world.sh(script, &[program.to_str().expect("UTF-8")]));
        let (input, output) = troupe.pipes();
        let output = BufReader::new(output);
        let (players, pids, known) = (Vec::new(), Vec::new(), HashMap::new());
        Some(Self { troupe, input, output, players, pids, known, _world: world, _folder: folder })
    }

    fn answer(&mut self, order: &str) -> String {
        writeln!(self.input, "{order}").expect("it lives");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim_end().to_owned()
    }

    fn number(&mut self, order: &str) -> i32 {
        let answer = self.answer(order);
        let number = answer.parse().unwrap_or(-1);
        assert!(number >= 0, "{order} of troupe {}: {answer:?}", self.troupe.id());
        number
    }

    /// Somebody comes, half of the time with the pid of one who has gone.
    fn birth(&mut self, dice: &mut Dice) {
        let living: Vec<u32> = self.players.iter().map(|player| player.pid).collect();
        let gone: Vec<u32> = self.pids.iter().copied().filter(|pid| !living.contains(pid)).collect();
        let wanted = if gone.is_empty() || dice.below(2) == 0 { 0 } else { gone[dice.below(gone.len())] };
        let pid = self.number(&format!("b {wanted}")).cast_unsigned();
        self.players.push(Player { being: self.pids.len(), pid, attached: None });
        self.pids.push(pid);
    }

    /// One thing happens: somebody comes or goes, makes a segment, attaches one or lets go.
    fn step(&mut self, dice: &mut Dice) {
        let choice = dice.below(6);
        if self.players.is_empty() || (choice == 0 && self.players.len() < 6) {
            return self.birth(dice);
        }
        let index = dice.below(self.players.len());
        let Player { being, pid, attached } = self.players[index];
        if choice == 1 {
            self.number(&format!("k {pid}"));
            self.players.remove(index);
            return self.uses(attached, being);
        }
        if choice == 2 || self.known.is_empty() {
            let id = self.number(&format!("t {pid} c"));
            self.known.insert(id, Known { creator: being, user: None });
            return;
        }
        // What it had it lets go of first.
        self.uses(attached, being);
        self.players[index].attached = None;
        if choice == 3 {
            self.number(&format!("t {pid} d"));
            return;
        }
        let mut ids: Vec<i32> = self.known.keys().copied().collect();
        ids.sort_unstable();
        let id = ids[dice.below(ids.len())];
        assert_eq!(self.number(&format!("t {pid} a {id}")), id);
        self.players[index].attached = Some(id);
        self.uses(Some(id), being);
    }

    fn uses(&mut self, segment: Option<i32>, being: Being) {
        if let Some(id) = segment {
            self.known.get_mut(&id).expect("made").user = Some(being);
        }
    }

    /// Whether somebody has it, or may come back to it.
    fn is_in_use(&self, id: i32, Known { creator, user }: Known) -> bool {
        let is_there =
            |player: &Player| player.attached == Some(id) || player.being == creator || Some(player.being) == user;
        self.players.iter().any(is_there)
    }

    /// Whether the pid of one who was there is another's now: then it takes seconds to be known.
    fn is_recycled(&self, Known { creator, user }: Known) -> bool {
        let has = |being: Being| self.players.iter().any(|player| player.pid == self.pids[being]);
        has(creator) || user.is_some_and(has)
    }

    /// What `ripcs orphans` says, against what is true; how many it tells although the pid of one who was there is
    /// another's now.
    fn check(&mut self, round: usize) -> usize {
        let answer = self.answer("o");
        let told = answer.strip_suffix('.').unwrap_or_else(|| panic!("round {round}: {answer}"));
        let id = |object: &str| object.strip_prefix("segment:")?.parse().ok();
        let told: BTreeSet<i32> = told.split_whitespace().map(|object| id(object).expect("a segment")).collect();
        let mut recycled = 0;
        for (&id, &known) in &self.known {
            let is_told = told.contains(&id);
            if self.is_in_use(id, known) {
                assert!(!is_told, "round {round}: segment {id} is in use: {known:?}");
            } else if self.is_recycled(known) {
                recycled += usize::from(is_told);
            } else {
                assert!(is_told, "round {round}: segment {id} is an orphan: {known:?}");
            }
        }
        assert!(told.iter().all(|id| self.known.contains_key(id)), "round {round}: {told:?}");
        recycled
    }
}

#[test]
fn orphans_are_those_of_the_model_in_every_round() {
    let Some(mut play) = Play::new() else { return };
    let (mut dice, mut recycled, mut round) = (Dice(0x9e37_79b9_7f4a_7c15), 0, 0);
    let mut chosen = false;
    // Times are seconds: it goes on until a pid that was given out again has been told from the one before.
    while round < ROUNDS || (chosen && recycled == 0) {
        assert!(round < 10 * ROUNDS, "no pid that was given out again was told from the one before");
        for _ in 0..3 {
            play.step(&mut dice);
        }
        chosen = chosen || play.pids.iter().collect::<BTreeSet<_>>().len() < play.pids.len();
        recycled += play.check(round);
        round += 1;
    }
    if !chosen {
        skip("no pid can be chosen here");
    }
    while let Some(Player { pid, being, attached }) = play.players.pop() {
        play.number(&format!("k {pid}"));
        play.uses(attached, being);
    }
    // Nobody lives any more, so every one is.
    play.check(round);
}

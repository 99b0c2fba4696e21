//! Orphans are found, and nothing that somebody uses; what is removed was looked at again.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};

use serde_json::Value;

use super::stage::{Stage, rows, text};
use crate::support::{Call, Running, World, has, wait_until};

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

/// A player who does what it is told, and what it has attached.
struct Player {
    process: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    attached: Option<i32>,
}

impl Player {
    fn new(stage: &Stage) -> Self {
        let mut process = stage.obeys();
        let (input, output) = process.pipes();
        Self { process, input, output: BufReader::new(output), attached: None }
    }

    fn told(&mut self, command: &str) -> i32 {
        writeln!(self.input, "{command}").expect("it lives");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().parse().unwrap_or_else(|_| panic!("{command} of {}: {line:?}", self.process.id()))
    }
}

/// Who made a segment, and who attached it last.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    creator: u32,
    user: Option<u32>,
}

fn orphans(world: &World, kinds: &[&str]) -> Vec<Value> {
    let outcome = world.run("ripcs", &[&["orphans", "--json"], kinds].concat());
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    rows(&outcome)
}

#[test]
fn no_false_orphan_among_players_who_come_and_go() {
    let Some(stage) = Stage::new() else { return };
    let (mut dice, mut players, mut known) = (Dice(0x9e37_79b9_7f4a_7c15), Vec::new(), HashMap::<i32, Known>::new());
    for round in 0..120 {
        for _ in 0..3 {
            step(&stage, &mut dice, &mut players, &mut known);
        }
        let living: Vec<u32> = players.iter().map(|player: &Player| player.process.id()).collect();
        for orphan in orphans(&stage.world, &["segment"]) {
            let id: i32 = text(&orphan["object"])["segment:".len()..].parse().expect("an identifier");
            let Known { creator, user } = known[&id];
            let in_use = living.contains(&creator)
                || user.is_some_and(|user| living.contains(&user))
                || players.iter().any(|player| player.attached == Some(id));
            assert!(!in_use, "round {round}: {orphan} of {creator} and {user:?}, and {living:?} live");
        }
    }
    drop(players);
    let found = orphans(&stage.world, &["segment"]);
    assert_eq!(found.len(), known.len(), "every one is an orphan when nobody lives any more");
}

/// One thing happens: somebody comes or goes, makes a segment, attaches one or lets go.
fn step(stage: &Stage, dice: &mut Dice, players: &mut Vec<Player>, known: &mut HashMap<i32, Known>) {
    let choice = dice.below(6);
    if players.is_empty() || (choice == 0 && players.len() < 5) {
        return players.push(Player::new(stage));
    }
    let index = dice.below(players.len());
    if choice == 1 {
        return drop(players.remove(index));
    }
    let player = &mut players[index];
    if choice == 2 || known.is_empty() {
        let id = player.told("c");
        known.insert(id, Known { creator: player.process.id(), user: None });
    } else if choice == 3 {
        if player.attached.is_some() {
            let id = player.attached.take().expect("just seen");
            player.told("d");
            known.get_mut(&id).expect("made").user = Some(player.process.id());
        }
    } else {
        let mut ids: Vec<i32> = known.keys().copied().collect();
        ids.sort_unstable();
        let id = ids[dice.below(ids.len())];
        // What it had it lets go of first.
        if let Some(old) = player.attached.replace(id) {
            known.get_mut(&old).expect("made").user = Some(player.process.id());
        }
        assert_eq!(player.told(&format!("a {id}")), id);
        known.get_mut(&id).expect("made").user = Some(player.process.id());
    }
}

#[test]
fn a_pid_that_was_given_out_again_is_no_creator() {
    let Some(world) = World::new() else { return };
    // In pids of its own the next one can be chosen. The times of segments are seconds.
    let script = "exec unshare --pid --fork --mount-proc --kill-child sh -c '
        rshm create -s 4096 >/dev/null
        maker=$(ripcs list segment --no-header -o creator)
        while [ $(($(date +%s) - $(ripcs list segment --json -o changed | tr -dc 0-9))) -lt 3 ]; do :; done
        while :; do
            echo $((maker - 1)) >/proc/sys/kernel/ns_last_pid || exit 9
            sleep 60 &
            [ $! = $maker ] && break
            kill $!
        done
        ripcs orphans --json; kill $!'";
    let outcome = world.script(script, &[]);
    if outcome.status() == 9 || outcome.stdout().is_empty() {
        return crate::support::skip("no pid can be chosen here");
    }
    let found = rows(&outcome);
    assert_eq!(text(&found[0]["object"]), "segment:0");
    let reasons: Vec<String> = found[0]["reasons"].as_array().expect("a list").iter().map(text).collect();
    assert!(reasons.iter().any(|reason| reason.ends_with("gone and its pid given out again")), "{reasons:?}");
}

#[test]
fn what_shares_a_key_is_one_group_and_saves_each_other() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    for kind in ["rmsgq", "rsem"] {
        world.ok(kind, &["create", "0x4b"]);
    }
    world.ok("rshm", &["create", "0x4b", "-s", "4096"]);
    let found = orphans(world, &["--likely"]);
    let groups: Vec<_> = found.iter().map(|row| text(&row["group"])).collect();
    assert_eq!(groups, ["0x0000004b"; 3], "{found:?}");
    let user = stage.stays(&["attach-rw", "0"]);
    assert_eq!(orphans(world, &["--likely"]), Vec::<Value>::new(), "the segment is in use, so all of them are");
    drop(user);
    assert_eq!(orphans(world, &["--likely"]).len(), 3);
    assert_eq!(orphans(world, &["--likely", "--older", "1h"]).len(), 0);
    // Without a maker that the kernel names it is likely alone.
    let sure: Vec<_> = orphans(world, &[]).iter().map(|row| text(&row["object"])).collect();
    assert_eq!(sure, ["segment:0"]);
}

#[test]
fn who_waits_or_has_it_open_saves_an_object() {
    let Some(stage) = Stage::new() else { return };
    let world = &stage.world;
    world.ok("rmsgq", &["create"]);
    world.ok("rsem", &["create", "0x4c"]);
    world.ok("rmsgq", &["create", "/jobs"]);
    world.ok("rsem", &["create", "/s"]);
    world.ok("rshm", &["create", "/data", "-s", "4096"]);
    let objects = |found: Vec<Value>| found.iter().map(|row| text(&row["object"])).collect::<Vec<_>>();
    let all = ["queue:0", "queue:/jobs", "segment:/data", "set:0", "semaphore:/s"];
    assert_eq!(objects(orphans(world, &["--likely"])), all);
    let players = [
        stage.sleeps(&["semop", "0", "0", "-1"], Call::Semtimedop),
        stage.sleeps(&["mq_receive", "/jobs"], Call::MqReceive),
        stage.sleeps(&["sem_wait", "/s"], Call::Futex),
        stage.stays(&["map", "/data"]),
    ];
    assert_eq!(objects(orphans(world, &["--likely"])), ["queue:0"]);
    let receiver = world.start("rmsgq", &["recv", "0"]);
    receiver.wait_until_in(Call::Msgrcv);
    assert_eq!(objects(orphans(world, &["--likely"])), Vec::<String>::new());
    drop((players, receiver));
    assert_eq!(objects(orphans(world, &["--likely"])), all);
    let report = rows(&world.run("ripcs", &["reap", "--likely", "--yes", "--json"]));
    assert!(report.iter().all(|row| row["done"] == "removed"), "{report:?}");
    assert_eq!(world.ok("ripcs", &["list", "--json"]), "[]");
}

/// Runs `ripcs reap` on a terminal, says "asked" when it asks, answers "y" at the end of our own standard
/// input, and prints what came.
const ON_A_TERMINAL: &str = "import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp('ripcs', ['ripcs', 'reap'] + sys.argv[1:])
text = b''
while b'[y/N] ' not in text: text += os.read(terminal, 1000)
print('asked', flush=True)
sys.stdin.read(1)
os.write(terminal, b'y\\n')
try:
    while True:
        more = os.read(terminal, 1000)
        if not more: break
        text += more
except OSError: pass
print(text.decode())
";

#[test]
fn what_gains_a_user_between_the_list_and_the_removal_is_kept() {
    let Some(stage) = Stage::new() else { return };
    if !has("python3") {
        return;
    }
    let world = &stage.world;
    for _ in 0..2 {
        world.ok("rshm", &["create", "-s", "4096"]);
    }
    world.ok("rsem", &["create", "0x4c"]);
    let mut reaper =
        Running::start(world.command("python3").args(["-c", ON_A_TERMINAL, "--likely", "-o", "object,done,why"]));
    assert_eq!(reaper.line(), "asked");
    // It has listed three, and waits for the answer: now two of them are used again.
    let user = stage.stays(&["attach-rw", "1"]);
    let waiter = stage.sleeps(&["semop", "0", "0", "-1"], Call::Semtimedop);
    let (mut input, _output) = reaper.pipes();
    input.write_all(b"y").expect("it waits");
    drop(input);
    wait_until("the first segment is removed", || world.run("rshm", &["show", "0"]).status() == 3);
    let outcome = reaper.outcome();
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    let left: Vec<_> = rows(&world.run("ripcs", &["list", "--json"])).iter().map(|row| text(&row["object"])).collect();
    assert_eq!(left, ["segment:1", "set:0"], "what has a user is kept");
    drop((user, waiter));
}

#[test]
fn nothing_is_removed_unasked() {
    let Some(world) = World::new() else { return };
    world.ok("rshm", &["create", "-s", "4096"]);
    world.run("ripcs", &["reap"]).fails(2, "ripcs: there is 1 orphan, and nobody can be asked here: --yes");
    let told = rows(&world.run("ripcs", &["reap", "--dry-run", "--json"]));
    assert_eq!((text(&told[0]["object"]), text(&told[0]["done"])), ("segment:0".into(), "would be removed".into()));
    assert!(!told[0]["reasons"].as_array().expect("a list").is_empty());
    assert_eq!(rows(&world.run("ripcs", &["list", "--json"])).len(), 1);
    let told = rows(&world.run("ripcs", &["reap", "--yes", "--json"]));
    assert_eq!(text(&told[0]["done"]), "removed");
    assert_eq!(world.ok("ripcs", &["list", "--json"]), "[]");
    assert_eq!(world.ok("ripcs", &["reap", "--json"]), "[]", "nothing to ask about");
}

#[test]
fn many_are_removed_by_name_or_kind() {
    let Some(world) = World::new() else { return };
    let furnish = || {
        world.script("ipcmk -Q; ipcmk -M 10; ipcmk -S 1; printf x >/dev/shm/x", &[]).success();
        world.ok("rmsgq", &["create", "/jobs"]);
    };
    furnish();
    world.run("ripcs", &["remove", "0", "/x"]).fails(2, "0 may be any of queue:0, segment:0, set:0: say which");
    assert_eq!(rows(&world.run("ripcs", &["list", "--json"])).len(), 5, "nothing while a name may mean two");
    let some = world.run("ripcs", &["remove", "queue:0", "set:7", "/x", "/jobs"]);
    some.fails(3, "ripcs: cannot find set:7: nothing is called so\n");
    let left: Vec<_> = rows(&world.run("ripcs", &["list", "--json"])).iter().map(|row| text(&row["object"])).collect();
    assert_eq!(left, ["segment:0", "set:0"], "all others were tried");
    world.ok("ripcs", &["remove", "--if-exists", "set:7", "set:0"]);
    furnish();
    world.run("ripcs", &["remove", "--all", "queue:0"]).fails(2, "--all takes kinds");
    world.run("ripcs", &["remove", "queue"]).fails(2, "a kind is removed with --all alone");
    world.run("ripcs", &["remove", "--all", "pipe"]).fails(2, "the others end with their processes");
    world.run("ripcs", &["remove", "--all", "--dry-run", "segment"]).fails(0, "would remove segment:/x");
    world.ok("ripcs", &["remove", "--all", "queue", "segment", "set", "--user", "me"]);
    assert_eq!(world.ok("ripcs", &["list", "--json"]), "[]");
}

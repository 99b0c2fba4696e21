//! Orphans are found, and nothing that somebody uses; what is removed was looked at again.

use std::io::Write as _;

use serde_json::Value;

use super::stage::{Stage, rows, text};
use crate::support::{Call, Running, World, has, wait_until};

fn orphans(world: &World, kinds: &[&str]) -> Vec<Value> {
    let outcome = world.run("ripcs", &[&["orphans", "--json"], kinds].concat());
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    rows(&outcome)
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

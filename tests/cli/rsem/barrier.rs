//! `barrier`: parties meet, again and again, and those that die are not waited for as if they came.

use crate::support::{Call, Running, World};

fn party(world: &World, parties: &str) -> Running {
    world.start("rsem", &["barrier", "0x4b", parties])
}

fn values(world: &World) -> String {
    world.ok("rsem", &["get", "0x4b"])
}

#[test]
fn nobody_passes_before_all_have_come() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--count", "2"]);
    for _ in 0..3 {
        let early: Vec<Running> = (0..3).map(|_| party(&world, "4")).collect();
        for party in &early {
            party.wait_until_in(Call::Semtimedop);
        }
        assert_eq!(values(&world), "3\n0");
        world.ok("rsem", &["barrier", "0x4b", "4"]);
        for party in early {
            party.outcome().success();
        }
        assert_eq!(values(&world), "0\n0", "it can be used again");
    }
    world.ok("rsem", &["barrier", "0x4b", "1"]);
}

#[test]
fn many_rounds_of_many_parties_stay_in_step() {
    let Some(world) = World::new() else { return };
    // No party may be in a round that another has not begun.
    let script = "cd \"$(mktemp -d)\" || exit
        party() {
            for round in $(seq 40); do
                : > \"$round.$1\"
                rsem barrier --create 0x4b 5 --timeout 200 || exit
                set -- \"$1\" \"$round\".*
                [ $# = 6 ] || echo \"party $1 passed round $round with $(($# - 1))\"
            done
        }
        for party in a b c d e; do party \"$party\" & done; wait
        rm -r \"$PWD\"";
    assert_eq!(world.script(script, &[]).success(), "");
    assert_eq!(values(&world), "0\n0");
}

#[test]
fn more_processes_than_parties_pass_in_groups() {
    let Some(world) = World::new() else { return };
    let script = "for i in $(seq 60); do rsem barrier --create 0x4b 3 --timeout 200 & done; wait";
    world.script(script, &[]).success();
    assert_eq!(values(&world), "0\n0");
}

#[test]
fn a_party_that_dies_has_not_come() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--count", "2"]);
    for signal in ["KILL", "TERM"] {
        let (stays, dies) = (party(&world, "3"), party(&world, "3"));
        for party in [&stays, &dies] {
            party.wait_until_in(Call::Semtimedop);
        }
        dies.signal(signal);
        drop(dies.outcome());
        assert_eq!(values(&world), "1\n0");
        let replacement = party(&world, "3");
        replacement.wait_until_in(Call::Semtimedop);
        stays.wait_until_in(Call::Semtimedop);
        world.ok("rsem", &["barrier", "0x4b", "3"]);
        for party in [stays, replacement] {
            party.outcome().success();
        }
        assert_eq!(values(&world), "0\n0");
    }
}

#[test]
fn who_gives_up_has_not_come() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--count", "2"]);
    for patience in [&["--timeout", "0.1"][..], &["--nowait"]] {
        world.run("rsem", &[&["barrier", "0x4b", "2"], patience].concat()).fails(124, "1 of 2 have come to barrier");
        assert_eq!(values(&world), "0\n0");
    }
    assert_eq!(world.run("rsem", &["barrier", "0x4b", "2", "-nq"]).stderr(), "");
    let waiting = party(&world, "2");
    waiting.wait_until_in(Call::Semtimedop);
    world.ok("rsem", &["barrier", "0x4b", "2", "--nowait"]);
    waiting.outcome().success();
}

#[test]
fn what_is_no_barrier_is_refused() {
    let Some(world) = World::new() else { return };
    world.ok("rsem", &["create", "0x4b", "--count", "3"]);
    world.run("rsem", &["barrier", "0x4b", "2"]).fails(2, "a barrier is a set of 2 semaphores; set 0x0000004b has 3");
    world.run("rsem", &["barrier", "/s", "2", "--create"]).fails(2, "a POSIX semaphore is alone");
    world.run("rsem", &["barrier", "0x4c", "2"]).fails(3, "cannot open semaphore set");
    for parties in ["0", "32768", "-1"] {
        world.run("rsem", &["barrier", "--create", "0x4c", "--", parties]).fails(2, "");
    }
    let waiting = world.start("rsem", &["barrier", "--create", "0x4d", "2"]);
    waiting.wait_until_in(Call::Semtimedop);
    assert_eq!(world.run("rsem", &["remove", "0x4d"]).status(), 0);
    waiting.outcome().fails(3, "Identifier removed");
}

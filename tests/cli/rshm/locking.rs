//! Many processes at one cell.

use super::both_kinds;
use crate::support::{Running, World};

/// Starts this script so many times at once, and waits for all.
fn together(world: &World, count: usize, script: &str, arguments: &[&str]) {
    let all: Vec<Running> = (0..count).map(|_| Running::start(&mut world.sh(script, arguments))).collect();
    for one in all {
        one.outcome().success();
    }
}

#[test]
fn ten_thousand_additions_of_eight_processes_are_all_counted() {
    let Some(world) = World::new() else { return };
    world.ok("rshm", &["create", "/count", "--size", "8"]);
    let script = "n=0; while [ $((n += 1)) -le 1250 ]; do rshm add /count 0:u64 >/dev/null || exit; done";
    together(&world, 8, script, &[]);
    assert_eq!(world.ok("rshm", &["get", "/count", "0:u64"]), "10000");
}

#[test]
fn additions_in_the_other_byte_order_are_counted_too() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "8") {
        let script = "n=0; while [ $((n += 1)) -le 50 ]; do rshm add $1 4:u16be >/dev/null || exit; done";
        together(&world, 8, script, &[name]);
        assert_eq!(world.ok("rshm", &["get", name, "4:u16be", "4:u8"]), "400\n1");
    }
}

#[test]
fn a_lock_made_of_cas_lets_one_in_at_a_time() {
    let Some(world) = World::new() else { return };
    // What is under the lock is no single step: read, add, write.
    let script = "n=0
        while [ $((n += 1)) -le 25 ]; do
            until rshm cas $1 0:u32 0 $$ >/dev/null; do rshm wait $1 0:u32 eq 0 -q -t 20; done
            count=$(rshm get $1 8:u32)
            rshm put $1 8:u32 $((count + 1))
            [ \"$(rshm swap $1 0:u32 0)\" = $$ ] || echo \"somebody took the lock from $$\" >&2
        done";
    for name in both_kinds(&world, "16") {
        together(&world, 8, script, &[name]);
        assert_eq!(world.ok("rshm", &["get", name, "0:u32", "8:u32"]), "0\n200");
    }
}

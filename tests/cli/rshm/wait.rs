//! `wait`: until a cell has a value.

use super::both_kinds;
use crate::support::{Call, World, has};

#[test]
fn wait_prints_the_number_that_came() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "16") {
        for (cell, call) in [("0:i32", Call::Futex), ("8:i64be", Call::Nanosleep), ("1:i32", Call::Nanosleep)] {
            for (relation, value, wrong, right) in [
                ("eq", "-7", "7", "-7"),
                ("gt", "5", "5", "6"),
                ("ge", "5", "4", "5"),
                ("lt", "-5", "-5", "-6"),
                ("le", "-5", "-4", "-5"),
            ] {
                world.ok("rshm", &["put", name, cell, "0"]);
                let waiter = world.start("rshm", &["wait", name, cell, relation, value, "--timeout", "600"]);
                waiter.wait_until_in(call);
                world.ok("rshm", &["put", name, cell, wrong]);
                waiter.wait_until_in(call);
                world.ok("rshm", &["put", name, cell, right]);
                assert_eq!(waiter.outcome().success(), right, "{cell} {relation} {value}");
            }
        }
    }
}

#[test]
fn wait_for_a_change_begins_at_what_is_there() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "16") {
        for arguments in [&["changed"][..], &["changed", "0"], &["ne", "0"]] {
            world.ok("rshm", &["put", name, "0:u32", "0"]);
            let waiter = world.start("rshm", &[&["wait", "-t600", name, "0:u32"], arguments].concat());
            waiter.wait_until_in(Call::Futex);
            assert_eq!(world.ok("rshm", &["add", name, "0:u32", "3"]), "3");
            assert_eq!(waiter.outcome().success(), "3");
        }
        // It is different already.
        assert_eq!(world.ok("rshm", &["wait", name, "0:u32", "changed", "5", "--nowait"]), "3");
    }
}

#[test]
fn wait_sees_a_peer_that_wakes_nobody() {
    let Some(world) = World::new() else { return };
    if !has("perl") {
        return;
    }
    let segment = world.ok("rshm", &["create", "--size", "16"]);
    for (cell, call) in [("4:u32be", Call::Futex), ("4:u16be", Call::Nanosleep)] {
        world.ok("rshm", &["write", &segment, "--fill", "0"]);
        let waiter = world.start("rshm", &["wait", "-t600", &segment, cell, "ne", "0"]);
        waiter.wait_until_in(call);
        world.ok("perl", &["-e", "shmwrite($ARGV[0], pack('N', 0x00010002), 4, 4) or die $!", &segment]);
        assert_eq!(waiter.outcome().success(), if cell == "4:u32be" { "65538" } else { "1" });
    }
}

#[test]
fn patience_ends_with_124() {
    let Some(world) = World::new() else { return };
    for (name, called) in both_kinds(&world, "8").iter().zip(["segment 0", "object '/data'"]) {
        for more in [&["--timeout", "0.05"][..], &["--timeout", "0"], &["--nowait"], &["-n"]] {
            let words = format!("rshm: cell 0:u32 of {called} is still 0\n");
            world.run("rshm", &[&["wait", name, "0:u32", "eq", "1"], more].concat()).fails(124, &words);
            let quiet = world.run("rshm", &[&["wait", name, "0:u32", "eq", "1", "-q"], more].concat());
            quiet.fails(124, "");
            assert_eq!(quiet.stderr(), "");
        }
        assert_eq!(world.ok("rshm", &["wait", name, "0:u32", "eq", "0", "--nowait"]), "0");
        assert_eq!(world.ok("rshm", &["wait", name, "0:u32", "eq", "0", "--quiet"]), "");
        world.run("rshm", &["wait", name, "0:u32", "eq"]).fails(2, "a value to compare with is missing\n");
        world.run("rshm", &["wait", name, "0:u32", "like", "1"]).fails(2, "like");
        world.run("rshm", &["wait", name, "8:u32", "eq", "1"]).fails(1, "no cell 8:u32");
    }
    world.run("rshm", &["wait", "/none", "0:u32", "eq", "1"]).fails(3, "cannot open object '/none'");
    world.run("rshm", &["wait", "77", "0:u32", "eq", "1"]).fails(3, "no such identifier");
}

#[test]
fn who_waits_in_removed_memory_is_told() {
    let Some(world) = World::new() else { return };
    for (name, called) in both_kinds(&world, "8").iter().zip(["segment 0", "object '/data'"]) {
        for (cell, call) in [("0:u32", Call::Futex), ("0:u8", Call::Nanosleep)] {
            let made = world.ok("rshm", &["create", if *name == "0" { "private" } else { name }, "--size", "8"]);
            let waiter = world.start("rshm", &["wait", "-t600", &made, cell, "eq", "1"]);
            waiter.wait_until_in(call);
            world.ok("rshm", &["remove", "--quiet", &made]);
            waiter.outcome().fails(3, &format!("rshm: cannot access {}: ", called.replace('0', &made)));
        }
    }
}

#[test]
fn floats_compare_as_numbers() {
    let Some(world) = World::new() else { return };
    world.ok("rshm", &["create", "/data", "--size", "8"]);
    world.ok("rshm", &["put", "/data", "0:f64", "-0"]);
    assert_eq!(world.ok("rshm", &["wait", "/data", "0:f64", "eq", "0", "-n"]), "-0");
    world.ok("rshm", &["put", "/data", "0:f64", "nan"]);
    for relation in ["eq", "lt", "le", "gt", "ge"] {
        world.run("rshm", &["wait", "/data", "0:f64", relation, "1", "-n"]).fails(124, "is still NaN\n");
    }
    assert_eq!(world.ok("rshm", &["wait", "/data", "0:f64", "ne", "1", "-n"]), "NaN");
}

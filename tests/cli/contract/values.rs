//! Numbers out of range, negative sizes, empty names: bad usage, and nothing is changed.

use std::ffi::OsStr;

use super::{faces, refuses};
use crate::help::Face;
use crate::support::{Outcome, World};

/// What no option takes as its value.
const WRONG: &[&str] = &["", "-1", "1e9", "0x", "99999999999999999999", "1 2"];

/// What names no object.
const NAMELESS: &[&str] = &[
    "",
    "-1",
    "+1",
    "1e9",
    "2147483648",
    "99999999999999999999",
    "id:",
    "id:-1",
    "key:",
    "key:0",
    "key:0x100000000",
    "0x",
    "ftok:",
    "ftok:/:0",
    "ftok:/:256",
    "/",
    "/.",
    "/..",
    "/a/b",
    "file:",
    "Private",
];

/// A world with an object of each kind, to be left alone.
fn furnished() -> Option<(World, String)> {
    let world = World::new()?;
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, "one message"]);
    Some((world, queue))
}

fn inventory(world: &World) -> String {
    world.ok("ripcs", &["--json"])
}

#[test]
fn a_wrong_value_changes_nothing() {
    let Some((world, queue)) = furnished() else { return };
    let before = inventory(&world);
    for face in faces() {
        for option in
            face.options().iter().filter(|option| option.takes_value && !option.names_file && !option.takes_any_word)
        {
            for value in WRONG {
                let joined = format!("--{}={value}", option.long);
                let operand = face.needs_operand().then_some(OsStr::new(&queue));
                let line = face.line(&[joined.into()], operand);
                refuses(&Outcome::of(world.command(face.tool).args(line)), &face, 2);
            }
        }
    }
    assert_eq!(inventory(&world), before);
}

#[test]
fn a_number_outside_its_range_changes_nothing() {
    let Some((world, queue)) = furnished() else { return };
    let before = inventory(&world);
    let table: &[(&str, &str, &[&str])] = &[
        ("rmsgq", "recv", &["--timeout", "-1"]),
        ("rmsgq", "recv", &["--timeout", "1e9"]),
        ("rmsgq", "recv", &["--timeout", "inf"]),
        ("rmsgq", "recv", &["--count", "-1"]),
        ("rmsgq", "recv", &["--count", "18446744073709551616"]),
        ("rmsgq", "recv", &["--count", "1.5"]),
        ("rmsgq", "recv", &["--type", "0"]),
        ("rmsgq", "recv", &["--type=-1"]),
        ("rmsgq", "recv", &["--up-to", "0"]),
        ("rmsgq", "recv", &["--not-type", "9223372036854775808"]),
        ("rmsgq", "send", &["x", "--type", "0"]),
        ("rmsgq", "send", &["x", "--type", "9223372036854775808"]),
        ("rmsgq", "send", &["x", "--priority", "32768"]),
        ("rmsgq", "send", &["x", "--priority", "1"]),
        ("rmsgq", "set", &["--max-bytes", "99999999999999999999"]),
        ("rmsgq", "set", &["--max-bytes", "16E"]),
        ("rmsgq", "set", &["--mode", "1777"]),
        ("rmsgq", "set", &["--mode", "8"]),
        ("rmsgq", "set", &["--owner", "4294967296"]),
        ("rshm", "create", &["--size", "1"]),
        ("rshm", "read", &["--offset", "16E"]),
        ("rshm", "write", &["--fill", "256"]),
        ("rshm", "write", &["--fill", "0x100"]),
        ("rshm", "write", &["x", "--length", "1"]),
        ("rshm", "watch", &["--count", "0"]),
        ("rshm", "watch", &["--interval", "-1"]),
        ("rshm", "put", &["0:u8", "1", "--wake=0"]),
        ("rshm", "put", &["0:u32", "1", "--wake=2147483648"]),
        ("rshm", "set", &["--mode", "1777"]),
    ];
    for (name, verb, more) in table {
        let outcome = world.run(name, &[&[*verb, &queue], *more].concat());
        outcome.fails(2, &format!("{name}: "));
    }
    assert_eq!(inventory(&world), before);
}

#[test]
fn what_names_nothing_is_bad_usage() {
    let Some((world, _)) = furnished() else { return };
    let before = inventory(&world);
    let named = |face: &&Face| face.needs_operand() || face.verb.as_deref() == Some("create");
    let otherwise = |face: &&Face| !face.names_path() && !face.takes_path() && !face.names_pipe();
    for face in faces().iter().filter(named).filter(otherwise) {
        // To ripcs a path names what is open there.
        for operand in NAMELESS.iter().filter(|operand| face.tool != "ripcs" || **operand != "/a/b") {
            let line = face.line(&[], Some(OsStr::new(operand)));
            refuses(&Outcome::of(world.command(face.tool).args(line)), face, 2);
        }
    }
    assert_eq!(inventory(&world), before);
}

#[test]
fn set_wants_a_change() {
    let Some((world, queue)) = furnished() else { return };
    let outcome = Outcome::of(world.command("rmsgq").args(["set", &queue]));
    outcome.fails(2, "--mode");
}

#[test]
fn the_user_that_cannot_be_is_refused() {
    let Some((world, queue)) = furnished() else { return };
    world.run("rmsgq", &["set", &queue, "--owner", "4294967295"]).fails(2, "--owner");
}

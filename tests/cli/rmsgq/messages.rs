//! What goes in comes out: bytes, order, types, framing.

use crate::support::{Running, World};

#[test]
fn a_thousand_lines_come_back_in_order() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines = (1..=1000).map(|number| format!("m{number}")).collect::<Vec<_>>().join("\n") + "\n";
    world.feed("rmsgq", &["send", &queue], lines.as_bytes()).success();
    let got = world.run("rmsgq", &["recv", &queue, "--count", "1000"]);
    assert_eq!(got.stdout(), lines.as_bytes());
}

#[test]
fn four_writers_lose_and_double_nothing() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let reader = world.start("rmsgq", &["recv", &queue, "--count", "10000"]);
    let writers: Vec<Running> = (0..4)
        .map(|writer| {
            let script = "seq -f \"$2-%g\" 2500 | rmsgq send \"$1\"";
            Running::start(&mut world.sh(script, &[&queue, &writer.to_string()]))
        })
        .collect();
    for writer in writers {
        writer.outcome().success();
    }
    let got = reader.outcome().success();
    let mut lines: Vec<&str> = got.lines().collect();
    // Each writer's own messages stay in order.
    for writer in 0..4 {
        let own = lines.iter().filter(|line| line.starts_with(&format!("{writer}-")));
        assert!(own.eq((1..=2500).map(|number| format!("{writer}-{number}")).collect::<Vec<_>>().iter()));
    }
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 10_000);
}

#[test]
fn messages_are_bytes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let bytes: Vec<u8> = (0..=255).chain(*b"\n\0\n").collect();
    world.feed("rmsgq", &["send", &queue, "--whole"], &bytes).success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--raw"]).stdout(), bytes);

    world.feed("rmsgq", &["send", &queue, "--null"], b"a\nb\0\0c").success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "-0", "--count", "3"]).stdout(), b"a\nb\0\0c\0");

    let prefixed = b"\0\0\0\x03a\0b\0\0\0\0\0\0\0\x01\n";
    world.feed("rmsgq", &["send", &queue, "--length-prefixed"], prefixed).success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--length-prefixed", "--count", "3"]).stdout(), prefixed);
}

#[test]
fn json_keeps_type_and_bytes() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines =
        "{\"type\":7,\"text\":\"a\\nb\"}\n{\"base64\":\"/wD+\"}\n{\"type\":9223372036854775807,\"text\":\"\"}\n";
    world.feed("rmsgq", &["send", &queue, "--json", "--type", "3"], lines.as_bytes()).success();
    let got = world.ok("rmsgq", &["recv", &queue, "--json", "--count", "3"]);
    assert_eq!(
        got,
        "{\"type\":7,\"size\":3,\"text\":\"a\\nb\"}\n{\"type\":3,\"size\":3,\"base64\":\"/wD+\"}\n\
         {\"type\":9223372036854775807,\"size\":0,\"text\":\"\"}"
    );
}

#[test]
fn a_record_that_is_no_message_is_told_and_the_others_go() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let lines = "{\"text\":\"one\"}\nnonsense\n{\"type\":0,\"text\":\"two\"}\n{\"text\":\"three\"}\n";
    let sent = world.feed("rmsgq", &["send", &queue, "--json"], lines.as_bytes());
    sent.fails(1, "rmsgq: record 2 is not sent: expected ident");
    sent.fails(1, "rmsgq: record 3 is not sent: type 0 is not between 1 and 9223372036854775807");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--count", "2"]), "one\nthree");
}

#[test]
fn types_select() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    for kind in ["5", "3", "9", "3"] {
        world.ok("rmsgq", &["send", &queue, "--type", kind, &format!("t{kind}")]);
    }
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--type", "9"]), "t9");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--up-to", "5"]), "t3");
    assert_eq!(world.ok("rmsgq", &["recv", &queue, "--not-type", "5"]), "t3");
    world.run("rmsgq", &["recv", &queue, "--not-type", "5", "--nowait"]).fails(124, "no message");
    assert_eq!(world.ok("rmsgq", &["recv", &queue]), "t5");
}

#[test]
fn empty_messages_are_messages() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rmsgq", &["send", &queue, ""]);
    world.feed("rmsgq", &["send", &queue], b"\n").success();
    world.feed("rmsgq", &["send", &queue], b"").success();
    world.feed("rmsgq", &["send", &queue, "--whole"], b"").success();
    assert_eq!(world.run("rmsgq", &["recv", &queue, "--count", "3"]).stdout(), b"\n\n\n");
    world.run("rmsgq", &["recv", &queue, "--nowait"]).fails(124, "no message");
}

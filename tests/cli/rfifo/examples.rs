//! What the example scripts on FIFOs print.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, World};

/// Runs a script of `examples/`: what it printed.
fn example(world: &World, name: &str) -> String {
    let script = Path::new(PACKAGE).join("examples").join(name);
    Outcome::of(world.command("sh").arg(script)).success()
}

#[test]
fn strangers_wait_for_each_other() {
    let Some(world) = World::new() else { return };
    let expected = "a writer comes first, and waits:
   rfifo: blocked opening to write
a reader comes:
   hello, whoever you are
a reader comes first, a program that knows only files:
   and a writer that is only a shell
nobody comes: neither waits longer than it is told
   the reader gave up with status 124
   the writer gave up with status 124";
    assert_eq!(example(&world, "fifo-strangers.sh"), expected);
}

#[test]
fn every_client_gets_its_reply_from_one_server() {
    let Some(world) = World::new() else { return };
    let replies: Vec<String> = (1..=8).map(|number| format!("{number} squared is {}\n", number * number)).collect();
    let expected = format!("{}the server ended with status 0\nleft over: 0", replies.concat());
    assert_eq!(example(&world, "fifo-server.sh"), expected);
}

#[test]
fn several_writers_and_several_readers_tear_nothing() {
    let Some(world) = World::new() else { return };
    let expected = "four writers, one reader:
   records: 1000, each once: 1000
   torn: 0
   those of writer 1 in order
   those of writer 2 in order
   those of writer 3 in order
   those of writer 4 in order
one writer, three readers:
   records: 1200, each once: 1200
   torn: 0";
    assert_eq!(example(&world, "fifo-sharing.sh"), expected);
}

#[test]
fn the_end_cases_are_seen_while_they_hold() {
    let Some(world) = World::new() else { return };
    let expected = "all writers gone: the rest, and then the end
   the rest
a silent writer: the reader sleeps
   cat: blocked reading
   sleep: open to write
   sleep does not write to it, which is empty
a reader that does not read: the writer sleeps
   sleep: open to read
   yes: blocked writing
   sleep does not read it, which is full
the last reader goes: SIGPIPE for the writer
   status 141, signal PIPE
everybody gone: nothing is kept
   unread while it is open: 11
   unread afterwards: 0";
    assert_eq!(example(&world, "fifo-ends.sh"), expected);
}

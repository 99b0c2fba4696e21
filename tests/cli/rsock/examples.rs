//! The examples of sockets print what they say.

use std::path::Path;

use crate::support::{Outcome, PACKAGE, World};

fn printed(script: &str) -> Option<String> {
    let world = World::new()?;
    let path = Path::new(PACKAGE).join("examples").join(script);
    Some(Outcome::of(world.command("sh").arg(path)).success())
}

#[test]
fn a_server_and_its_clients() {
    let expected = "unix: 1 + 2 is 3\nunix: 20 + 22 is 42\nunix: not a sum\ntcp: 1 + 2 is 3\ntcp: 20 + 22 is 42\ntcp: not a sum\n\
        8 clients asked 10 times each: 80 answers, 0 wrong";
    if let Some(printed) = printed("socket-server.sh") {
        assert_eq!(printed, expected);
    }
}

#[test]
fn packets_and_bytes() {
    let expected = "stream: the bounds are lost:\n  onetwothree\nseqpacket: the bounds are kept:\n  [one]\n  [two]\n  []\n  [three]\n\
        dgram: without a connection:\n  [from a]\n  [from b]";
    if let Some(printed) = printed("socket-types.sh") {
        assert_eq!(printed, expected);
    }
}

#[test]
fn a_log_that_its_clients_write_to() {
    let expected = "the file has lines of both:\n  alpha was here\n  beta was here\nneither could have opened it";
    if let Some(printed) = printed("pass-a-file.sh") {
        assert_eq!(printed, expected);
    }
}

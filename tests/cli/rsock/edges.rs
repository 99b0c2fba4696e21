//! Packets and records keep their edges, whatever is in them.

use crate::support::{Outcome, World};

use super::listen::ready;

/// Records of all sizes that could be special, each behind its length.
fn records() -> (usize, Vec<u8>) {
    let near = |size: usize| size.saturating_sub(2)..=size + 2;
    let sizes: Vec<usize> = (0..=260)
        .chain([512, 1024, 4096, 8192, 16_384, 32_768, 65_534].into_iter().flat_map(near))
        .chain([0, 65_536, 0, 1, 0])
        .collect();
    let mut bytes = Vec::new();
    for (number, &size) in sizes.iter().enumerate() {
        bytes.extend(u32::try_from(size).expect("small").to_be_bytes());
        bytes.extend((0..size).map(|at| ((at * 31) ^ number).to_le_bytes()[0]));
    }
    (sizes.len(), bytes)
}

/// What comes out of this command, and these bytes are sent to it.
fn come(world: &World, receive: &str, send: &[&str], bytes: &[u8]) -> Vec<u8> {
    let script = format!("exec rsock {receive} --length-prefixed >/dev/shm/out");
    let receiver = world.start("sh", &["-c", &script]);
    world.feed("rsock", &[&["send", "--wait", "--length-prefixed"], send].concat(), bytes).success();
    receiver.outcome().success();
    world.run("cat", &["/dev/shm/out"]).stdout().to_vec()
}

#[test]
fn datagrams_of_all_sizes_come_as_they_went() {
    let Some(world) = World::new() else { return };
    let (count, bytes) = records();
    let receive = format!("recv --type dgram --count {count} unix:/dev/shm/d");
    assert!(come(&world, &receive, &["--type", "dgram", "unix:/dev/shm/d"], &bytes) == bytes);
    world.script("test ! -e /dev/shm/d", &[]).success();
}

#[test]
fn packets_of_all_sizes_come_as_they_went() {
    let Some(world) = World::new() else { return };
    let (_, bytes) = records();
    let receive = "listen --once --type seqpacket unix:/dev/shm/s";
    assert!(come(&world, receive, &["--type", "seqpacket", "unix:/dev/shm/s"], &bytes) == bytes);
    // And both ways at once, through one connection.
    let script = "exec 3<&0; rsock recv fd:3 --length-prefixed | rsock send fd:3 --length-prefixed";
    let (_listener, address) = ready(&world, &["unix:/dev/shm/e", "--type", "seqpacket", "--exec", "sh", "-c", script]);
    let connect = ["connect", "--type", "seqpacket", "--length-prefixed", &address];
    assert!(world.feed("rsock", &connect, &bytes).stdout() == bytes);
}

#[test]
fn records_of_a_stream_come_as_they_went() {
    let Some(world) = World::new() else { return };
    let (_, bytes) = records();
    assert!(come(&world, "listen --once unix:/dev/shm/s", &["unix:/dev/shm/s"], &bytes) == bytes);
    for (option, end) in [("--null", 0), ("--lines", b'\n')] {
        let (listener, address) = ready(&world, &["--once", option, "unix:/dev/shm/s"]);
        let text = [&b"a\tb"[..], &[end], b"", &[end], b"\xff\xfe", &[end]].concat();
        let options: &[&str] = if end == 0 { &["send", "--null", &address] } else { &["send", &address] };
        world.feed("rsock", options, &text).success();
        assert_eq!(listener.outcome().stdout(), text);
    }
}

#[test]
fn json_carries_what_is_no_text() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["--once", "--type", "seqpacket", "--json", "unix:/dev/shm/s"]);
    let lines = "{\"text\":\"a\\nb\"}\n{\"base64\":\"/wA=\"}\n{\"text\":\"\",\"connection\":9}\n";
    world.feed("rsock", &["send", "--type", "seqpacket", "--json", &address], lines.as_bytes()).success();
    let expected = "{\"connection\":1,\"size\":3,\"text\":\"a\\nb\"}\n{\"connection\":1,\"size\":2,\"base64\":\"/wA=\"}\n\
        {\"connection\":1,\"size\":0,\"text\":\"\"}";
    assert_eq!(listener.outcome().success(), expected);
    let wrong = world.feed("rsock", &["send", "exec:cat >/dev/null", "--json"], b"{\"text\":\"a\"}\nnonsense\n");
    wrong.fails(1, "1 record went to 'exec:cat >/dev/null' before this failed: a line of standard input");
}

#[test]
fn a_packet_that_is_too_long_is_refused() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["--once", "--type", "seqpacket", "unix:/dev/shm/s"]);
    let send = ["send", "--type", "seqpacket", "--whole", &address];
    let outcome = world.feed("rsock", &send, &vec![b'x'; 16 * 1024 * 1024]);
    outcome.fails(1, "cannot send a packet of 16777216 bytes: Message too long");
    assert_eq!(listener.outcome().success(), "");
}

#[test]
fn packets_that_nobody_reads_are_told() {
    let Some(world) = World::new() else { return };
    let script = "rsock recv --type dgram unix:/dev/shm/d >/dev/full";
    let receiver = world.start("sh", &["-c", script]);
    world.ok("rsock", &["send", "--wait", "--type", "dgram", "unix:/dev/shm/d", "precious"]);
    let outcome: Outcome = receiver.outcome();
    assert_eq!(outcome.status(), 1);
    let stderr = outcome.stderr();
    assert!(stderr.contains("\"size\":8,\"text\":\"precious\"}"), "{stderr}");
    assert!(stderr.contains("cannot write to standard output: No space left on device"), "{stderr}");
}

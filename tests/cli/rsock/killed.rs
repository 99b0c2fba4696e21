//! Either side is killed in the middle: the other never hangs past its timeout.

use std::io::{Read as _, Write as _};

use crate::support::{Call, World, wait_until};

use super::listen::ready;

#[test]
fn a_client_outlives_its_server() {
    let Some(world) = World::new() else { return };
    for place in ["unix:/dev/shm/s", "tcp:127.0.0.1:0"] {
        // It answers with half of what it should, and is killed with all that it started.
        let script = "read x; echo half; sleep 1000";
        for (arguments, answer) in [(&["ask", "-t", "100"][..], "half\n"), (&["connect", "-t", "100"], "half\n")] {
            let (listener, address) = ready(&world, &[place, "--exec", "sh", "-c", script]);
            let mut client = world.start("rsock", &[arguments, &[&address]].concat());
            let (mut input, mut output) = client.pipes();
            input.write_all(b"question\n").expect("a pipe");
            let mut half = [0; 5];
            output.read_exact(&mut half).expect("it comes");
            assert_eq!(&half[..], answer.as_bytes());
            drop(listener);
            // Its input stays open: what ends it is the end of the server. TCP tells of that when it is
            // sent something.
            if place.starts_with("tcp") && arguments[0] == "connect" {
                input.write_all(b"more").expect("a pipe");
            }
            let mut rest = Vec::new();
            output.read_to_end(&mut rest).expect("a pipe");
            let outcome = client.outcome();
            assert!([0, 1].contains(&outcome.status()), "{}", outcome.stderr());
        }
    }
}

#[test]
fn a_framed_question_without_its_answer_is_an_error() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "sh", "-c", "read x; sleep 1000"]);
    let client = world.start("rsock", &["ask", "--lines", &address, "question"]);
    client.wait_until_in(Call::Read);
    drop(listener);
    // Reset, where the server had not read the question.
    client.outcome().fails(1, "answer");
}

#[test]
fn a_listener_outlives_its_clients() {
    let Some(world) = World::new() else { return };
    let (mut listener, address) = ready(&world, &["--json", "unix:/dev/shm/s"]);
    for number in 1..=3 {
        let mut client = world.start("rsock", &["connect", &address]);
        let (mut input, _output) = client.pipes();
        input.write_all(b"whole\nhal").expect("a pipe");
        assert_eq!(listener.line(), format!("{{\"connection\":{number},\"size\":5,\"text\":\"whole\"}}"));
        client.signal("KILL");
        assert_eq!(client.outcome().status(), 137);
        // What had come of the second record is told at the end.
        assert_eq!(listener.line(), format!("{{\"connection\":{number},\"size\":3,\"text\":\"hal\"}}"));
    }
    world.ok("rsock", &["send", &address, "still"]);
    assert!(listener.line().ends_with("\"text\":\"still\"}"));
}

#[test]
fn commands_see_the_end_of_a_killed_client() {
    let Some(world) = World::new() else { return };
    let script = "echo $$; cat >/dev/null; echo ended >>/dev/shm/ends";
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "-j1", "--exec", "sh", "-c", script]);
    for number in 1..=3 {
        let mut client = world.start("rsock", &["connect", &address]);
        client.line();
        client.signal("KILL");
        drop(client);
        wait_until("the command has ended", || {
            world.script("cat /dev/shm/ends 2>/dev/null | wc -l", &[]).success() == number.to_string()
        });
    }
}

#[test]
fn a_killed_sender_leaves_whole_packets() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["--once", "--type", "seqpacket", "unix:/dev/shm/s"]);
    let mut client = world.start("rsock", &["connect", "--type", "seqpacket", &address]);
    let (mut input, _output) = client.pipes();
    input.write_all(b"first\nsecond\nthi").expect("a pipe");
    client.wait_until_in(Call::Receive);
    let mut listener = listener;
    assert_eq!([listener.line(), listener.line()], ["first", "second"]);
    client.signal("KILL");
    client.outcome();
    assert_eq!(listener.outcome().success(), "");
}

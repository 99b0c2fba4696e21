//! `rpipe peek`: what lies unread in a pipe, and stays there.

use std::io::Write as _;

use super::rpipe;
use crate::support::{Running, tool};

/// A process that has these bytes on its standard input, and reads them when it is told to by a signal.
fn holder(bytes: &[u8]) -> (Running, String) {
    let script = "trap 'cat; exit' USR1; echo ready; while :; do sleep 0.01; done";
    let mut running = Running::start(tool("sh").args(["-c", script]));
    assert_eq!(running.line(), "ready");
    let mut input = running.input();
    input.write_all(bytes).expect("room");
    let target = format!("{}:0", running.id());
    (running, target)
}

#[test]
fn what_is_shown_is_still_there() {
    let (running, target) = holder(b"one\ntwo\n\xff");
    for _ in 0..3 {
        assert_eq!(rpipe(&["peek", &target]).stdout(), b"one\ntwo\n\xff");
    }
    assert_eq!(rpipe(&["peek", &target, "--size", "5"]).stdout(), b"one\nt");
    let hex = rpipe(&["peek", &target, "--hex"]).success();
    assert!(hex.starts_with("00000000  6f 6e 65 0a 74 77 6f 0a  ff") && hex.ends_with("\n00000009"), "{hex}");
    let json: serde_json::Value =
        serde_json::from_str(&rpipe(&["peek", &target, "--json", "-s", "4"]).success()).expect("JSON");
    assert_eq!((json["size"].as_u64(), json["text"].as_str()), (Some(4), Some("one\n")));
    running.signal("USR1");
    assert_eq!(running.outcome().stdout(), b"one\ntwo\n\xff");
}

#[test]
fn an_empty_pipe_shows_nothing_and_a_full_one_all() {
    let (_running, target) = holder(b"");
    assert_eq!(rpipe(&["peek", &target]).success(), "");
    let many = vec![b'x'; 65536];
    let (_running, target) = holder(&many);
    assert!(rpipe(&["peek", &target]).stdout() == many);
}

#[test]
fn it_does_not_stay_a_reader() {
    // The writer sleeps until its reader goes: then it dies of SIGPIPE, whoever has looked.
    let mut writer = Running::start(tool("yes").arg("y"));
    writer.wait_until_in(crate::support::Call::Write);
    let target = format!("{}:1", writer.id());
    // The reader is this test.
    assert_eq!(rpipe(&["peek", &target, "--size", "4"]).stdout(), b"y\ny\n");
    writer.close_stdout();
    assert_eq!(writer.outcome().status(), 141);
}

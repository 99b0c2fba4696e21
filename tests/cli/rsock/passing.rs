//! Descriptors that travel, and commands with two ends.

use crate::support::{Call, Outcome, World, has, tool};

#[test]
fn a_pipe_of_one_script_is_written_to_by_another() {
    let Some(world) = World::new() else { return };
    let other = "rsock recv-fd unix:/dev/shm/f -- sh -c 'echo \"$LISTEN_FDS $RSOCK_MESSAGE\" >&3'";
    let other = world.start("sh", &["-c", other]);
    let own = "rsock send-fd --wait unix:/dev/shm/f 5 --message 'for you' 5>&1 | cat";
    assert_eq!(world.script(own, &[]).success(), "1 for you");
    other.outcome().success();
    world.script("test ! -e /dev/shm/f", &[]).success();
}

#[test]
fn many_descriptors_keep_their_order() {
    let Some(world) = World::new() else { return };
    world.script("for i in 1 2 3 4 5; do echo file $i >/dev/shm/$i; done", &[]).success();
    for kind in ["stream", "seqpacket", "dgram"] {
        let read = "test $LISTEN_PID = $$; echo $?; cat <&3 <&4; cat <&5; cat <&6; cat <&7; echo $LISTEN_FDNAMES";
        let receiver = world.start("rsock", &["recv-fd", "--type", kind, "unix:/dev/shm/f", "--", "sh", "-c", read]);
        let send = "rsock send-fd --wait --type $1 unix:/dev/shm/f 9 8 7 6 5 5</dev/shm/1 6</dev/shm/2 7</dev/shm/3 8</dev/shm/4 9</dev/shm/5";
        world.script(send, &[kind]).success();
        let expected = "0\nfile 4\nfile 3\nfile 2\nfile 1\nreceived:received:received:received:received";
        assert_eq!(receiver.outcome().success(), expected, "{kind}");
    }
}

#[test]
fn either_side_may_listen() {
    let Some(world) = World::new() else { return };
    let giver = world.start("rsock", &["send-fd", "--listen", "unix:/dev/shm/f", "0", "2"]);
    giver.wait_until_in(Call::Accept);
    let json = world.ok("rsock", &["recv-fd", "--connect", "unix:/dev/shm/f", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["text"], "\0");
    let list = json["descriptors"].as_array().expect("a list");
    assert_eq!((list.len(), &list[0]["access"], &list[1]["access"]), (2, &"read".into(), &"write".into()));
    assert!(list[0]["target"].as_str().is_some_and(|target| target.starts_with("pipe:[")));
    giver.outcome().success();
}

#[test]
fn what_cannot_travel_is_told() {
    let Some(world) = World::new() else { return };
    world.run("rsock", &["send-fd", "unix:/dev/shm/f", "77"]).fails(1, "descriptor 77: Bad file descriptor");
    world.run("rsock", &["send-fd", "tcp:127.0.0.1:9", "0"]).fails(2, "descriptors do not leave the machine");
    let receiver = world.start("rsock", &["recv-fd", "unix:/dev/shm/f", "--", "true"]);
    world.ok("rsock", &["send", "--wait", "unix:/dev/shm/f", "only text"]);
    receiver.outcome().fails(125, "brought no descriptor");
    let receiver = world.start("rsock", &["recv-fd", "unix:/dev/shm/f", "--", "/no/such/command"]);
    world.ok("rsock", &["send-fd", "--wait", "unix:/dev/shm/f", "0"]);
    assert_eq!(receiver.outcome().status(), 127);
    let few = "ulimit -n 9; exec rsock recv-fd unix:/dev/shm/f -- true";
    let receiver = world.start("sh", &["-c", few]);
    world.ok("rsock", &["send-fd", "--wait", "unix:/dev/shm/f", "0", "0", "0", "0", "0", "0", "0", "0", "0"]);
    receiver.outcome().fails(125, "Too many open files");
}

#[test]
fn two_commands_talk() {
    let script =
        ["pair", "--", "sh", "-c", "echo ping; read x; test \"$x\" = pong", ":::", "sh", "-c", "read x; echo pong"];
    Outcome::of(tool("rsock").args(script)).success();
    let status = |left: &str, right: &str| {
        Outcome::of(tool("rsock").args(["pair", "--", "sh", "-c", left, ":::", "sh", "-c", right])).status()
    };
    assert_eq!([status("exit 3", "exit 4"), status("exit 0", "exit 4"), status("kill -9 $$", ":")], [3, 4, 137]);
    for words in [&["true"][..], &[":::"], &["true", ":::"], &[":::", "true"], &["a", ":::", "b", ":::", "c"]] {
        let outcome = Outcome::of(tool("rsock").args([&["pair", "--"], words].concat()));
        outcome.fails(2, ":::");
    }
    Outcome::of(tool("rsock").args(["pair", "--", "sleep", "1000", ":::", "/no/such/command"]))
        .fails(127, "cannot run");
}

#[test]
fn signals_reach_both_of_a_pair() {
    let Some(world) = World::new() else { return };
    let trap = "trap 'echo $0 >&2; exit 7' TERM; echo >&2; while :; do sleep 0.01; done";
    let pair = world.start("rsock", &["pair", "--", "sh", "-c", trap, "left", ":::", "sh", "-c", "exec sleep 1000"]);
    crate::support::wait_until("both run", || {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", pair.id())).unwrap_or_default();
        children.split_whitespace().count() == 2
            && children.split_whitespace().all(|pid| {
                let command = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
                ["sh\n", "sleep\n"].contains(&command.as_str())
            })
    });
    if has("sh") {
        pair.signal("TERM");
    }
    let outcome = pair.outcome();
    assert!([7, 143].contains(&outcome.status()), "{}", outcome.stderr());
}

#[test]
fn packets_of_a_pair_keep_their_edges() {
    let Some(world) = World::new() else { return };
    let left = "printf 'a\\nb\\0\\0c\\0' | rsock send -0 fd:1; exec rsock recv fd:0";
    let script =
        ["pair", "--type", "seqpacket", "--", "sh", "-c", left, ":::", "sh", "-c", "rsock recv --json -c 3 fd:0 >&2"];
    let outcome = world.run("rsock", &script);
    assert_eq!(outcome.status(), 0);
    let sizes: Vec<String> =
        outcome.stderr().lines().map(|line| line.split("\"size\":").nth(1).unwrap_or(line)[..1].to_owned()).collect();
    assert_eq!(sizes, ["3", "0", "1"], "{}", outcome.stderr());
}

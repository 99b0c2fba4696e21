//! What is there, who has it, and who is at the other end.

use serde_json::Value;

use crate::support::{Outcome, Running, World, has, wait_until};

use super::listen::ready;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The objects that `show --json` prints for a socket.
fn shown(world: &World, socket: &str) -> Vec<Value> {
    told(&world.run("rsock", &["show", "--json", socket])).lines().map(json).collect()
}

/// What it printed; that some processes could not be looked at may stand beside it.
fn told(outcome: &Outcome) -> String {
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    String::from_utf8_lossy(outcome.stdout()).trim_end().to_owned()
}

/// A client that stays, seen by its server.
fn stay(world: &World, address: &str, seen: &mut Running) -> Running {
    let mut client = world.start("rsock", &["connect", address]);
    let (mut input, output) = client.pipes();
    std::io::Write::write_all(&mut input, b"here\n").expect("a pipe");
    assert!(seen.line().ends_with("here"));
    // They stay open as long as the client.
    std::mem::forget((input, output));
    client
}

#[test]
fn both_ends_are_named() {
    let Some(world) = World::new() else { return };
    for place in ["unix:/dev/shm/s", "tcp:127.0.0.1:0", &format!("unix:@ripc-both-{}", std::process::id())] {
        let (mut listener, address) = ready(&world, &[place]);
        let client = stay(&world, &address, &mut listener);
        let all = shown(&world, &address);
        let server_end = all.iter().find(|socket| socket["state"] == "connected").expect("the connection");
        let listening = all.iter().find(|socket| socket["state"] == "listening").expect("the listener");
        let holder = |socket: &Value, what: &str| socket[what][0].as_str().unwrap_or_default().to_owned();
        let (ours, theirs) = (format!("{}:", listener.id()), format!("{}:", client.id()));
        assert!(holder(listening, "holder").starts_with(&ours) && holder(listening, "holder").ends_with(" rsock"));
        assert_eq!((&listening["waiting"], &listening["backlog"]), (&0.into(), &4096.into()));
        assert!(holder(server_end, "holder").starts_with(&ours), "{server_end}");
        assert!(holder(server_end, "peer").starts_with(&theirs), "{server_end}");
        assert_eq!(server_end["processes"][0]["pid"], listener.id());
        // From the other end, by process and descriptor, and by inode.
        let descriptor = holder(server_end, "peer");
        let client_end = &shown(&world, descriptor.split(' ').next().expect("a word"))[0];
        assert_eq!(client_end["peer_inode"], server_end["inode"]);
        let by_inode = &shown(&world, &format!("inode:{}", server_end["inode"]))[0];
        assert_eq!(by_inode["peer"], server_end["peer"]);
    }
}

#[test]
fn queues_are_told() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "--backlog", "7", "-j1", "--exec", "sleep", "1000"]);
    world.ok("rsock", &["send", &address, "taken"]);
    let listening = || {
        let all = shown(&world, &address);
        all.into_iter().find(|socket| socket["state"] == "listening").expect("the listener")
    };
    wait_until("the first is accepted", || listening()["waiting"] == 0);
    for _ in 0..3 {
        world.ok("rsock", &["send", &address, "waits"]);
    }
    let listening = listening();
    assert_eq!((&listening["waiting"], &listening["backlog"]), (&3.into(), &7.into()));
    if has("python3") {
        let script = "import socket, sys, os
a, b = socket.socketpair(); a.send(b'12345'); print(os.getpid(), a.fileno(), b.fileno(), flush=True); sys.stdin.read()";
        let mut python = world.start("python3", &["-c", script]);
        let line = python.line();
        let [pid, a, b] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(shown(&world, &format!("{pid}:{b}"))[0]["unread"], 5);
        assert!(shown(&world, &format!("{pid}:{a}"))[0]["unsent"].as_u64() > Some(5));
    }
}

#[test]
fn the_list_has_what_ss_has() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(&world, &[&format!("unix:/dev/shm/in-the-list-{}", std::process::id())]);
    let list = json(&told(&world.run("rsock", &["list", "--json", "--listening"])));
    let own = list.as_array().expect("a list").iter().find(|socket| socket["name"] == address.as_str());
    assert_eq!(own.expect("it is there")["type"], "stream");
    if has("ss") {
        let theirs = world.script("ss -Hxl | grep -cF \"${1#unix:} \"", &[&address]).success();
        assert_eq!(theirs, "1");
    }
    let table = world.run("rsock", &["list", "-l", "-o", "name,state,+family"]);
    let text = String::from_utf8_lossy(table.stdout()).into_owned();
    assert!(text.lines().any(|line| line.split_whitespace().eq([&address, "listening", "unix"])), "{text}");
    let (_tcp, address) = ready(&world, &["tcp:127.0.0.1:0"]);
    let text = world.run("rsock", &["list", "-l"]);
    assert!(String::from_utf8_lossy(text.stdout()).contains(&address));
}

#[test]
fn what_is_not_there_is_told() {
    let Some(world) = World::new() else { return };
    let not_there: [(&str, i32); 6] = [
        ("unix:/dev/shm/none", 3),
        ("unix:@ripc-no-such-name", 3),
        ("tcp:127.0.0.1:1", 3),
        ("inode:1", 3),
        ("2147483647:0", 3),
        ("fd:0", 2),
    ];
    for (socket, status) in not_there {
        let outcome = world.run("rsock", &["show", socket]);
        assert_eq!((outcome.status(), outcome.stdout()), (status, &b""[..]), "{socket}: {}", outcome.stderr());
    }
}

#[test]
fn peers_are_who_they_are() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["unix:/dev/shm/s"]);
    let peer = json(&world.ok("rsock", &["peer", "--json", &address]));
    assert_eq!((&peer["pid"], peer["command"].as_str()), (&listener.id().into(), Some("rsock")));
    assert_eq!(peer["uid"].to_string(), world.script("id -u", &[]).success());
    if let Some(process) = peer["process"].as_str() {
        world.ok("rsignal", &["send", "--signal", "TERM", process]);
        assert_eq!(listener.outcome().status(), 143);
    }
    let (listener, address) = ready(&world, &["tcp:127.0.0.1:0"]);
    let peer = json(&world.ok("rsock", &["peer", "--json", &address]));
    assert_eq!(peer["address"], address.as_str());
    drop(listener);
    world.run("rsock", &["peer"]).fails(2, "standard input is no socket");
    let outcome: Outcome = world.run("rsock", &["peer", "fd:0"]);
    outcome.fails(1, "Socket operation on non-socket");
}

#[test]
fn nobody_sees_less_and_says_so() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(&world, &["--mode", "666", "unix:/dev/shm/s"]);
    let Some(nobody) = world.user(65_534) else { return };
    let outcome = nobody.run("rsock", &["show", "--json", &address]);
    assert_eq!(outcome.status(), 0, "{}", outcome.stderr());
    assert!(outcome.stderr().contains("could not be looked at"), "{}", outcome.stderr());
    let shown = json(&String::from_utf8_lossy(outcome.stdout()));
    assert_eq!((&shown["state"], &shown["holder"]), (&"listening".into(), &Value::Null));
    // Who it is the kernel tells everybody who may connect.
    let peer = json(&nobody.ok("rsock", &["peer", "--json", &address]));
    assert_eq!(peer["uid"], 0);
}

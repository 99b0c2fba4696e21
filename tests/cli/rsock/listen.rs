//! A place where others connect: its file, its connections, and what was handed over.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

use crate::support::{Call, Outcome, Running, World, has, tool};

/// Starts a listener and reads its address.
pub(super) fn ready(world: &World, arguments: &[&str]) -> (Running, String) {
    let mut listener = world.start("rsock", &[&["listen", "--ready"], arguments].concat());
    let line = listener.line();
    let address = line.strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
    (listener, address)
}

#[test]
fn records_of_all_connections_are_printed_whole() {
    let Some(world) = World::new() else { return };
    let (mut listener, address) = ready(&world, &["unix:/dev/shm/s"]);
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let lines: Vec<String> = (0..200).map(|line| format!("{client} {line} {}", "x".repeat(line * 7))).collect();
            let mut running = world.start("rsock", &["send", &address]);
            let (mut input, _) = running.pipes();
            let text = lines.join("\n");
            (std::thread::spawn(move || std::io::Write::write_all(&mut input, text.as_bytes())), running)
        })
        .collect();
    let mut seen: Vec<Vec<usize>> = vec![Vec::new(); 8];
    for _ in 0..8 * 200 {
        let line = listener.line();
        let words: Vec<&str> = line.split(' ').collect();
        let (client, number): (usize, usize) = (words[0].parse().expect("whole"), words[1].parse().expect("whole"));
        assert_eq!(words[2].len(), number * 7);
        seen[client].push(number);
    }
    for (writer, running) in clients {
        writer.join().expect("no panic").expect("a pipe");
        running.outcome().success();
    }
    assert!(seen.iter().all(|numbers| numbers.iter().copied().eq(0..200)), "each in its order");
}

#[test]
fn the_file_has_the_mode_and_goes_with_the_listener() {
    let Some(world) = World::new() else { return };
    for (more, mode) in [(&[][..], 0o600), (&["--mode", "666"], 0o666), (&["--mode", "g+rw"], 0o660)] {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("s");
        let address = format!("unix:{}", path.display());
        let (listener, _) = ready(&world, &[&[address.as_str()], more].concat());
        let file = path.symlink_metadata().expect("it is there");
        assert!(file.file_type().is_socket());
        assert_eq!(file.permissions().mode() & 0o777, mode);
        listener.signal("TERM");
        assert_eq!(listener.outcome().status(), 143);
        assert!(!path.exists());
    }
}

#[test]
fn a_stale_file_is_replaced_and_a_living_one_is_not() {
    let Some(world) = World::new() else { return };
    let (mut first, address) = ready(&world, &["unix:/dev/shm/s"]);
    for more in [&[][..], &["--type", "seqpacket"], &["--exec", "true"]] {
        let second = world.run("rsock", &[&["listen", &address], more].concat());
        second.fails(4, "cannot listen at 'unix:/dev/shm/s': Address already in use");
    }
    assert_eq!(world.run("rsock", &["recv", "--type", "dgram", &address]).status(), 4);
    world.ok("rsock", &["send", &address, "still there"]);
    assert_eq!(first.line(), "still there");
    first.signal("KILL");
    assert_eq!(first.outcome().status(), 137);
    world.script("test -S /dev/shm/s", &[]).success();
    let (next, _) = ready(&world, &[&address]);
    drop(next);
    // Bound, and not listening yet: that refuses connections, too.
    if has("python3") {
        let bind = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind('/dev/shm/b'); print(flush=True); sys.stdin.read()";
        let mut python = world.start("python3", &["-c", bind]);
        python.line();
        world.run("rsock", &["listen", "unix:/dev/shm/b"]).fails(4, "Address already in use");
    }
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let Some(world) = World::new() else { return };
    world.script("echo kept >/dev/shm/file; ln -s file /dev/shm/link; mkdir /dev/shm/folder", &[]).success();
    for name in ["file", "link", "folder"] {
        world.run("rsock", &["listen", &format!("unix:/dev/shm/{name}")]).fails(4, "Address already in use");
    }
    assert_eq!(world.script("cat /dev/shm/link", &[]).success(), "kept");
}

#[test]
fn one_of_many_who_find_a_stale_file_gets_its_place() {
    let Some(world) = World::new() else { return };
    let script = "rsock listen --ready unix:/dev/shm/s >/dev/shm/out & until test -s /dev/shm/out; do :; done
        kill -9 $!; wait $! 2>/dev/null
        for i in 1 2 3 4 5 6; do { rsock listen unix:/dev/shm/s --once 2>/dev/null; echo $? >>/dev/shm/ends; } & done
        until test $(cat /dev/shm/ends 2>/dev/null | wc -l) = 5; do :; done
        rsock send unix:/dev/shm/s x; wait; sort /dev/shm/ends | uniq -c | tr -s ' '";
    assert_eq!(world.script(script, &[]).success(), "x\n 1 0\n 5 4");
}

#[test]
fn once_is_for_one() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["--once", "unix:/dev/shm/s"]);
    world.ok("rsock", &["send", &address, "first"]);
    assert_eq!(listener.outcome().success(), "first");
    world.run("rsock", &["send", &address, "second"]).fails(3, "No such file or directory");
    let (listener, address) = ready(&world, &["--once", "unix:/dev/shm/s", "--exec", "sh", "-c", "cat; exit 7"]);
    assert_eq!(world.ok("rsock", &["ask", &address, "hello"]), "hello");
    assert_eq!(listener.outcome().status(), 7);
}

#[test]
fn a_command_knows_who_came() {
    let Some(world) = World::new() else { return };
    let script = "echo $RSOCK_CONNECTION $RSOCK_UID $LISTEN_FDS; rsock peer --json";
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "sh", "-c", script]);
    let uid = world.script("id -u", &[]).success();
    for number in ["1", "2"] {
        let answer = world.ok("rsock", &["ask", &address]);
        let (first, json) = answer.split_once('\n').expect("two lines");
        assert_eq!(first, format!("{number} {uid}"));
        let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
        assert_eq!((json["command"].as_str(), json["uid"].to_string()), (Some("rsock"), uid.clone()));
    }
    let (_listener, address) = ready(&world, &["tcp:127.0.0.1:0", "--exec", "sh", "-c", "echo $RSOCK_PEER $RSOCK_PID"]);
    assert!(world.ok("rsock", &["ask", &address]).starts_with("tcp:127.0.0.1:"));
}

#[test]
fn no_more_commands_run_than_are_wanted() {
    let Some(world) = World::new() else { return };
    let script = "read name; mkdir /dev/shm/$name || exit; echo $name; read x";
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "-j", "2", "--exec", "sh", "-c", script]);
    let mut held: Vec<Running> = Vec::new();
    for name in ["a", "b"] {
        let mut client = world.start("rsock", &["connect", &address]);
        let (mut input, output) = client.pipes();
        std::io::Write::write_all(&mut input, format!("{name}\n").as_bytes()).expect("a pipe");
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line).expect("a pipe");
        assert_eq!(line, format!("{name}\n"));
        std::mem::forget(input);
        held.push(client);
    }
    let third = world.start("rsock", &["ask", &address, "c"]);
    third.wait_until_in(Call::Read);
    world.script("test ! -e /dev/shm/c", &[]).success();
    held.pop();
    assert_eq!(third.outcome().success(), "c");
}

#[test]
fn a_failing_command_is_told_and_the_others_go_on() {
    let Some(world) = World::new() else { return };
    let (listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "sh", "-c", "read x; echo got $x; exit $x"]);
    for status in ["3", "0", "4"] {
        assert_eq!(world.ok("rsock", &["ask", &address, status]), format!("got {status}"));
    }
    // Each is told when it has ended, which may be after its answer.
    world.ok("rsock", &["ask", &address, "0"]);
    listener.signal("TERM");
    let outcome = listener.outcome();
    assert!(
        outcome.stderr().contains("rsock: the command for connection 1 failed: exit status: 3\n"),
        "{}",
        outcome.stderr()
    );
    world.run("rsock", &["listen", "unix:/dev/shm/n", "-t", "0.1", "--exec", "true"]).fails(124, "nobody came");
    let (listener, address) = ready(&world, &["unix:/dev/shm/n", "--exec", "/no/such/command"]);
    world.run("rsock", &["ask", &address]);
    assert_eq!(listener.outcome().status(), 127);
}

#[test]
fn sockets_that_were_handed_over_are_listened_at() {
    let Some(world) = World::new() else { return };
    world.run("rsock", &["listen"]).fails(2, "no socket was handed over");
    let others = world.script("LISTEN_FDS=1 LISTEN_PID=1 rsock listen", &[]);
    others.fails(2, "no socket was handed over");
    if !has("python3") {
        return;
    }
    let hand_over = "import os, socket, sys
for number, name in ((3, 'a'), (4, 'b')):
    s = socket.socket(socket.AF_UNIX); s.bind('/dev/shm/' + name); s.listen()
    os.dup2(s.fileno(), 10 + number)
os.dup2(13, 3); os.dup2(14, 4)
os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()))
os.execvp('rsock', ['rsock', 'listen', '--ready', '--exec', 'tr', 'a-z', 'A-Z'])";
    let mut listener = world.start("python3", &["-c", hand_over]);
    assert_eq!([listener.line(), listener.line()], ["ready unix:/dev/shm/a", "ready unix:/dev/shm/b"]);
    for name in ["a", "b"] {
        assert_eq!(world.ok("rsock", &["ask", &format!("unix:/dev/shm/{name}"), name]), name.to_uppercase());
    }
    listener.signal("TERM");
    assert_eq!(listener.outcome().status(), 143);
    // They belong to whoever made them.
    world.script("test -S /dev/shm/a", &[]).success();
}

#[test]
fn what_cannot_be_listened_at_is_refused() {
    let refused: [(&[&str], i32, &str); 6] = [
        (&["listen", "exec:cat"], 2, "nobody can connect to exec:"),
        (&["listen", "tcp:127.0.0.1:0", "--type", "dgram"], 2, "tcp: is a stream"),
        (&["listen", "unix:/no/such/folder/s"], 3, "cannot listen at 'unix:/no/such/folder/s': No such file"),
        (&["listen", "tcp:no.such.host.invalid:0"], 3, "no host of this name is known"),
        (&["listen", "fd:9"], 1, "cannot listen at 'fd:9': Bad file descriptor"),
        (&["listen", "unix:x", "--json", "--exec", "true"], 2, "cannot be used with"),
    ];
    for (arguments, status, words) in refused {
        Outcome::of(tool("rsock").args(arguments)).fails(status, words);
    }
}

#[test]
fn abstract_names_and_all_addresses_are_listened_at() {
    let Some(world) = World::new() else { return };
    let name = format!("unix:@ripc-test-{}", std::process::id());
    let (listener, address) = ready(&world, &["--once", &name]);
    assert_eq!(address, name);
    world.run("rsock", &["listen", &name]).fails(4, "Address already in use");
    world.ok("rsock", &["send", &name, "hidden"]);
    assert_eq!(listener.outcome().success(), "hidden");
    world.run("rsock", &["send", &name, "gone"]).fails(3, "Connection refused");
    let (listener, address) = ready(&world, &["--once", "tcp:*:0"]);
    let port = address.rsplit(':').next().expect("a port");
    world.ok("rsock", &["send", &format!("tcp:localhost:{port}"), "from here"]);
    assert_eq!(listener.outcome().success(), "from here");
}

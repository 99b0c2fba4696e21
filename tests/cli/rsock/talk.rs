//! Conversations: both ways, half-closed, asked and answered, and given up.

use std::io::{Read as _, Write as _};

use crate::support::{Call, World, has, wait_until};

use super::listen::ready;

/// A server that says something only when it has seen the end of the question.
const COUNT: &[&str] = &["--exec", "wc", "-c"];

#[test]
fn a_question_is_ended_and_its_answer_comes_whole() {
    let Some(world) = World::new() else { return };
    for place in ["unix:/dev/shm/s", "tcp:127.0.0.1:0"] {
        let (_listener, address) = ready(&world, &[&[place], COUNT].concat());
        assert_eq!(world.ok("rsock", &["ask", &address, "four", "more"]), "10");
        assert_eq!(world.feed("rsock", &["ask", &address], b"exact").success(), "5");
        assert_eq!(world.feed("rsock", &["ask", &address, "-"], b"").success(), "0");
        assert_eq!(world.feed("rsock", &["connect", &address], b"exact").success(), "5");
    }
}

#[test]
fn neither_side_waits_for_the_other_to_read() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(&world, &["unix:/dev/shm/s", "--exec", "cat"]);
    let much: Vec<u8> = (0..4_000_000_u32).flat_map(|number| [(number % 251) as u8]).collect();
    for verb in ["ask", "connect"] {
        let echoed = world.feed("rsock", &[verb, &address], &much);
        assert!(echoed.stdout() == much, "{verb}: {}", echoed.stderr());
    }
    let long = "x".repeat(100_000);
    assert_eq!(world.ok("rsock", &["ask", &address, &long, &long]).len(), 200_001);
}

#[test]
fn what_they_end_first_we_still_send() {
    let Some(world) = World::new() else { return };
    if !has("python3") {
        return;
    }
    // It ends its sending at once, and reads what comes then.
    let server = "import socket
s = socket.socket(socket.AF_UNIX); s.bind('/dev/shm/s'); s.listen(); print(flush=True)
c = s.accept()[0]; c.send(b'hello\\n'); c.shutdown(socket.SHUT_WR)
got = b''
while (more := c.recv(9999)): got += more
print(got.decode())";
    for (more, rest) in [(&[][..], true), (&["--end-with-peer"], false)] {
        let mut python = world.start("python3", &["-c", server]);
        python.line();
        let mut client = world.start("rsock", &[&["connect", "unix:/dev/shm/s"], more].concat());
        let (mut input, mut output) = client.pipes();
        let mut greeting = [0; 6];
        output.read_exact(&mut greeting).expect("it comes");
        assert_eq!(&greeting, b"hello\n");
        if rest {
            client.wait_until_in(Call::Poll);
            input.write_all(b"late").expect("it reads");
            drop(input);
            assert_eq!(python.outcome().success(), "late");
        } else {
            assert_eq!(client.outcome().status(), 0);
            continue;
        }
        client.outcome().success();
        world.script("rm /dev/shm/s", &[]).success();
    }
}

#[test]
fn a_peer_that_is_gone_ends_the_conversation() {
    let Some(world) = World::new() else { return };
    // Standard input stays open: only the other side can end this.
    let mut client = world.start("rsock", &["connect", "exec:echo bye"]);
    let (input, mut output) = client.pipes();
    let mut text = String::new();
    output.read_to_string(&mut text).expect("a pipe");
    assert_eq!((text.as_str(), client.outcome().status()), ("bye\n", 0));
    drop(input);
}

#[test]
fn framed_questions_share_a_connection() {
    let Some(world) = World::new() else { return };
    let command = "exec:while read x; do echo \"$x!\"; done";
    assert_eq!(world.ok("rsock", &["ask", "--lines", command, "a", "b"]), "a!\nb!");
    assert_eq!(world.feed("rsock", &["ask", "--lines", command], b"c\nd\n").success(), "c!\nd!");
    let nul = world.feed("rsock", &["ask", "-0", "exec:cat"], b"a\nb\0\0");
    assert_eq!(nul.stdout(), b"a\nb\0\0");
    let prefixed = b"\0\0\0\x01a\0\0\0\0";
    assert_eq!(world.feed("rsock", &["ask", "--length-prefixed", "exec:cat"], prefixed).stdout(), prefixed);
    let half = world.run("rsock", &["ask", "--lines", "exec:head -n 1", "a", "b"]);
    assert_eq!((half.status(), half.stdout()), (1, &b"a\n"[..]), "{}", half.stderr());
}

#[test]
fn packets_are_asked_and_answered() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(
        &world,
        &["unix:/dev/shm/d", "--type", "dgram", "-j", "3", "--exec", "sh", "-c", "tr a-z A-Z; echo $RSOCK_PEER"],
    );
    let answers = world.feed("rsock", &["ask", "--type", "dgram", &address], b"one\ntwo\n").success();
    let lines: Vec<&str> = answers.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 2, "{answers}");
    assert!(lines[0].starts_with("ONEunix:@") && lines[1].starts_with("TWOunix:@"), "{answers}");
    let (_listener, address) = ready(
        &world,
        &["unix:/dev/shm/s", "--type", "seqpacket", "--exec", "rsock", "ask", "fd:0", "--timeout", "100", "your name?"],
    );
    let mut client = world.start("rsock", &["connect", "--type", "seqpacket", &address]);
    assert_eq!(client.line(), "your name?");
}

#[test]
fn nothing_lasts_longer_than_its_timeout() {
    let Some(world) = World::new() else { return };
    let quiet = "exec:exec sleep 1000 2>&1";
    let full = "exec:exec sleep 1000 2>&1";
    let table: [(&[&str], &str); 7] = [
        (&["ask", quiet, "x", "-t", "0.2"], "did not answer until the timeout"),
        (&["ask", quiet, "x", "-t", "0.2", "--lines"], "did not answer until the timeout"),
        (&["connect", quiet, "-t", "0.2"], "the other side was not done until the timeout"),
        (&["recv", quiet, "-t", "0.2"], "nothing came from 'exec:exec sleep 1000 2>&1' until the timeout"),
        (&["recv", "--type", "dgram", "unix:/dev/shm/d", "-t", "0.2"], "nothing came from 'unix:/dev/shm/d'"),
        (&["ask", "unix:/dev/shm/none", "--wait", "-t", "0.2"], "nobody listened at 'unix:/dev/shm/none'"),
        (&["listen", "unix:/dev/shm/l", "-t", "0.2"], "nothing came until the timeout"),
    ];
    for (arguments, words) in table {
        world.run("rsock", arguments).fails(124, words);
    }
    world.feed("rsock", &["send", full, "-t", "0.2", "--whole"], &vec![0; 4_000_000]).fails(124, "took nothing");
    world.feed("rsock", &["ask", full, "-t", "0.2"], &vec![0; 4_000_000]).fails(124, "not done until the timeout");
    assert_eq!(world.run("rsock", &["recv", quiet, "-t", "0.1", "-q"]).stderr(), "");
    world.script("ls /dev/shm", &[]).success().is_empty().then_some(()).expect("no file is left");
}

#[test]
fn a_full_backlog_does_not_hold_a_client_past_its_timeout() {
    let Some(world) = World::new() else { return };
    let (_listener, address) = ready(&world, &["--backlog", "1", "unix:/dev/shm/s", "-j1", "--exec", "sleep", "1000"]);
    for _ in 0..3 {
        world.ok("rsock", &["send", &address, "x"]);
    }
    for verb in [&["ask"][..], &["send"], &["connect"], &["peer"], &["recv"], &["send-fd", "0"]] {
        let mut arguments = vec![verb[0], "--timeout", "0.2", &address];
        arguments.extend(&verb[1..]);
        world.run("rsock", &arguments).fails(124, "no connection to 'unix:/dev/shm/s' until the timeout");
    }
}

#[test]
fn a_client_waits_for_its_server() {
    let Some(world) = World::new() else { return };
    let client = world.start("rsock", &["ask", "--wait", "unix:/dev/shm/s", "early"]);
    client.wait_until_in(Call::Nanosleep);
    let (_listener, _) = ready(&world, &["unix:/dev/shm/s", "--exec", "cat"]);
    assert_eq!(client.outcome().success(), "early");
}

#[test]
fn a_command_at_an_address_is_gone_with_its_conversation() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.ok("rsock", &["ask", "exec:cat; echo $$ >/dev/shm/pid", "x"]), "x");
    let pid = world.script("until test -s /dev/shm/pid; do :; done; cat /dev/shm/pid", &[]).success();
    wait_until("the command has ended", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_command_at_an_address_is_ended_by_who_gives_up() {
    let Some(world) = World::new() else { return };
    let command = "exec:exec sleep 61.625 2>&1";
    let runs = || {
        let all = std::fs::read_dir("/proc").expect("/proc").flatten();
        let mut lines = all.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
        lines.any(|line| String::from_utf8_lossy(&line).replace('\0', " ").contains("sleep 61.625"))
    };
    let verbs = [&["recv"][..], &["recv", "-q"], &["connect"], &["ask"], &["call"], &["recv-fd", "--connect"]];
    for verb in verbs {
        let question = if ["ask", "call"].contains(&verb[0]) { &["x"][..] } else { &[] };
        let outcome = world.run("rsock", &[verb, &["-t", "0.2", command], question].concat());
        assert_eq!(outcome.status(), 124, "{verb:?}: {}", outcome.stderr());
        wait_until("the command has ended", || !runs());
    }
}

#[test]
fn a_command_at_an_address_is_ended_with_us_by_a_signal() {
    let Some(world) = World::new() else { return };
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        // Away from the process group that is killed with the client.
        let mut client = world.start("rsock", &["recv", "exec:echo $$; exec setsid sleep 60 2>&-"]);
        let pid = client.line();
        client.signal(signal);
        assert_eq!(client.outcome().status(), status);
        wait_until("the command has ended", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
}

#[test]
fn a_command_at_an_address_that_was_told_all_is_left_to_finish() {
    let Some(world) = World::new() else { return };
    let slow = "exec:exec 2>&-; cat >/dev/null; until test -e /dev/shm/go; do :; done; echo done >/dev/shm/out";
    world.ok("rsock", &["send", slow, "x"]);
    let out = "touch /dev/shm/go; until test -s /dev/shm/out; do :; done; cat /dev/shm/out";
    assert_eq!(world.script(out, &[]).success(), "done");
}

#[test]
fn a_long_question_ends_when_nobody_reads_the_answer() {
    let Some(world) = World::new() else { return };
    let long = "x".repeat(100_000);
    let script = r#"{ timeout 20 rsock ask "exec:exec yes 2>&-" "$1" "$1" "$1" "$1" "$1"; echo $? >/dev/shm/status; } | head -n 1
        cat /dev/shm/status"#;
    assert_eq!(world.script(script, &[&long]).success(), "y\n141");
}

#[test]
fn a_timeout_that_nobody_lives_to_see_is_none() {
    let Some(world) = World::new() else { return };
    let forever = "9223372036854775807";
    assert_eq!(world.feed("rsock", &["connect", "-t", forever, "exec:cat"], b"x\n").success(), "x");
    let ring = ["duplex", "--grace", forever, "true", ":::", "true"];
    assert_eq!(world.ok("rpipe", &ring), "");
}

//! `rfifo serve`: requests, and replies through the client's own FIFO.

use super::{FIFO, world_with_fifo};
use crate::support::{Call, Outcome, Running, World, wait_until};

/// A client: asks, and prints the reply.
const ASK: &str = "printf '%s\\t%s\\n' \"$RFIFO\" \"$1\" | rfifo send --atomic --timeout 100 /dev/shm/f && exec rfifo recv -t 100 \"$RFIFO\"";

fn ask(world: &World, request: &str) -> Outcome {
    let mut command = world.command("rfifo");
    command.args(["run", "--", "sh", "-c", ASK, "sh", request]).env("TMPDIR", "/dev/shm");
    Outcome::of(&mut command)
}

#[test]
fn many_clients_get_their_own_replies() {
    let Some(world) = world_with_fifo() else { return };
    let script = "echo \"$RFIFO_SIZE $(cat)\"";
    let server = world.start("rfifo", &["serve", "-j", "4", "--reply-timeout", "100", FIFO, "--", "sh", "-c", script]);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..24)
            .map(|number| {
                (
                    number,
                    scope.spawn({
                        let world = &world;
                        move || ask(world, &"x".repeat(number))
                    }),
                )
            })
            .collect();
        for (number, client) in clients {
            let reply = client.join().expect("no panic").success();
            assert_eq!(reply, format!("{number} {}", "x".repeat(number)));
        }
    });
    server.signal("TERM");
    let outcome = server.outcome();
    assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""));
}

#[test]
fn several_commands_run_at_a_time_and_no_more() {
    let Some(world) = world_with_fifo() else { return };
    // Each ends when something has come through a FIFO of its own.
    let script = "read name; echo start; cat < /dev/shm/$name";
    world.ok("rfifo", &["create", "/dev/shm/a", "/dev/shm/b", "/dev/shm/c"]);
    let mut server = world.start("rfifo", &["serve", "-j2", FIFO, "--", "sh", "-c", script]);
    // They want no reply: what they write, the server shows.
    let sender = world.start("rfifo", &["send", FIFO, "a", "b", "c", "--follow"]);
    assert_eq!([server.line(), server.line()], ["start", "start"]);
    wait_until("the third waits", || {
        let shown = world.run("rfifo", &["show", FIFO, "--json"]);
        String::from_utf8_lossy(shown.stdout()).contains("\"unread\":2")
    });
    world.ok("rfifo", &["send", "/dev/shm/b", "x"]);
    let mut printed = [server.line(), server.line()];
    printed.sort();
    assert_eq!(printed, ["start", "x"]);
    sender.outcome().success();
    server.signal("TERM");
    for name in ["/dev/shm/a", "/dev/shm/c"] {
        world.ok("rfifo", &["send", name, "y"]);
    }
    assert_eq!(server.outcome().status(), 0);
}

#[test]
fn it_ends_in_order_when_asked_to() {
    let Some(world) = world_with_fifo() else { return };
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        let server = world.start("rfifo", &["serve", FIFO, "--", "cat"]);
        server.wait_until_in(Call::Poll);
        server.signal(signal);
        let outcome = server.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (0, ""), "{signal}");
    }
    // What runs is finished, and its reply sent.
    world.ok("rfifo", &["create", "/dev/shm/reply", "/dev/shm/go"]);
    let server =
        world.start("rfifo", &["serve", FIFO, "--reply-timeout", "100", "--", "sh", "-c", "echo; cat /dev/shm/go"]);
    let client = world.start("rfifo", &["recv", "/dev/shm/reply"]);
    world.ok("rfifo", &["send", FIFO, "/dev/shm/reply\tquestion"]);
    world.ok("rfifo", &["wait", "/dev/shm/go", "--for", "reader"]);
    server.signal("TERM");
    world.ok("rfifo", &["send", "/dev/shm/go", "finished"]);
    assert_eq!(server.outcome().status(), 0);
    assert_eq!(client.outcome().success(), "\nfinished");
}

#[test]
fn failures_are_told_and_do_not_stop_it() {
    let Some(world) = world_with_fifo() else { return };
    world.ok("rfifo", &["create", "/dev/shm/reply"]);
    world.script(": > /dev/shm/file; ln -s reply /dev/shm/link", &[]).success();
    let serve = |patience| world.start("rfifo", &["serve", FIFO, "--reply-timeout", patience, "--", "grep", "good"]);
    let told_by = |server: Running, told: &[&str]| {
        server.signal("TERM");
        let outcome = server.outcome();
        assert_eq!(outcome.status(), 1);
        let stderr = outcome.stderr();
        assert_eq!(stderr.lines().count(), told.len(), "{stderr}");
        let is_told = |(line, words): (&str, &&str)| line.starts_with("rfifo: failed: ") && line.contains(words);
        assert!(stderr.lines().zip(told).all(is_told), "{stderr}");
    };
    let server = serve("100");
    for request in ["bad", "/dev/shm/none\tgood", "/dev/shm/file\tgood", "/dev/shm/link\tgood"] {
        world.ok("rfifo", &["send", FIFO, request]);
    }
    assert_eq!(ask(&world, "good").success(), "good");
    let told = [
        "{\"size\":3,\"text\":\"bad\"}: the command ended with exit status: 1",
        "cannot reply through '/dev/shm/none': No such file or directory",
        "cannot reply through '/dev/shm/file': it is a regular file, no FIFO",
        "cannot reply through '/dev/shm/link': it is a symbolic link, no FIFO",
    ];
    told_by(server, &told);
    let server = serve("0.1");
    server.wait_until_in(Call::Poll);
    world.ok("rfifo", &["send", FIFO, "/dev/shm/reply\tgood"]);
    told_by(server, &["cannot reply through '/dev/shm/reply': its client did not open it"]);
}

#[test]
fn commands_begin_with_the_signals_blocked_that_we_began_with() {
    let Some(world) = world_with_fifo() else { return };
    let blocked = ["grep", "SigBlk", "/proc/self/status"];
    let own = world.script(&blocked.join(" "), &[]).success();
    let mut server = world.start("rfifo", &[&["serve", FIFO, "--"][..], &blocked].concat());
    world.ok("rfifo", &["send", FIFO, "x"]);
    assert_eq!(server.line(), own);
}

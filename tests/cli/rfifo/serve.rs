//! `rfifo serve`: requests, and replies through the client's own FIFO.

use super::{FIFO, world_with_fifo};
use crate::support::{Call, Outcome, World, wait_until};

/// A client: asks, and prints the reply.
const ASK: &str = "printf '%s\\t%s\\n' \"$RFIFO\" \"$1\" | rfifo send --atomic --timeout 20 /dev/shm/f && exec rfifo recv -t 20 \"$RFIFO\"";

fn ask(world: &World, request: &str) -> Outcome {
    let mut command = world.command("rfifo");
    command.args(["run", "--", "sh", "-c", ASK, "sh", request]).env("TMPDIR", "/dev/shm");
    Outcome::of(&mut command)
}

#[test]
fn many_clients_get_their_own_replies() {
    let Some(world) = world_with_fifo() else { return };
    let server = world.start("rfifo", &["serve", "-j", "4", FIFO, "--", "sh", "-c", "echo \"$RFIFO_SIZE $(cat)\""]);
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
    let script = "echo start; cat > /dev/null; cat < /dev/shm/go";
    world.ok("rfifo", &["create", "/dev/shm/go"]);
    let mut server = world.start("rfifo", &["serve", "-j2", FIFO, "--", "sh", "-c", script]);
    // They want no reply: what they write, the server shows.
    let sender = world.start("rfifo", &["send", FIFO, "a", "b", "c", "--follow"]);
    assert_eq!([server.line(), server.line()], ["start", "start"]);
    wait_until("the third waits", || {
        let shown = world.run("rfifo", &["show", FIFO, "--json"]);
        String::from_utf8_lossy(shown.stdout()).contains("\"unread\":2")
    });
    world.script("exec 3> /dev/shm/go; echo x >&3", &[]).success();
    assert!(["start", "x"].contains(&&*server.line()));
    assert!(["start", "x"].contains(&&*server.line()));
    sender.outcome().success();
    world.script("exec 3> /dev/shm/go", &[]).success();
    server.signal("TERM");
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
    let server = world.start("rfifo", &["serve", FIFO, "--", "sh", "-c", "echo; cat /dev/shm/go"]);
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
    let server = world.start("rfifo", &["serve", FIFO, "--reply-timeout", "0.1", "--", "grep", "good"]);
    for request in ["bad", "/dev/shm/none\tgood", "/dev/shm/file\tgood", "/dev/shm/link\tgood", "/dev/shm/reply\tgood"]
    {
        world.ok("rfifo", &["send", FIFO, request]);
    }
    assert_eq!(ask(&world, "good").success(), "good");
    server.signal("TERM");
    let outcome = server.outcome();
    assert_eq!(outcome.status(), 1);
    let told = [
        "{\"size\":3,\"text\":\"bad\"}: the command ended with exit status: 1",
        "cannot reply through '/dev/shm/none': No such file or directory",
        "cannot reply through '/dev/shm/file': it is a regular file, no FIFO",
        "cannot reply through '/dev/shm/link': it is a symbolic link, no FIFO",
        "cannot reply through '/dev/shm/reply': its client did not open it",
    ];
    let stderr = outcome.stderr();
    assert_eq!(stderr.lines().count(), told.len(), "{stderr}");
    assert!(
        stderr.lines().zip(told).all(|(line, words)| line.starts_with("rfifo: failed: ") && line.contains(words)),
        "{stderr}"
    );
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

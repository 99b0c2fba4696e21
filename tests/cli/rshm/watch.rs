//! `watch`: what changes, as it changes.

use std::time::{Duration, Instant};

use super::both_kinds;
use crate::support::{Call, World, sleeps_in, wait_until};

#[test]
fn changes_appear_as_they_are_made() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "10000") {
        let mut watcher = world.start("rshm", &["watch", "-t600", name, "--interval", "0.01"]);
        let mut json = world.start("rshm", &["watch", "-t600", name, "--interval", "0.01", "--json", "--offset", "5"]);
        for sleeper in [&watcher, &json] {
            sleeper.wait_until_in(Call::Nanosleep);
        }
        world.ok("rshm", &["write", name, "--offset", "8190", "text"]);
        assert_eq!(watcher.line(), "00001ffe  74 65 78 74");
        assert_eq!(json.line(), "{\"offset\":8190,\"size\":4,\"text\":\"text\"}");
        // Only what differs, and what lies apart on its own.
        world.ok("rshm", &["write", name, "--offset", "8190", "tExT"]);
        assert_eq!([watcher.line(), watcher.line()], ["00001fff  45", "00002001  54"]);
        assert_eq!(json.line(), "{\"offset\":8191,\"size\":1,\"text\":\"E\"}");
        assert_eq!(json.line(), "{\"offset\":8193,\"size\":1,\"text\":\"T\"}");
        // Before its offset the second one sees nothing.
        world.ok("rshm", &["put", name, "0:u8", "255"]);
        assert_eq!(watcher.line(), "00000000  ff");
        world.ok("rshm", &["put", name, "9999:u8", "255"]);
        assert_eq!(json.line(), "{\"offset\":9999,\"size\":1,\"base64\":\"/w==\"}");
        watcher.signal("TERM");
        assert_eq!(watcher.outcome().status(), 143);
    }
}

#[test]
fn a_count_ends_it_and_so_does_a_timeout() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "100") {
        let watcher = world.start("rshm", &["watch", "-t600", name, "-i", "0.01", "-c", "2", "--length", "50"]);
        watcher.wait_until_in(Call::Nanosleep);
        world.ok("rshm", &["put", name, "50:u8", "1"]);
        world.ok("rshm", &["put", name, "49:u8", "1"]);
        let mut waiting = watcher;
        assert_eq!(waiting.line(), "00000031  01");
        world.ok("rshm", &["put", name, "0:u16be", "258"]);
        assert_eq!(waiting.outcome().success(), "00000000  01 02");
        let quiet = world.run("rshm", &["watch", name, "--timeout", "0.05", "--interval", "10"]);
        assert_eq!((quiet.status(), quiet.stdout(), quiet.stderr().as_str()), (124, &b""[..], ""));
        world.run("rshm", &["watch", name, "--offset", "101"]).fails(1, "past the end of ");
        world.run("rshm", &["watch", name, "--length", "0"]).fails(1, "there is no byte to watch: ");
    }
}

#[test]
fn a_change_is_seen_before_the_end_of_the_patience() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "8") {
        // On a machine that is too busy the shortest patience ends before the change is made.
        let outcome = ["1", "10", "100"].into_iter().find_map(|patience| {
            world.ok("rshm", &["put", name, "0:u8", "0"]);
            let watcher = world.start("rshm", &["watch", name, "--timeout", patience, "--interval", "600"]);
            let started = Instant::now();
            let sleeps = || sleeps_in(watcher.id(), Call::Nanosleep).is_ok();
            wait_until("it looks", || sleeps() || started.elapsed() >= Duration::from_secs(1));
            world.ok("rshm", &["put", name, "0:u8", "7"]);
            let in_time = sleeps();
            let outcome = watcher.outcome();
            in_time.then_some(outcome)
        });
        let outcome = outcome.expect("a change in time");
        assert_eq!((outcome.status(), outcome.stdout()), (124, &b"00000000  07\n"[..]));
    }
}

#[test]
fn who_watches_removed_memory_is_told() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "8") {
        let watcher = world.start("rshm", &["watch", "-t600", name, "-i", "0.01"]);
        watcher.wait_until_in(Call::Nanosleep);
        world.ok("rshm", &["remove", "-q", name]);
        watcher.outcome().fails(3, "rshm: cannot watch ");
    }
}

#[test]
fn a_reader_that_leaves_ends_it() {
    let Some(world) = World::new() else { return };
    for name in both_kinds(&world, "8") {
        let mut watcher = world.start("rshm", &["watch", "-t600", name, "-i", "0.01"]);
        watcher.wait_until_in(Call::Nanosleep);
        watcher.close_stdout();
        world.ok("rshm", &["put", name, "0:u8", "7"]);
        let outcome = watcher.outcome();
        assert_eq!((outcome.status(), outcome.stderr().as_str()), (141, ""));
    }
}

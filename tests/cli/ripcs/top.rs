//! `ripcs top`: what is on the screen, and what the keys do.

use super::screen::{COLUMNS, ROWS, Screen};
use crate::support::{Call, World};

/// The lines of the table, without its header.
fn lines(screen: &vt100::Screen) -> Vec<String> {
    let all = screen.rows(0, COLUMNS).skip(3).take(usize::from(ROWS) - 4);
    all.map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[test]
fn objects_are_shown_as_they_are_used() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("queue:0");
    screen.wait_for("1 queue, 0 segments, 0 sets, 0 semaphores");
    for words in ["OBJECT", "AMOUNT", "WAIT", "q quit", "Enter open", "h help", "0 blocked"] {
        assert!(screen.text().contains(words), "{words} is not on\n{}", screen.text());
    }
    world.ok("rmsgq", &["send", &queue, "x", "y", "z"]);
    screen.wait_for("3 messages");
    world.ok("rmsgq", &["recv", &queue, "--count", "3"]);
    let receiver = world.start("rmsgq", &["recv", &queue]);
    receiver.wait_until_in(Call::Msgrcv);
    screen.wait_for("1 blocked");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn an_object_can_be_opened() {
    let Some(world) = World::new() else { return };
    let queue = world.ok("rmsgq", &["create"]);
    world.ok("rshm", &["create", "--size", "5000"]);
    let receiver = world.start("rmsgq", &["recv", &queue, "--type", "5"]);
    receiver.wait_until_in(Call::Msgrcv);
    let Some(mut screen) = Screen::start(&world, &["--sort", "name"]) else { return };
    screen.wait_for("segment:0");
    screen.press("\r");
    screen.wait_for("blocked in msgrcv for type 5");
    assert!(screen.text().contains(&receiver.id().to_string()), "{}", screen.text());
    screen.press("\x1b");
    screen.wait_for("OBJECT");
    screen.press("j\r");
    screen.wait_for("5000");
    screen.press("\x7f");
    screen.wait_for("OBJECT");
    // An object that goes closes by itself.
    screen.press("\r");
    screen.wait_for("at it");
    world.ok("rshm", &["remove", "0"]);
    screen.wait_for("OBJECT");
    screen.press("\x03");
    assert_eq!(screen.end(), 0);
}

#[test]
fn lines_are_sorted_and_chosen() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create"]);
    world.ok("rshm", &["create", "--size", "70000"]);
    world.ok("rsem", &["create"]);
    let waiter = world.start("rsem", &["wait", "0"]);
    waiter.wait_until_in(Call::Semtimedop);
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    let is_first = |name: &'static str| {
        move |screen: &vt100::Screen| lines(screen).first().is_some_and(|line| line.trim().starts_with(name))
    };
    screen.wait("the queue, which alone can be full", is_first("queue:0"));
    screen.press("w");
    screen.wait("the set first", is_first("set:0"));
    screen.press("n");
    screen.wait("the queue first", is_first("queue:0"));
    screen.press("tt");
    screen.wait_for("type: segment");
    screen.wait("the segment alone", |screen| lines(screen).len() == 1 && screen.contents().contains("68K"));
    screen.press("h");
    screen.wait_for("sort by the next");
    screen.press("h");
    screen.wait_without("sort by the next");
    screen.press("p");
    screen.wait_for("paused");
    world.ok("rshm", &["create", "--size", "1"]);
    screen.press("p");
    screen.wait_for("segment:1");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn names_that_others_chose_do_no_harm() {
    let Some(world) = World::new() else { return };
    world.script(": >\"/dev/shm/$(printf 'x\\033[2J\\033]0;t\\007')\"", &[]).success();
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("segment:/x\\x1b[2J");
    screen.press("q");
    assert_eq!(screen.end(), 0);
}

#[test]
fn it_wants_a_terminal() {
    let Some(world) = World::new() else { return };
    world.run("ripcs", &["top"]).fails(1, "ripcs: top wants a terminal");
}

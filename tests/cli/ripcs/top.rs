//! `ripcs top`, through a terminal of 80 columns and 24 lines.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::{Child, Command};
use std::time::Instant;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{Termios, tcgetattr};

use crate::support::{Call, Outcome, PATIENCE, World, has, skip};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A terminal with `ripcs top` on it.
struct Screen {
    master: File,
    /// Keeps the terminal open, so that it can be looked at when nobody else has it.
    slave: File,
    before: Termios,
    child: Child,
    parser: vt100::Parser,
}

/// What the terminal shows of what is written to it.
fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let [rows, columns] = [rows, columns].map(|number| NonZero::new(number).expect("a screen has a size"));
    vt100::Parser::new(rows, columns, 0)
}

impl Screen {
    fn start(world: &World, args: &[&str]) -> Option<Self> {
        if !has("setsid") {
            return None;
        }
        let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a terminal");
        let (master, slave) = (File::from(pty.master), File::from(pty.slave));
        let before = tcgetattr(&slave).expect("a terminal");
        let end = || slave.try_clone().expect("a descriptor");
        let mut command = world.command("setsid");
        command.args(["--ctty", "ripcs", "top", "--interval", "0.1"]).args(args).env("TERM", "xterm");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts");
        Some(Self { master, slave, before, child, parser: parser(ROWS, COLUMNS) })
    }

    fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Draws what has come, until it is so.
    fn wait(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
        let started = Instant::now();
        while !is_so(self.parser.screen()) {
            assert!(started.elapsed() < PATIENCE, "{what} is not on\n{}", self.text());
            self.draw(100_u16);
        }
    }

    fn draw(&mut self, millis: u16) {
        let mut entries = [PollFd::new(std::os::fd::AsFd::as_fd(&self.master), PollFlags::POLLIN)];
        if poll(&mut entries, PollTimeout::from(millis)).expect("poll") > 0 {
            let mut bytes = [0; 4096];
            let count = self.master.read(&mut bytes).expect("the terminal is open");
            self.parser.process(&bytes[..count]);
        }
    }

    fn wait_for(&mut self, words: &str) {
        self.wait(words, |screen| screen.contents().contains(words));
    }

    fn wait_without(&mut self, words: &str) {
        self.wait(words, |screen| !screen.contents().contains(words));
    }

    fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits for its end: its status. The terminal is as it was found.
    fn end(mut self) -> i32 {
        use std::os::unix::process::ExitStatusExt as _;
        let started = Instant::now();
        let status = loop {
            assert!(started.elapsed() < PATIENCE, "it goes on\n{}", self.text());
            if let Some(status) = self.child.try_wait().expect("our child") {
                break status;
            }
            self.draw(10);
        };
        // What it wrote last may still be on its way through the terminal.
        self.wait("the screen of before", |screen| !screen.alternate_screen() && !screen.hide_cursor());
        assert_eq!(tcgetattr(&self.slave).expect("a terminal"), self.before, "the keys are as they were");
        status.code().unwrap_or_else(|| 128 + status.signal().expect("no code means a signal"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
fn the_terminal_is_left_as_it_was_found() {
    let Some(world) = World::new() else { return };
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let Some(mut screen) = Screen::start(&world, &[]) else { return };
        screen.wait_for("OBJECT");
        assert!(screen.parser.screen().alternate_screen(), "it has a screen of its own");
        screen.signal(signal);
        assert_eq!(screen.end(), status, "{signal}");
    }
}

#[test]
fn a_small_and_a_large_terminal_do() {
    let Some(world) = World::new() else { return };
    world.ok("rmsgq", &["create"]);
    let Some(mut screen) = Screen::start(&world, &[]) else { return };
    screen.wait_for("OBJECT");
    let name = std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&screen.slave)));
    let name = name.expect("it has a name");
    for (rows, columns) in [("3", "10"), ("1", "1"), ("60", "200"), ("24", "80")] {
        let outcome = Outcome::of(Command::new("stty").args(["rows", rows, "cols", columns]).arg("-F").arg(&name));
        if outcome.status() != 0 {
            skip("stty cannot change a terminal here");
            return;
        }
        let [rows, columns] = [rows, columns].map(|number| number.parse().expect("a number"));
        screen.parser = parser(rows, columns);
        screen.signal("WINCH");
        screen.press("\x0c");
        if columns >= 80 {
            screen.wait_for("q quit");
        }
    }
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

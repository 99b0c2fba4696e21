//! A terminal of 80 columns and 24 lines, and what it shows.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, tcgetattr};

use crate::support::{Outcome, PATIENCE, World, has, wait_until};

pub(super) const ROWS: u16 = 24;
pub(super) const COLUMNS: u16 = 80;

/// A terminal with `ripcs top` on it.
pub(super) struct Screen {
    master: File,
    /// Keeps the terminal open, so that it can be looked at when nobody else has it.
    pub(super) slave: File,
    /// Its keys and modes when it was found.
    before: String,
    pub(super) child: Child,
    pub(super) parser: vt100::Parser,
}

/// A new terminal: both ends. No other test's child inherits one, which would keep the terminal alive.
fn terminal() -> (File, File) {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).expect("a terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
    let name = ptsname_r(&master).expect("it has a name");
    let [rows, columns] = [ROWS, COLUMNS].map(|number| number.to_string());
    Outcome::of(Command::new("stty").args(["-F", &name, "rows", &rows, "cols", &columns])).success();
    let slave = File::options().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name);
    (File::from(OwnedFd::from(master)), slave.expect("it is unlocked"))
}

/// The keys and modes of a terminal, as stty(1) tells them.
fn keys(terminal: &File) -> String {
    let told = Command::new("stty").arg("-g").stdin(terminal.try_clone().expect("a descriptor")).output();
    let told = told.expect("stty runs");
    assert!(told.status.success(), "{told:?}");
    String::from_utf8(told.stdout).expect("numbers")
}

/// What the terminal shows of what is written to it.
pub(super) fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let [rows, columns] = [rows, columns].map(|number| NonZero::new(number).expect("a screen has a size"));
    vt100::Parser::new(rows, columns, 0)
}

impl Screen {
    pub(super) fn start(world: &World, args: &[&str]) -> Option<Self> {
        Self::of(world, &[&["ripcs", "top", "--interval", "0.1"], args].concat())
    }

    /// A terminal with this command on it, which has it for its own.
    pub(super) fn of(world: &World, command_line: &[&str]) -> Option<Self> {
        if !has("setsid") || !has("stty") {
            return None;
        }
        let (master, slave) = terminal();
        let before = keys(&slave);
        let end = || slave.try_clone().expect("a descriptor");
        let mut command = world.command("setsid");
        command.arg("--ctty").args(command_line).env("TERM", "xterm");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("it starts");
        Some(Self { master, slave, before, child, parser: parser(ROWS, COLUMNS) })
    }

    pub(super) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Draws what has come, until it is so.
    pub(super) fn wait(&mut self, what: &str, is_so: impl Fn(&vt100::Screen) -> bool) {
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

    pub(super) fn wait_for(&mut self, words: &str) {
        self.wait(words, |screen| screen.contents().contains(words));
    }

    pub(super) fn wait_without(&mut self, words: &str) {
        self.wait(words, |screen| !screen.contents().contains(words));
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    pub(super) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Waits until somebody reads key by key.
    pub(super) fn wait_for_keys(&self) {
        wait_until("keys are read one by one", || {
            !tcgetattr(&self.slave).expect("a terminal").local_flags.contains(LocalFlags::ICANON)
        });
    }

    /// The terminal is as it was found.
    pub(super) fn is_given_back(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the other screen is left");
        assert!(!screen.hide_cursor(), "the cursor is there");
        assert_eq!(keys(&self.slave), self.before, "the keys are as they were");
    }

    /// Waits for its end: its status. The terminal is as it was found.
    pub(super) fn end(mut self) -> i32 {
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
        self.is_given_back();
        status_of(status)
    }

    /// Takes the terminal away, and waits for its end: its status.
    pub(super) fn hang_up(mut self) -> i32 {
        let nothing = || File::open("/dev/null").expect("it is always there");
        (self.master, self.slave) = (nothing(), nothing());
        let child = &mut self.child;
        let mut ended = None;
        wait_until("it ends without its terminal", || {
            ended = child.try_wait().expect("our child");
            ended.is_some()
        });
        status_of(ended.expect("just seen"))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn status_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().expect("no code means a signal"))
}

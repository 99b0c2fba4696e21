//! The terminal: taken over, and given back as it was found, however it ends.

use std::io::{self, Write};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::{Hide, Show};
use crossterm::execute;
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use crate::sys::fd;

/// Whether the terminal is ours now.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal behind standard output, as a whole screen.
#[derive(Debug)]
pub(super) struct Screen {
    pub terminal: Terminal<CrosstermBackend<Tty>>,
}

/// Standard output, gathered until a picture is complete.
#[derive(Debug, Default)]
pub(super) struct Tty(Vec<u8>);

impl Write for Tty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = std::mem::take(&mut self.0);
        // ratatui shows the cursor when it is dropped, and would tell on standard error that it cannot: what was
        // given back has it already.
        if TAKEN.load(Ordering::Relaxed) { put(&bytes) } else { Ok(()) }
    }
}

fn put(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match fd::write(fd::stdout(), bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Screen {
    /// Takes the terminal over: keys come one by one, and what was on the screen is kept.
    pub(super) fn take() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            // A panic aborts: nothing is dropped, and its words would be lost with the other screen.
            let hook = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                hook(info);
            }));
        });
        take_over()?;
        match Terminal::new(CrosstermBackend::new(Tty::default())) {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Gives the terminal back while `act` runs.
    pub(super) fn lend<T>(&mut self, act: impl FnOnce() -> T) -> io::Result<T> {
        give_back();
        let done = act();
        take_over()?;
        self.begin_anew()?;
        Ok(done)
    }

    /// Draws everything next time, whatever may be on the screen. (`Terminal::clear` would ask the terminal
    /// where its cursor is, and not every one answers.)
    pub(super) fn begin_anew(&mut self) -> io::Result<()> {
        let mut words = Vec::new();
        execute!(words, Clear(ClearType::All))?;
        put(&words)?;
        self.terminal = Terminal::new(CrosstermBackend::new(Tty::default()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take_over() -> io::Result<()> {
    TAKEN.store(true, Ordering::Relaxed);
    let mut words = Vec::new();
    let taken = raw_mode().and_then(|()| execute!(words, EnterAlternateScreen, Hide)).and_then(|()| put(&words));
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Makes keys come one by one. In the background that stops us until we are in the foreground again.
fn raw_mode() -> io::Result<()> {
    loop {
        match enable_raw_mode() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Gives the terminal back, once.
fn give_back() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        // It may be gone: then there is nothing to give back.
        let mut words = Vec::new();
        let _ = execute!(words, LeaveAlternateScreen, Show).and_then(|()| put(&words));
        let _ = disable_raw_mode();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::process::Command;

    use nix::pty::{Winsize, openpty};
    use nix::sys::termios::tcgetattr;

    use super::*;

    /// What the kernel knows of a terminal: behind that the C library's structure may hold anything.
    fn keys(terminal: &File) -> String {
        let known = tcgetattr(terminal).expect("a terminal");
        let modes = (known.input_flags, known.output_flags, known.control_flags, known.local_flags);
        format!("{modes:?} {:?}", &known.control_chars[..19])
    }

    /// What the next test looks at: nobody runs it alone.
    #[test]
    #[ignore = "it panics"]
    fn a_panic_on_the_screen() {
        let _screen = Screen::take().expect("a terminal");
        panic!("the words");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_and_is_read_on_it() {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).expect("a terminal");
        let (mut master, slave) = (File::from(pty.master), File::from(pty.slave));
        let before = keys(&slave);
        let end = || slave.try_clone().expect("a descriptor");
        let test = "cmd::ripcs::top::screen::tests::a_panic_on_the_screen";
        let mut command = Command::new(std::env::current_exe().expect("we run"));
        command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
        let status = command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm").status().expect("it starts");
        assert!(!status.success());
        assert_eq!(keys(&slave), before, "the keys are as they were");
        drop((command, slave));
        // A terminal whose other end is closed gives what is left, and then EIO.
        let mut shown = Vec::new();
        let _ = master.read_to_end(&mut shown);
        let shown = String::from_utf8_lossy(&shown);
        let at = |words: &str| shown.find(words).unwrap_or_else(|| panic!("{words:?} is not in {shown:?}"));
        assert!(at("\x1b[?1049h") < at("\x1b[?1049l") && at("\x1b[?1049l") < at("the words"), "{shown:?}");
        assert!(at("\x1b[?25h") < at("the words"), "the cursor is there: {shown:?}");
    }
}

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
        let mut rest = self.0.as_slice();
        while !rest.is_empty() {
            match fd::write(fd::stdout(), rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.0.clear();
                    return Err(error);
                }
            }
        }
        self.0.clear();
        Ok(())
    }
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
        let mut tty = Tty::default();
        execute!(tty, Clear(ClearType::All))?;
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
    let mut tty = Tty::default();
    let taken = enable_raw_mode().and_then(|()| execute!(tty, EnterAlternateScreen, Hide));
    if taken.is_err() {
        give_back();
    }
    taken
}

/// Gives the terminal back, once.
fn give_back() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        // It may be gone: then there is nothing to give back.
        let mut tty = Tty::default();
        let _ = execute!(tty, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

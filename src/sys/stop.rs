//! Being stopped and let go on, for who has a terminal to give back before: signal(7), job control.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::signal::{install, set};

/// Whether somebody wants us to stop.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Whether we were stopped and go on.
static CONTINUED: AtomicBool = AtomicBool::new(false);

extern "C" fn note_stop(_signal: libc::c_int) {
    WANTED.store(true, Ordering::SeqCst);
}

extern "C" fn note_continued(_signal: libc::c_int) {
    CONTINUED.store(true, Ordering::SeqCst);
}

/// From now on TSTP is noticed instead of obeyed, and CONT noticed. A TSTP that was ignored stays so.
pub(crate) fn catch() -> io::Result<()> {
    if install(libc::SIGTSTP, note_stop)? == libc::SIG_IGN {
        set(libc::SIGTSTP, libc::SIG_IGN);
    }
    install(libc::SIGCONT, note_continued).map(drop)
}

/// Whether one of them has come that nobody has asked about yet.
pub(crate) fn is_pending() -> bool {
    WANTED.load(Ordering::SeqCst) || CONTINUED.load(Ordering::SeqCst)
}

/// Whether a TSTP has come that nobody has asked about yet.
pub(crate) fn is_wanted() -> bool {
    WANTED.swap(false, Ordering::SeqCst)
}

/// Whether a CONT has come that nobody has asked about yet.
pub(crate) fn is_over() -> bool {
    CONTINUED.swap(false, Ordering::SeqCst)
}

/// Stops as TSTP does by default: until a CONT, and not at all where no shell is there to send one.
pub(crate) fn obey() -> io::Result<()> {
    // SAFETY: no pointers.
    by_default(|| unsafe { libc::raise(libc::SIGTSTP) })
}

/// Stops so, and everything in our process group with us: what Ctrl-Z does on a terminal that is not ours alone.
pub(crate) fn obey_all() -> io::Result<()> {
    // SAFETY: no pointers.
    by_default(|| unsafe { libc::kill(0, libc::SIGTSTP) })
}

fn by_default(send: impl FnOnce() -> libc::c_int) -> io::Result<()> {
    set(libc::SIGTSTP, libc::SIG_DFL);
    let sent = super::check(send());
    install(libc::SIGTSTP, note_stop)?;
    sent.map(drop)
}

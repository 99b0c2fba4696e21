//! Signal dispositions: what ends a tool, and when.
//!
//! A tool that could lose something when it dies catches the signals that would end it, finishes what
//! it holds, and then dies of the signal after all, so that its parent sees the truth.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::{alarm, siginfo};

/// The ending signal that came first, 0 while there is none.
static CAUGHT: AtomicI32 = AtomicI32::new(0);

/// Whether a child has ended since we last looked.
static CHILD_ENDED: AtomicBool = AtomicBool::new(false);

/// What SIGPIPE was before [`die_on_closed_pipe`].
static PIPE_IGNORED: AtomicBool = AtomicBool::new(false);

/// The child that does not outlive us, 0 while there is none.
static COMPANION: AtomicI32 = AtomicI32::new(0);

/// Signals that end a tool and that a user sends to end it.
const ENDINGS: [libc::c_int; 4] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM];

extern "C" fn note_ending(signal: libc::c_int) {
    let _ = CAUGHT.compare_exchange(0, signal, Ordering::SeqCst, Ordering::SeqCst);
    // The signal may have come between the last look at CAUGHT and a call that blocks: ring until noticed.
    let _ = alarm::ring_from_handler();
}

extern "C" fn end_with_companion(signal: libc::c_int) {
    // SAFETY: async-signal-safe, no pointers; a child that nobody waits for keeps its pid.
    unsafe { libc::kill(COMPANION.load(Ordering::SeqCst), libc::SIGTERM) };
    // It is blocked while this runs, and ends us after it.
    die_of(signal);
}

extern "C" fn note_child(_signal: libc::c_int) {
    CHILD_ENDED.store(true, Ordering::SeqCst);
    let _ = alarm::ring_from_handler();
}

extern "C" fn only_interrupt(_signal: libc::c_int) {}

/// SIGPIPE ends us silently, whatever our parent left behind (many ignore it).
pub(crate) fn die_on_closed_pipe() {
    // SAFETY: SIG_DFL runs no code of ours.
    let before = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    PIPE_IGNORED.store(before == libc::SIG_IGN, Ordering::Relaxed);
}

/// Whether our parent had us ignore SIGPIPE: a command that we become shall know.
pub(crate) fn pipe_was_ignored() -> bool {
    PIPE_IGNORED.load(Ordering::Relaxed)
}

/// A closed pipe becomes EPIPE: for a tool that still has something to put back.
pub(crate) fn survive_closed_pipe() {
    set(libc::SIGPIPE, libc::SIG_IGN);
}

/// A file beyond `RLIMIT_FSIZE` becomes EFBIG, where SIGXFSZ would end us without a word.
#[must_use]
pub(crate) fn survive_file_limit() -> FileLimitSurvived {
    // SAFETY: SIG_IGN runs no code of ours.
    FileLimitSurvived(unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) })
}

/// SIGXFSZ does what it did before once this is dropped: a command that we run shall not inherit it.
#[derive(Debug)]
pub(crate) struct FileLimitSurvived(libc::sighandler_t);

impl Drop for FileLimitSurvived {
    fn drop(&mut self) {
        set(libc::SIGXFSZ, self.0);
    }
}

/// Children that end stay until they are waited for, also where our parent ignored SIGCHLD.
pub(crate) fn keep_ended_children() {
    set(libc::SIGCHLD, libc::SIG_DFL);
}

/// Lets a command start with these signals blocked and no others, whatever we have blocked then.
pub(crate) fn start_with_mask(command: &mut Command, mask: u64) {
    // SAFETY: between fork and exec the closure makes one async-signal-safe call and allocates nothing.
    unsafe { command.pre_exec(move || siginfo::set_mask(mask)) };
}

/// Lets a command start with SIGPIPE ignored: std would let it have its default action.
pub(crate) fn start_ignoring_pipe(command: &mut Command) {
    // SAFETY: between fork and exec the closure makes one async-signal-safe call and allocates nothing.
    unsafe {
        command.pre_exec(|| {
            survive_closed_pipe();
            Ok(())
        })
    };
}

/// The signals that would end the process wait until this is dropped.
#[derive(Debug)]
pub(crate) struct Held(libc::sigset_t);

/// Lets HUP, INT, QUIT and TERM wait: for work that is short and must not be left half done.
pub(crate) fn hold_endings() -> Held {
    let (mut set, mut before) = (empty_set(), empty_set());
    // SAFETY: both are initialised sigset_t; with valid arguments neither call fails.
    unsafe {
        for signal in ENDINGS {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::sigprocmask(libc::SIG_BLOCK, &raw const set, &raw mut before);
    }
    Held(before)
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: the mask that was in force before.
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// From now on HUP, INT, QUIT and TERM interrupt the call that blocks instead of ending the process.
/// What was ignored (`nohup`, background jobs) stays ignored.
pub(crate) fn catch_endings() -> io::Result<()> {
    catch_alarm()?;
    take_endings(note_ending)
}

fn take_endings(handler: extern "C" fn(libc::c_int)) -> io::Result<()> {
    for signal in ENDINGS {
        if install(signal, handler)? == libc::SIG_IGN {
            set(signal, libc::SIG_IGN);
        }
    }
    Ok(())
}

/// From now on HUP, INT, QUIT and TERM end this child of ours, which nobody may wait for, with us.
/// Not for who catches endings.
pub(crate) fn end_together(child: i32) -> io::Result<()> {
    COMPANION.store(child, Ordering::SeqCst);
    take_endings(end_with_companion)
}

/// From now on a child that ends interrupts the call that blocks, too; for who catches endings already.
pub(crate) fn catch_children() -> io::Result<()> {
    install(libc::SIGCHLD, note_child)?;
    unblock(libc::SIGCHLD)
}

/// The children that have ended are looked at now: one that ends from here on is noticed anew.
pub(crate) fn forget_child_ended() {
    if CHILD_ENDED.swap(false, Ordering::SeqCst) && caught().is_none() {
        alarm::silence();
    }
}

/// Whether a call that was interrupted shall not go on.
pub(crate) fn wants_attention() -> bool {
    caught().is_some() || CHILD_ENDED.load(Ordering::SeqCst)
}

/// The ending signal has been obeyed: the tool ends by itself, with a status of its own. Another one
/// is noticed anew.
pub(crate) fn settle() {
    CAUGHT.store(0, Ordering::SeqCst);
    CHILD_ENDED.store(false, Ordering::SeqCst);
    alarm::silence();
}

/// The ending signal that came, if one did.
pub(crate) fn caught() -> Option<i32> {
    Some(CAUGHT.load(Ordering::SeqCst)).filter(|&signal| signal != 0)
}

/// SIGALRM interrupts the call that blocks, and does nothing else.
pub(crate) fn catch_alarm() -> io::Result<()> {
    install(libc::SIGALRM, only_interrupt)?;
    unblock(libc::SIGALRM)
}

fn unblock(signal: libc::c_int) -> io::Result<()> {
    let mut set = empty_set();
    // SAFETY: `set` is an initialised sigset_t; the old mask is not asked for.
    super::check(unsafe {
        libc::sigaddset(&raw mut set, signal);
        libc::sigprocmask(libc::SIG_UNBLOCK, &raw const set, ptr::null_mut())
    })
    .map(drop)
}

/// Dies of `signal` with its default action. Returns only if that does not end the process
/// (it is blocked, or we are init of a pid namespace).
pub(crate) fn die_of(signal: i32) {
    set(signal, libc::SIG_DFL);
    // SAFETY: no pointers.
    unsafe { libc::raise(signal) };
}

/// SIGPIPE's number, for [`die_of`].
pub(crate) const PIPE: i32 = libc::SIGPIPE;

pub(super) fn set(signal: libc::c_int, action: libc::sighandler_t) {
    // SAFETY: SIG_DFL and SIG_IGN run no code of ours; the numbers are valid signals.
    unsafe { libc::signal(signal, action) };
}

/// Installs a handler, which only touches atomics: what there was before.
pub(super) fn install(signal: libc::c_int, handler: extern "C" fn(libc::c_int)) -> io::Result<libc::sighandler_t> {
    let action = libc::sigaction {
        sa_sigaction: handler as *const () as libc::sighandler_t,
        sa_mask: empty_set(),
        sa_flags: 0, // no SA_RESTART: the blocking call has to return
        sa_restorer: None,
    };
    let mut before = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the handlers only touch atomics and make async-signal-safe calls; both pointers are to one
    // sigaction.
    super::check(unsafe { libc::sigaction(signal, &raw const action, before.as_mut_ptr()) })?;
    // SAFETY: the call filled it.
    Ok(unsafe { before.assume_init() }.sa_sigaction)
}

pub(super) fn empty_set() -> libc::sigset_t {
    let mut set = std::mem::MaybeUninit::zeroed();
    // SAFETY: sigemptyset initialises the whole set.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

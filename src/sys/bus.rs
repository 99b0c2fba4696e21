//! Mapped files that shrink: SIGBUS becomes an error.
//!
//! Touching a page of a mapping behind the end of its file raises SIGBUS, which would end the process.
//! While a [`Guard`] stands over the mapping, the handler puts empty memory of our own there instead, so
//! that the access comes to its end, and the guard tells that what was read is worthless.

use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use super::{check, memory, signal};

/// Mappings that can be guarded at a time.
const MOST: usize = 16;

static SLOTS: [Slot; MOST] = [const { Slot::free() }; MOST];

struct Slot {
    taken: AtomicBool,
    start: AtomicUsize,
    end: AtomicUsize,
    faulted: AtomicBool,
}

impl Slot {
    const fn free() -> Self {
        Self {
            taken: AtomicBool::new(false),
            start: AtomicUsize::new(0),
            end: AtomicUsize::new(0),
            faulted: AtomicBool::new(false),
        }
    }
}

/// Stands over a mapping as long as it lives.
#[derive(Debug)]
pub(super) struct Guard(usize);

impl Guard {
    /// Over these addresses; ENOMEM when there are too many already.
    pub(super) fn over(start: usize, length: usize) -> io::Result<Self> {
        let free = SLOTS.iter().position(|slot| !slot.taken.swap(true, SeqCst));
        let index = free.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOMEM))?;
        let slot = &SLOTS[index];
        slot.faulted.store(false, SeqCst);
        slot.start.store(start, SeqCst);
        slot.end.store(start + length, SeqCst);
        let guard = Self(index);
        install()?;
        Ok(guard)
    }

    /// Whether a page was missing.
    pub(super) fn has_faulted(&self) -> bool {
        SLOTS[self.0].faulted.load(SeqCst)
    }
}

impl Guard {
    /// Stands over nothing any more, before the addresses become somebody else's.
    pub(super) fn lift(&self) {
        SLOTS[self.0].end.store(0, SeqCst);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.lift();
        SLOTS[self.0].taken.store(false, SeqCst);
    }
}

fn install() -> io::Result<()> {
    let action = libc::sigaction {
        sa_sigaction: on_bus_error as *const () as libc::sighandler_t,
        sa_mask: signal::empty_set(),
        sa_flags: libc::SA_SIGINFO,
        sa_restorer: None,
    };
    // SAFETY: reads one sigaction; the handler touches atomics and makes async-signal-safe calls.
    check(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) }).map(drop)
}

extern "C" fn on_bus_error(_signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel gives a siginfo_t; that of a fault has an address.
    let (code, address) = unsafe { ((*info).si_code, (*info).si_addr().addr()) };
    // Codes of the kernel's faults are above 0: another process may have sent it, without an address.
    let is_fault = code > 0;
    for slot in SLOTS.iter().filter(|_| is_fault) {
        let (start, end) = (slot.start.load(SeqCst), slot.end.load(SeqCst));
        if (start..end).contains(&address) {
            slot.faulted.store(true, SeqCst);
            if replace(address, end) {
                return;
            }
        }
    }
    // Not ours to mend: it ends the process as it would have, a fault when the access is made again.
    if is_fault {
        signal::set(libc::SIGBUS, libc::SIG_DFL);
    } else {
        signal::die_of(libc::SIGBUS);
    }
}

/// Puts memory of our own from the page of `address` on.
fn replace(address: usize, end: usize) -> bool {
    let page = address - address % memory::page_size();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_FIXED;
    // SAFETY: only pages of a mapping that has a guard are replaced, and nobody has references into it.
    let start = unsafe { libc::mmap(ptr::without_provenance_mut(page), end - page, access, flags, -1, 0) };
    start != libc::MAP_FAILED
}

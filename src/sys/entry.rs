//! How a process starts: its arguments, and three descriptors that are what they seem.

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;

/// The name that the process was called by, which may be a path; empty where there is none.
#[allow(clippy::not_unsafe_ptr_arg_deref, reason = "called by the `door!` macro alone, with what C's main was given")]
pub(crate) fn called(argc: c_int, argv: *const *const c_char) -> &'static [u8] {
    if argc < 1 {
        return b"";
    }
    // SAFETY: C guarantees argc pointers to NUL-terminated strings that live as long as the process.
    unsafe { CStr::from_ptr(*argv) }.to_bytes()
}

/// The arguments of `main`, as bytes.
///
/// The binaries enter through C's `main`: Rust's own costs a third of a small tool's start-up.
#[allow(clippy::not_unsafe_ptr_arg_deref, reason = "called by the `door!` macro alone, with what C's main was given")]
pub(crate) fn arguments(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    (0..usize::try_from(argc).unwrap_or(0))
        .map(|index| {
            // SAFETY: C guarantees argc pointers to NUL-terminated strings that live as long as the process.
            let argument = unsafe { CStr::from_ptr(*argv.add(index)) };
            OsString::from_vec(argument.to_bytes().to_vec())
        })
        .collect()
}

/// Makes sure that descriptors 0, 1 and 2 are open.
///
/// Where one is closed, the next file we open would take its place and be written or read by mistake.
/// It is filled with /dev/null opened the wrong way round, so that using it still fails with EBADF
/// (gnulib's stdopen).
pub(crate) fn fill_standard_descriptors() {
    let mut fds = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: `fds` is an array of three pollfd.
    let ready = unsafe { libc::poll(fds.as_mut_ptr(), 3, 0) };
    if ready < 1 {
        return;
    }
    for entry in fds.iter().filter(|entry| entry.revents & libc::POLLNVAL != 0) {
        let wrong_way = if entry.fd == 0 { libc::O_WRONLY } else { libc::O_RDONLY };
        // SAFETY: a NUL-terminated path; the lowest free descriptor is this one, lower ones being open.
        unsafe { libc::open(c"/dev/null".as_ptr(), wrong_way) };
    }
}

/// Ends a process that must not run on, where a signal was meant to end it and did not.
pub(crate) fn exit_now(status: u8) -> ! {
    // SAFETY: no destructor of ours matters any more.
    unsafe { libc::_exit(c_int::from(status)) }
}

/// The mask of this process, by which the modes of new files are less than what is asked for: umask(2).
pub(crate) fn umask() -> u32 {
    // SAFETY: no pointers. It can only be asked by setting it; there is no other thread to see that.
    unsafe {
        let mask = libc::umask(0o077);
        libc::umask(mask);
        mask
    }
}

/// 32 random bits: getrandom(2).
pub(crate) fn random() -> u32 {
    let mut bits = 0_u32;
    // SAFETY: writes at most four bytes into `bits`.
    let got = unsafe { libc::getrandom((&raw mut bits).cast(), size_of::<u32>(), 0) };
    // It fails on kernels before 3.17 alone.
    if got == 4 { bits } else { std::process::id() }
}

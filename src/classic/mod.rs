//! The drop-in faces: a binary called by the name of an old tool is that tool.
//!
//! A door names the faces of its binary. [`main`] looks at the name the process was called by, before
//! anything else happens: who comes through a link called `ipcs` never meets clap, and who calls the
//! tool by its own name pays for one comparison per face.
//!
//! A face reads its options by `options`, as getopt_long(3) does, and prints with its own plain
//! formats what [`ipc`](crate::ipc) tells. Faces know nothing of `cmd`, nor of each other.

use std::ffi::{OsStr, OsString, c_char, c_int};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use crate::ipc::{Kind, Name, PosixName};
use crate::output::{Out, escape_lines, tell};
use crate::sys::{entry, errno, fd};

pub mod flock;
mod grid;
mod human;
pub mod ipcmk;
pub mod ipcrm;
pub mod ipcs;
pub mod kill;
pub mod lsipc;
pub mod lslocks;
pub mod mkfifo;
mod numbers;
mod options;
mod owners;
mod times;
pub mod waitpid;

use numbers::NumberError;
use options::Wrong;

/// An old tool: the name it is called by, and what it does.
#[derive(Debug)]
pub struct Face {
    name: &'static str,
    family: Family,
    run: fn(&mut Console, Vec<OsString>) -> u8,
}

/// Whose manners a tool has where the two families differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Messages begin with the last part of the name it was called by.
    UtilLinux,
    /// Messages begin with the whole of it.
    Gnu,
}

/// Runs the face that the process was called by, if it was: its exit status.
#[must_use]
pub fn main(faces: &[&'static Face], argc: c_int, argv: *const *const c_char) -> Option<c_int> {
    let called = entry::called(argc, argv);
    let last = called.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let face = faces.iter().find(|face| face.name.as_bytes() == last)?;
    // SIGPIPE stays as it was inherited: the old tools die of it, or not, as their caller wants.
    entry::fill_standard_descriptors();
    let mut arguments = entry::arguments(argc, argv).into_iter();
    let called = arguments.next().unwrap_or_default();
    let mut console = Console { out: Out::default(), face, called };
    let status = (face.run)(&mut console, arguments.collect());
    Some(c_int::from(console.finish(status)))
}

/// What a face talks through: standard output, and messages as its original words them.
#[derive(Debug)]
struct Console {
    /// Standard output.
    out: Out,
    face: &'static Face,
    /// The name it was called by, as it was: `argv[0]`.
    called: OsString,
}

impl Console {
    /// The name in messages: `prog` of `prog: text`.
    fn name(&self) -> &OsStr {
        match self.face.family {
            Family::UtilLinux => OsStr::new(self.face.name),
            Family::Gnu => &self.called,
        }
    }

    /// Tells something on standard error behind the name: warnx(3).
    fn warn(&mut self, text: impl AsRef<[u8]>) {
        self.tell(&[self.name().as_bytes(), b": ", text.as_ref(), b"\n"].concat());
    }

    /// The same with the reason of an error, in strerror's words: warn(3).
    fn warn_of(&mut self, text: impl AsRef<[u8]>, error: &io::Error) {
        self.warn([text.as_ref(), b": ", errno::words(error).as_bytes()].concat());
    }

    /// Tells that a text is no number, and where it is too large that too, as util-linux does.
    fn warn_number(&mut self, what: &str, text: &OsStr, error: NumberError) {
        let words = around(&format!("{what}: '"), text, "'");
        match error {
            NumberError::Invalid => self.warn(words),
            NumberError::Range => self.warn_of(words, &error.into()),
        }
    }

    /// Tells what getopt_long(3) says of wrong options, then where help is: status 1.
    fn refuse(&mut self, wrong: &Wrong) -> u8 {
        self.tell(&[self.called.as_bytes(), b": ", wrong.text(), b"\n"].concat());
        self.try_help()
    }

    /// Tells where help is: status 1.
    fn try_help(&mut self) -> u8 {
        let name = self.name().as_bytes();
        self.tell(&[b"Try '", name, b" --help' for more information.\n"].concat());
        1
    }

    /// Prints help or another text that is ready; status 0.
    fn print(&mut self, text: &str) -> u8 {
        // `finish` tells where this fails.
        let _ = self.out.write_all(text.as_bytes());
        0
    }

    /// Prints whose version this is; status 0.
    fn version(&mut self) -> u8 {
        self.print(&format!("{} from ripc {}\n", self.face.name, env!("CARGO_PKG_VERSION")))
    }

    /// Writes lines to standard error: behind what was printed where both are one terminal, and before it
    /// otherwise, which is when the C library would write them.
    fn tell(&mut self, lines: &[u8]) {
        if fd::is_terminal(fd::stdout()) {
            let _ = self.out.flush();
        }
        if fd::is_terminal(fd::stderr()) {
            tell(escape_lines(lines).as_bytes());
        } else {
            tell(lines);
        }
    }

    /// Writes what is left; a failure of that is told, and makes the status 1. A reader that has gone has seen
    /// enough to util-linux, and is a failure to GNU.
    fn finish(&mut self, status: u8) -> u8 {
        match self.out.finish() {
            Ok(()) => status,
            Err(error) if errno::is(&error, errno::EPIPE) && self.face.family == Family::UtilLinux => status,
            Err(error) => {
                self.warn_of("write error", &error);
                1
            }
        }
    }
}

/// `before`, `text` and `behind` in one: a message with an argument in it, which may be no UTF-8.
fn around(before: &str, text: &OsStr, behind: &str) -> Vec<u8> {
    let mut all = OsString::from(before);
    all.push(text);
    all.push(behind);
    all.into_vec()
}

/// The name of a POSIX object, with its slash or without: lists show it without one, calls want one.
/// EINVAL for what can be none.
fn posix_name(text: &OsStr, kind: Kind) -> io::Result<PosixName> {
    let with_slash =
        if text.as_bytes().starts_with(b"/") { text.to_owned() } else { OsString::from_vec(around("/", text, "")) };
    match Name::parse(&with_slash, kind) {
        Ok(Name::Posix(name)) => Ok(name),
        _ => Err(errno::error(errno::EINVAL)),
    }
}

//! `flock`: locks on files from shell scripts, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::numbers::{NumberError, integer, signed32};
use super::options::{Long, Table};
use super::{Console, Face, Family, around};
use crate::command::{Supervised, become_it, of_words};
use crate::exit::{CommandError, Status};
use crate::ipc::lock::{Claim, Kind, LockFile, Opening, Range, Request, Writing};
use crate::ipc::{Mode, Wait};
use crate::sys::{errno, signal};

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "flock", family: Family::UtilLinux, run };

/// Statuses of sysexits.h(3head).
const USAGE: u8 = 64;
const DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SYSTEM: u8 = 71;
const CANNOT_CREATE: u8 = 73;

static OPTIONS: Table = Table {
    short: "+sexnoFuw:E:hV",
    long: &[
        Long::flag("shared", 's'),
        Long::flag("exclusive", 'x'),
        Long::flag("unlock", 'u'),
        Long::flag("nonblocking", 'n'),
        Long::flag("nb", 'n'),
        Long::value("timeout", 'w'),
        Long::value("wait", 'w'),
        Long::value("conflict-exit-code", 'E'),
        Long::flag("close", 'o'),
        Long::flag("no-fork", 'F'),
        Long::flag("verbose", 'v'),
        Long::flag("fcntl", 'f'),
        Long::value("start", 'S'),
        Long::value("length", 'L'),
        Long::value("fd", 'D'),
        Long::flag("help", 'h'),
        Long::flag("version", 'V'),
    ],
};

const HELP: &str = "
Usage:
 flock [options] <file>|<directory> <command> [<argument>...]
 flock [options] <file>|<directory> -c <command>
 flock [options] <file descriptor number>
 flock [options] --fd <file descriptor number> <command> [<argument>...]

Manage file locks from shell scripts.

Options:
 -s, --shared             get a shared lock
 -x, --exclusive          get an exclusive lock (default)
 -u, --unlock             remove a lock
 -n, --nonblock           fail rather than wait
 -w, --timeout <secs>     wait for a limited amount of time
 -E, --conflict-exit-code <number>  exit code after conflict or timeout
 -o, --close              close file descriptor before running command
 -c, --command <command>  run a single command string through the shell
 -F, --no-fork            execute command without forking
     --fcntl              use fcntl(F_OFD_SETLK) rather than flock()
     --start <offset>     start of the range to lock (implies --fcntl)
     --length <number>    length of the range to lock (implies --fcntl)
     --fd <number>        lock this file descriptor around the command
     --verbose            increase verbosity

 -h, --help               display this help
 -V, --version            display version

For more details see flock(1).
";

/// What the options ask for.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
struct Wishes {
    /// `None` lets the lock go.
    claim: Option<Claim>,
    wait: Wait,
    /// A time that no timer takes.
    wrong_time: bool,
    conflict: u8,
    close: bool,
    no_fork: bool,
    verbose: bool,
    kind: Kind,
    range: Range,
    descriptor: Option<i32>,
}

/// Where a function ends early, with this status; the reason has been told.
type Ended<T> = Result<T, u8>;

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    match locked(console, arguments) {
        Ok(status) | Err(status) => status,
    }
}

fn locked(console: &mut Console, arguments: Vec<OsString>) -> Ended<u8> {
    if arguments.is_empty() {
        console.warn("not enough arguments");
        console.try_help();
        return Err(USAGE);
    }
    let (wishes, mut operands) = parse(console, arguments)?;
    let file = match wishes.descriptor {
        None if operands.is_empty() => {
            console.warn("requires file descriptor, file or directory");
            return Err(USAGE);
        }
        None => operands.remove(0),
        Some(number) => number.to_string().into(),
    };
    let words = command_of(console, operands)?;
    let is_path = wishes.descriptor.is_none() && !words.is_empty();
    let lock = if is_path { open(console, &file, &wishes, Writing::No)? } else { descriptor(console, &file, &wishes)? };
    let lock = take(console, lock, &file, is_path, &wishes)?;
    if words.is_empty() { Ok(0) } else { under(console, lock, &words, &wishes) }
}

fn parse(console: &mut Console, arguments: Vec<OsString>) -> Ended<(Wishes, Vec<OsString>)> {
    let mut wishes = Wishes {
        claim: Some(Claim::Exclusive),
        wait: Wait::Forever,
        wrong_time: false,
        conflict: 1,
        close: false,
        no_fork: false,
        verbose: false,
        kind: Kind::Flock,
        range: Range::WHOLE,
        descriptor: None,
    };
    let mut options = OPTIONS.read(arguments);
    for found in options.by_ref() {
        let (code, value) = found.map_err(|wrong| {
            console.refuse(&wrong);
            USAGE
        })?;
        wishes.set(console, code, &value.unwrap_or_default())?;
    }
    if wishes.no_fork && wishes.close {
        console.warn("the --no-fork and --close options are incompatible");
        return Err(USAGE);
    }
    Ok((wishes, options.operands()))
}

impl Wishes {
    fn set(&mut self, console: &mut Console, code: char, value: &OsStr) -> Ended<()> {
        match code {
            's' => self.claim = Some(Claim::Shared),
            'e' | 'x' => self.claim = Some(Claim::Exclusive),
            'u' => self.claim = None,
            'n' => self.wait = Wait::Never,
            'w' => self.patience(console, value)?,
            'E' => {
                let status = number(console, "invalid exit code", value, signed32)?;
                self.conflict = u8::try_from(status).map_err(|_| {
                    console.warn("exit code out of range (expected 0 to 255)");
                    USAGE
                })?;
            }
            'o' => self.close = true,
            'F' => self.no_fork = true,
            'v' => self.verbose = true,
            'f' => self.kind = Kind::Ofd,
            'S' | 'L' => {
                self.kind = Kind::Ofd;
                let what = if code == 'S' { "invalid start offset" } else { "invalid length" };
                let bytes = number(console, what, value, offset)?;
                if code == 'S' {
                    self.range.start = bytes;
                } else {
                    self.range.length = bytes.try_into().ok();
                }
            }
            'D' => self.descriptor = Some(number(console, "bad file descriptor", value, signed32)?),
            'h' => return Err(console.print(HELP)),
            _ => return Err(console.version()),
        }
        Ok(())
    }

    /// Seconds, perhaps with a fraction; no time at all is no waiting.
    fn patience(&mut self, console: &mut Console, text: &OsStr) -> Ended<()> {
        let seconds = text.to_str().and_then(|text| text.trim_start().parse::<f64>().ok());
        let Some(seconds) = seconds else {
            console.warn(around("invalid timeout value: '", text, "'"));
            return Err(USAGE);
        };
        // The timer counts microseconds.
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| i64::try_from(time.as_secs()).is_ok());
        self.wrong_time = time.is_none();
        match time {
            // Not to wait at all is stronger.
            Some(time) if time.as_micros() > 0 && self.wait != Wait::Never => self.wait = Wait::For(time),
            _ => self.wait = Wait::Never,
        }
        Ok(())
    }
}

fn offset(text: &OsStr) -> Result<u64, NumberError> {
    let number = integer(text, 10)?;
    if number < 0 {
        Err(NumberError::Invalid)
    } else {
        i64::try_from(number).map(i64::cast_unsigned).map_err(|_| NumberError::Range)
    }
}

fn number<T>(
    console: &mut Console,
    what: &str,
    text: &OsStr,
    read: impl Fn(&OsStr) -> Result<T, NumberError>,
) -> Ended<T> {
    read(text).map_err(|error| {
        console.warn_number(what, text, error);
        USAGE
    })
}

/// The command behind the file: as it stands, or a string for the shell behind `-c`.
fn command_of(console: &mut Console, operands: Vec<OsString>) -> Ended<Vec<OsString>> {
    let Some(first) = operands.first().filter(|first| *first == "-c" || *first == "--command") else {
        return Ok(operands);
    };
    let [_, string] = &operands[..] else {
        console.warn(around("", first, " requires exactly one command argument"));
        return Err(USAGE);
    };
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty()).unwrap_or_else(|| "/bin/sh".into());
    Ok(vec![shell, "-c".into(), string.clone()])
}

fn open(console: &mut Console, file: &OsStr, wishes: &Wishes, writing: Writing) -> Ended<LockFile> {
    let writing = match (wishes.kind, wishes.claim) {
        (Kind::Flock, _) => writing,
        (_, Some(Claim::Exclusive)) => Writing::Needed,
        _ => Writing::No,
    };
    let opening = Opening { create: Some(Mode::ALL), writing, inherited: !wishes.close };
    LockFile::open(Path::new(file), opening).map_err(|error| {
        console.warn_of(around("cannot open lock file ", file, ""), &error);
        match error.raw_os_error() {
            Some(errno::ENOMEM | errno::EMFILE | errno::ENFILE) => SYSTEM,
            Some(errno::EROFS | errno::ENOSPC) => CANNOT_CREATE,
            _ => NO_INPUT,
        }
    })
}

fn descriptor(console: &mut Console, text: &OsStr, wishes: &Wishes) -> Ended<LockFile> {
    let number = number(console, "bad file descriptor", text, signed32)?;
    LockFile::inherited(number, !wishes.close).map_err(|error| {
        console.warn_of(number.to_string(), &error);
        DATA
    })
}

/// Takes the lock, or lets it go, and tells what came of it as far as that is asked for.
fn take(console: &mut Console, mut lock: LockFile, file: &OsStr, is_path: bool, wishes: &Wishes) -> Ended<LockFile> {
    if wishes.wrong_time {
        console.warn_of("cannot set up timer", &errno::error(errno::EINVAL));
        return Err(SYSTEM);
    }
    let started = Instant::now();
    let mut done = try_to(&lock, wishes);
    // NFS wants a file that is locked exclusively to be open for writing.
    if is_path && done.as_ref().is_err_and(LockFile::wants_writing) && wishes.claim == Some(Claim::Exclusive) {
        lock = open(console, file, wishes, Writing::Needed)?;
        done = try_to(&lock, wishes);
    }
    let Err(error) = done else {
        if wishes.verbose {
            let took = started.elapsed();
            console.print(&format!(
                "flock: getting lock took {}.{:06} seconds\n",
                took.as_secs(),
                took.subsec_micros()
            ));
        }
        return Ok(lock);
    };
    let why = match error.raw_os_error() {
        Some(errno::EAGAIN) => "failed to get lock",
        Some(errno::ETIMEDOUT) => "timeout while waiting to get lock",
        code => {
            console.warn_of(file.as_bytes(), &error);
            return Err(if matches!(code, Some(errno::ENOLCK | errno::ENOMEM)) { SYSTEM } else { DATA });
        }
    };
    if wishes.verbose {
        console.warn(why);
    }
    Err(wishes.conflict)
}

fn try_to(lock: &LockFile, wishes: &Wishes) -> io::Result<()> {
    let Wishes { kind, range, .. } = *wishes;
    match wishes.claim {
        Some(claim) => lock.take(Request { kind, claim, range }, wishes.wait),
        None => lock.release(kind, range),
    }
}

/// Runs the command while the lock is held: its status.
fn under(console: &mut Console, lock: LockFile, words: &[OsString], wishes: &Wishes) -> Ended<u8> {
    if wishes.verbose {
        let _ = console.out.write_all(&around("flock: executing ", &words[0], "\n"));
        // Before the command writes.
        let _ = console.out.flush();
    }
    // What we inherited of it, the command inherits.
    signal::die_on_closed_pipe();
    let command = of_words(words);
    let ended = if wishes.no_fork {
        Err(become_it(command))
    } else {
        Supervised::start(command).and_then(|mut running| running.wait())
    };
    drop(lock);
    match ended {
        Ok(Status::Command(status)) => Ok(status),
        Ok(_) => Ok(0),
        Err(error) => {
            let Some(error) = error.downcast_ref::<CommandError>().map(CommandError::reason) else {
                console.warn(format!("{error:#}"));
                return Err(SYSTEM);
            };
            console.warn_of(around("failed to execute ", &words[0], ""), error);
            Err(if errno::is(error, errno::ENOMEM) { SYSTEM } else { UNAVAILABLE })
        }
    }
}

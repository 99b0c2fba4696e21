//! `flock`: locks on files from shell scripts, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::Instant;

use super::numbers::signed32;
use super::{Console, Face, Family, around};
use crate::command::{Supervised, become_it, of_words};
use crate::exit::{CommandError, Status};
use crate::ipc::Mode;
use crate::ipc::lock::{Claim, Kind, LockFile, Opening, Request, Writing};
use crate::sys::{errno, signal};

mod wishes;

use wishes::{Wishes, number, parse};

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "flock", family: Family::UtilLinux, run };

/// Statuses of sysexits.h(3head).
const USAGE: u8 = 64;
const DATA: u8 = 65;
const NO_INPUT: u8 = 66;
const UNAVAILABLE: u8 = 69;
const SYSTEM: u8 = 71;
const CANNOT_CREATE: u8 = 73;

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

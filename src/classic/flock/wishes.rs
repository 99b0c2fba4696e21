//! What the options of `flock` ask for.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::super::numbers::{NumberError, integer, signed32};
use super::super::options::{Long, Table};
use super::super::{Console, around};
use super::{Ended, USAGE};
use crate::ipc::Wait;
use crate::ipc::lock::{Claim, Kind, Range};

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
pub(super) struct Wishes {
    /// `None` lets the lock go.
    pub claim: Option<Claim>,
    pub wait: Wait,
    /// A time that no timer takes.
    pub wrong_time: bool,
    pub conflict: u8,
    pub close: bool,
    pub no_fork: bool,
    pub verbose: bool,
    pub kind: Kind,
    pub range: Range,
    pub descriptor: Option<i32>,
}

pub(super) fn parse(console: &mut Console, arguments: Vec<OsString>) -> Ended<(Wishes, Vec<OsString>)> {
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

pub(super) fn number<T>(
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

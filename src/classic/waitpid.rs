//! `waitpid`: blocks until processes have ended, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use super::options::{Long, Table};
use super::{Console, Face, Family, around, numbers};
use crate::ipc::signal::{Process, wait_for_any};
use crate::sys::errno;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "waitpid", family: Family::UtilLinux, run };

static OPTIONS: Table = Table {
    short: "vVht:c:e",
    long: &[
        Long::flag("verbose", 'v'),
        Long::value("timeout", 't'),
        Long::flag("exited", 'e'),
        Long::value("count", 'c'),
        Long::flag("version", 'V'),
        Long::flag("help", 'h'),
    ],
};

const HELP: &str = "
Usage:
 waitpid [options] PID[:inode]...

Options:
 -v, --verbose           be more verbose
 -t, --timeout=<timeout> wait at most timeout seconds
 -e, --exited            allow exited PIDs
 -c, --count=<count>     number of process exits to wait for

 -h, --help              display this help
 -V, --version           display version

For more details see waitpid(1).
";

/// The kernel has no pidfds.
const NOT_SUPPORTED: u8 = 2;
/// The time is over.
const TIMEOUT: u8 = 3;

/// What is asked for.
#[derive(Debug, Default)]
struct Wishes {
    verbose: bool,
    timeout: Option<Duration>,
    exited: bool,
    count: Option<usize>,
    targets: Vec<Target>,
}

/// A process: its pid, and the inode of its pidfd where it was given.
#[derive(Debug)]
struct Target {
    pid: i32,
    inode: Option<u64>,
}

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let waited = parse(console, arguments).and_then(|wishes| {
        let left = open(console, &wishes)?;
        wait(console, &wishes, left)
    });
    waited.map_or_else(|status| status, |()| 0)
}

/// `Err` is the exit status here and below.
fn parse(console: &mut Console, arguments: Vec<OsString>) -> Result<Wishes, u8> {
    let mut wishes = Wishes::default();
    let mut options = OPTIONS.read(arguments);
    for option in options.by_ref() {
        let (code, value) = option.map_err(|wrong| console.refuse(&wrong))?;
        let value = value.unwrap_or_default();
        match code {
            'c' if wishes.exited => return Err(fail(console, "options --exited and --count cannot be combined")),
            'e' if wishes.count.is_some() => {
                return Err(fail(console, "options --count and --exited cannot be combined"));
            }
            _ => {}
        }
        match code {
            'v' => wishes.verbose = true,
            't' => wishes.timeout = timeout(console, &value)?,
            'e' => wishes.exited = true,
            'c' => wishes.count = Some(count(console, &value)?),
            'V' => return Err(console.version()),
            _ => return Err(console.print(HELP)),
        }
    }
    let operands = options.operands();
    if operands.is_empty() {
        return Err(fail(console, "no PIDs specified"));
    }
    if let Some(count) = wishes.count.filter(|&count| count > operands.len()) {
        return Err(fail(console, format!("can't wait for {count} of {} PIDs", operands.len())));
    }
    for operand in &operands {
        wishes.targets.push(target(operand).map_err(|error| {
            console.warn_of(around("failed to parse PID argument '", operand, "'"), &error.into());
            1
        })?);
    }
    Ok(wishes)
}

fn fail(console: &mut Console, text: impl AsRef<[u8]>) -> u8 {
    console.warn(text);
    1
}

/// Seconds with a fraction; 0 is no limit.
fn timeout(console: &mut Console, text: &OsStr) -> Result<Option<Duration>, u8> {
    let seconds = text.to_str().and_then(|text| text.trim_start().parse::<f64>().ok()).filter(|time| !time.is_nan());
    match seconds {
        None => Err(fail(console, around("invalid timeout: '", text, "'"))),
        Some(0.0) => Ok(None),
        Some(seconds) if seconds < 0.0 => {
            console.warn_of("could not set timer", &errno::error(errno::EINVAL));
            Err(1)
        }
        // Beyond what a Duration holds is for ever.
        Some(seconds) => Ok(Duration::try_from_secs_f64(seconds).ok()),
    }
}

fn count(console: &mut Console, text: &OsStr) -> Result<usize, u8> {
    let count = numbers::integer(text, 10);
    let in_range = |count| usize::try_from(count).ok().filter(|&count| count > 0).ok_or(numbers::NumberError::Range);
    count.and_then(in_range).map_err(|error| {
        let words = around("invalid count: '", text, "'");
        match error {
            numbers::NumberError::Invalid => console.warn(words),
            numbers::NumberError::Range => console.warn_of(words, &error.into()),
        }
        1
    })
}

/// `PID` or `PID:INODE`.
fn target(text: &OsStr) -> Result<Target, numbers::NumberError> {
    use numbers::NumberError::{Invalid, Range};
    let shown = text.to_str().ok_or(Invalid)?;
    let (pid, inode) = shown.split_once(':').map_or((shown, None), |(pid, inode)| (pid, Some(inode)));
    let pid = i32::try_from(numbers::integer(OsStr::new(pid), 10)?).ok().filter(|&pid| pid > 0).ok_or(Range)?;
    let inode = match inode.map(|inode| numbers::integer(OsStr::new(inode), 10)).transpose()? {
        Some(inode) => Some(u64::try_from(inode).ok().filter(|&inode| inode > 0).ok_or(Range)?),
        None => None,
    };
    Ok(Target { pid, inode })
}

/// Holds the processes that there are.
fn open(console: &mut Console, wishes: &Wishes) -> Result<Vec<Process>, u8> {
    let mut left = Vec::with_capacity(wishes.targets.len());
    for Target { pid, inode } in &wishes.targets {
        let opened = match inode {
            Some(inode) => Process::open_identity(*pid, *inode).inspect_err(|_| {
                if wishes.verbose {
                    console.warn(format!("pidfd inode {inode} not found for PID {pid}"));
                }
            }),
            None => Process::open(*pid),
        };
        match opened {
            Ok(process) => left.push(process),
            Err(error) if wishes.exited && errno::is(&error, errno::ESRCH) => {
                if wishes.verbose {
                    console.warn(format!("PID {pid} has exited, skipping"));
                }
            }
            Err(error) => {
                console.warn_of(format!("could not open PID {pid}"), &error);
                let is_unknown = errno::is(&error, errno::ENOSYS) || error.kind() == io::ErrorKind::Unsupported;
                return Err(if is_unknown { NOT_SUPPORTED } else { 1 });
            }
        }
    }
    Ok(left)
}

/// Waits until as many have ended as are asked for, or the time is over.
fn wait(console: &mut Console, wishes: &Wishes, mut left: Vec<Process>) -> Result<(), u8> {
    let started = Instant::now();
    let mut wanted = wishes.count.unwrap_or(left.len());
    while wanted > 0 {
        let rest = wishes.timeout.map(|limit| limit.saturating_sub(started.elapsed()));
        let ended = wait_for_any(&left, rest).map_err(|error| {
            console.warn_of("failure during wait", &error);
            1
        })?;
        if ended.is_empty() && rest == Some(Duration::ZERO) {
            say(console, wishes, format_args!("Timeout expired"));
            return Err(TIMEOUT);
        }
        wanted = wanted.saturating_sub(ended.len());
        for index in &ended {
            say(console, wishes, format_args!("PID {} finished", left[*index].pid()));
        }
        for index in ended.iter().rev() {
            left.remove(*index);
        }
        // Whoever reads may wait for it; `finish` tells a failure.
        let _ = console.out.flush();
    }
    Ok(())
}

/// A line for `--verbose`.
fn say(console: &mut Console, wishes: &Wishes, text: std::fmt::Arguments<'_>) {
    if wishes.verbose {
        let _ = writeln!(console.out, "{text}");
    }
}

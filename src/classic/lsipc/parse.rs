//! The options of `lsipc`.

use std::ffi::{OsStr, OsString};

use super::super::grid::Form;
use super::super::options::{Long, Table};
use super::super::{Console, around, numbers};
use super::look::TimeFormat;
use super::{Kind, columns};

const NO_HEADINGS: char = '\u{1}';
const NO_TRUNCATE: char = '\u{2}';
const TIME_FORMAT: char = '\u{3}';

static OPTIONS: Table = Table {
    short: "bceghi:JlMmN:no:PQqrSstVy",
    long: &[
        Long::flag("bytes", 'b'),
        Long::flag("creator", 'c'),
        Long::flag("export", 'e'),
        Long::flag("global", 'g'),
        Long::flag("help", 'h'),
        Long::value("id", 'i'),
        Long::flag("json", 'J'),
        Long::flag("list", 'l'),
        Long::value("name", 'N'),
        Long::flag("newline", 'n'),
        Long::flag("noheadings", NO_HEADINGS),
        Long::flag("notruncate", NO_TRUNCATE),
        Long::flag("numeric-perms", 'P'),
        Long::value("output", 'o'),
        Long::flag("posix-mqueues", 'Q'),
        Long::flag("posix-semaphores", 'S'),
        Long::flag("posix-shmems", 'M'),
        Long::flag("queues", 'q'),
        Long::flag("raw", 'r'),
        Long::flag("semaphores", 's'),
        Long::flag("shmems", 'm'),
        Long::flag("shell", 'y'),
        Long::flag("time", 't'),
        Long::value("time-format", TIME_FORMAT),
        Long::flag("version", 'V'),
    ],
};

/// Options of which one excludes the others, by their letters, and what is said then: of System V kinds
/// and forms of output as the original says it.
const EXCLUSIVE: [(&str, &str); 5] = [
    ("Jelnr", "--json --export --list --newline --raw"),
    ("gi", "--global --id"),
    ("giN", "--global --id --name"),
    ("mqs", "--shmems --queues --semaphores"),
    ("MQSmqs", "--posix-shmems --posix-mqueues --posix-semaphores --shmems --queues --semaphores"),
];

const HELP: &str = "
Usage:
 lsipc [options]

Show information on IPC facilities.

Resource options:
 -m, --shmems      shared memory segments
 -M, --posix-shmems
                   POSIX shared memory segments
 -q, --queues      message queues
 -Q, --posix-mqueues
                   POSIX message queues
 -s, --semaphores  semaphores
 -S, --posix-semaphores
                   POSIX semaphores
 -g, --global      info about system-wide usage (may be used with -m, -q and -s)
 -i, --id <id>     print details on resource identified by <id>
 -N, --name <name> print details on POSIX resource identified by <name>

Options:
     --noheadings         don't print headings
     --notruncate         don't truncate output
     --time-format=<type> display dates in short, full or iso format
 -b, --bytes              print SIZE in bytes rather than in human readable format
 -c, --creator            show creator and owner
 -e, --export             display in an export-able output format
 -J, --json               use the JSON output format
 -n, --newline            display each piece of information on a new line
 -l, --list               force list output format (for example with --id)
 -o, --output[=<list>]    define the columns to output
 -P, --numeric-perms      print numeric permissions (PERMS column)
 -r, --raw                display in raw mode
 -t, --time               show attach, detach and change times
 -y, --shell              use column names to be usable as shell variable identifiers

 -h, --help               display this help
 -V, --version            display version
";

/// The one object that is asked for.
#[derive(Debug, Clone)]
pub(super) enum One {
    Id(i32),
    Name(OsString),
}

/// What is asked for.
#[derive(Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "that many switches it has")]
pub(super) struct Wishes {
    pub kind: Option<Kind>,
    pub global: bool,
    pub one: Option<One>,
    pub form: Option<Form>,
    pub list: bool,
    pub columns: Option<String>,
    pub creator: bool,
    pub time: bool,
    pub bytes: bool,
    pub numeric: bool,
    pub shell: bool,
    pub no_headings: bool,
    pub no_truncate: bool,
    pub time_format: Option<TimeFormat>,
}

pub(super) fn parse(console: &mut Console, arguments: Vec<OsString>) -> Result<Wishes, u8> {
    let mut wishes = Wishes::default();
    let mut seen = String::new();
    for option in OPTIONS.read(arguments) {
        let (code, value) = option.map_err(|wrong| console.refuse(&wrong))?;
        refuse_exclusive(console, &mut seen, code)?;
        take(console, &mut wishes, code, &value.unwrap_or_default())?;
    }
    check(console, &wishes)?;
    Ok(wishes)
}

/// Of each group the first option counts, and any other one is an error.
fn refuse_exclusive(console: &mut Console, seen: &mut String, code: char) -> Result<(), u8> {
    for (group, names) in EXCLUSIVE {
        if group.contains(code) && seen.chars().any(|other| other != code && group.contains(other)) {
            console.warn(format!("mutually exclusive arguments: {names}"));
            return Err(1);
        }
    }
    seen.push(code);
    Ok(())
}

fn take(console: &mut Console, wishes: &mut Wishes, code: char, value: &OsStr) -> Result<(), u8> {
    match code {
        'm' => wishes.kind = Some(Kind::Segments),
        'q' => wishes.kind = Some(Kind::Queues),
        's' => wishes.kind = Some(Kind::Sets),
        'M' => wishes.kind = Some(Kind::Objects),
        'Q' => wishes.kind = Some(Kind::PosixQueues),
        'S' => wishes.kind = Some(Kind::PosixSemaphores),
        'g' => wishes.global = true,
        'i' => wishes.one = Some(One::Id(id(console, value)?)),
        'N' => wishes.one = Some(One::Name(value.to_owned())),
        'e' => wishes.form = Some(Form::Export),
        'J' => wishes.form = Some(Form::Json),
        'l' => wishes.list = true,
        'n' => wishes.form = Some(Form::Newline),
        'r' => wishes.form = Some(Form::Raw),
        'o' => wishes.columns = Some(value.to_string_lossy().into_owned()),
        'c' => wishes.creator = true,
        't' => wishes.time = true,
        'b' => wishes.bytes = true,
        'P' => wishes.numeric = true,
        'y' => wishes.shell = true,
        NO_HEADINGS => wishes.no_headings = true,
        NO_TRUNCATE => wishes.no_truncate = true,
        TIME_FORMAT => wishes.time_format = Some(time_format(console, value)?),
        'V' => return Err(console.version()),
        _ => return Err(console.print(&format!("{HELP}{}\nFor more details see lsipc(1).\n", columns::help()))),
    }
    Ok(())
}

fn id(console: &mut Console, text: &OsStr) -> Result<i32, u8> {
    numbers::signed32(text).map_err(|error| {
        console.warn_number("failed to parse IPC identifier", text, error);
        1
    })
}

fn time_format(console: &mut Console, text: &OsStr) -> Result<TimeFormat, u8> {
    match text.to_str() {
        Some("short") => Ok(TimeFormat::Short),
        Some("full") => Ok(TimeFormat::Full),
        Some("iso") => Ok(TimeFormat::Iso),
        _ => {
            console.warn(around("unknown time format: ", text, ""));
            Err(1)
        }
    }
}

fn check(console: &mut Console, wishes: &Wishes) -> Result<(), u8> {
    let wrong = match (wishes.kind, &wishes.one) {
        (None, _) if wishes.creator || wishes.time || wishes.one.is_some() => {
            "--global is mutually exclusive with --creator, --id and --time"
        }
        (Some(kind), Some(One::Id(_))) if kind.is_posix() => "--id is for System V IPC; POSIX IPC has --name",
        (Some(kind), Some(One::Name(_))) if !kind.is_posix() => "--name is for POSIX IPC; System V IPC has --id",
        _ => return Ok(()),
    };
    console.warn(wrong);
    Err(1)
}

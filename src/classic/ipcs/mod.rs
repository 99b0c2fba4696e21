//! `ipcs`: shows System V objects, as util-linux's does: the same words in the same places.

use std::ffi::OsString;
use std::io::{self, Write};

use super::human::human;
use super::options::{Long, Table};
use super::owners::Owners;
use super::times::Clock;
use super::{Console, Face, Family, numbers};
use crate::ipc::{Id, Permissions, SystemVObject, Timestamp};

mod queues;
mod segments;
mod sets;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "ipcs", family: Family::UtilLinux, run };

const HUMAN: char = '\u{1}';

static OPTIONS: Table = Table {
    short: "i:aqmstpclubVh",
    long: &[
        Long::value("id", 'i'),
        Long::flag("shmems", 'm'),
        Long::flag("queues", 'q'),
        Long::flag("semaphores", 's'),
        Long::flag("all", 'a'),
        Long::flag("time", 't'),
        Long::flag("pid", 'p'),
        Long::flag("creator", 'c'),
        Long::flag("limits", 'l'),
        Long::flag("summary", 'u'),
        Long::flag("human", HUMAN),
        Long::flag("bytes", 'b'),
        Long::flag("version", 'V'),
        Long::flag("help", 'h'),
    ],
};

const HELP: &str = "
Usage:
 ipcs [resource-option...] [output-option]
 ipcs -m|-q|-s -i <id>

Show information on IPC facilities.

Options:
 -i, --id <id>  print details on resource identified by <id>
 -h, --help     display this help
 -V, --version  display version

Resource options:
 -m, --shmems      shared memory segments
 -q, --queues      message queues
 -s, --semaphores  semaphores
 -a, --all         all (default)

Output options:
 -t, --time        show attach, detach and change times
 -p, --pid         show PIDs of creator and last operator
 -c, --creator     show creator and owner
 -l, --limits      show resource limits
 -u, --summary     show status summary
     --human       show sizes in human-readable format
 -b, --bytes       show sizes in bytes

For more details see ipcs(1).
";

/// What is told of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    List,
    Time,
    Pid,
    Creator,
    Limits,
    Summary,
}

/// How sizes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// As each place has it.
    Default,
    Bytes,
    Human,
}

/// What is asked for.
#[derive(Debug)]
struct Wishes {
    queues: bool,
    segments: bool,
    sets: bool,
    id: Option<i32>,
    format: Format,
    unit: Unit,
}

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let wishes = match parse(console, arguments) {
        Ok(wishes) => wishes,
        Err(status) => return status,
    };
    if let Some(id) = wishes.id {
        return one(console, &wishes, id);
    }
    let mut sheet = Sheet { out: &mut console.out, unit: wishes.unit, clock: Clock::default() };
    sheet.line("");
    let kinds = [
        (wishes.queues, queues::show as fn(&mut Sheet<'_>, Format) -> io::Result<()>),
        (wishes.segments, segments::show),
        (wishes.sets, sets::show),
    ];
    for (_, show) in kinds.into_iter().filter(|(wanted, _)| *wanted) {
        if let Err(error) = show(&mut sheet, wishes.format) {
            console.warn_of("cannot ask the kernel", &error);
            return 1;
        }
        sheet.line("");
    }
    0
}

fn parse(console: &mut Console, arguments: Vec<OsString>) -> Result<Wishes, u8> {
    let mut wishes =
        Wishes { queues: false, segments: false, sets: false, id: None, format: Format::List, unit: Unit::Default };
    for option in OPTIONS.read(arguments) {
        let (code, value) = option.map_err(|wrong| console.refuse(&wrong))?;
        match code {
            'i' => {
                let text = value.unwrap_or_default();
                wishes.id = Some(numbers::signed32(&text).map_err(|error| {
                    console.warn_number("failed to parse id argument", &text, error);
                    1
                })?);
            }
            'a' => (wishes.queues, wishes.segments, wishes.sets) = (true, true, true),
            'q' => wishes.queues = true,
            'm' => wishes.segments = true,
            's' => wishes.sets = true,
            't' => wishes.format = Format::Time,
            'c' => wishes.format = Format::Creator,
            'p' => wishes.format = Format::Pid,
            'l' => wishes.format = Format::Limits,
            'u' => wishes.format = Format::Summary,
            'b' => wishes.unit = Unit::Bytes,
            HUMAN => wishes.unit = Unit::Human,
            'V' => return Err(console.version()),
            _ => return Err(console.print(HELP)),
        }
    }
    let kinds = u8::from(wishes.queues) + u8::from(wishes.segments) + u8::from(wishes.sets);
    if wishes.id.is_some() && kinds != 1 {
        console.warn("when using an ID, a single resource must be specified");
        return Err(1);
    }
    if kinds == 0 {
        (wishes.queues, wishes.segments, wishes.sets) = (true, true, true);
    }
    Ok(wishes)
}

/// Tells everything about one object. That there is none is told, and no failure: scripts rely on it.
fn one(console: &mut Console, wishes: &Wishes, number: i32) -> u8 {
    let mut sheet = Sheet { out: &mut console.out, unit: wishes.unit, clock: Clock::default() };
    let detail = match wishes {
        Wishes { queues: true, .. } => queues::detail,
        Wishes { segments: true, .. } => segments::detail,
        _ => sets::detail,
    };
    let told = Id::new(number).ok_or(io::ErrorKind::NotFound.into()).and_then(|id| detail(&mut sheet, id));
    match told {
        Ok(()) => 0,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            console.warn(format!("id {number} not found"));
            0
        }
        Err(error) => {
            console.warn_of(format!("cannot ask for id {number}"), &error);
            1
        }
    }
}

/// What is printed on. [`Console::finish`] tells where printing fails.
struct Sheet<'a> {
    out: &'a mut crate::output::Out,
    unit: Unit,
    clock: Clock,
}

impl Sheet<'_> {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}");
    }

    /// `max size of message (bytes) = 8192`, or in the unit that was asked for.
    fn limit(&mut self, what: &str, bytes: u64) {
        let _ = match self.unit {
            Unit::Human => writeln!(self.out, "{what} = {}", human(bytes)),
            Unit::Default | Unit::Bytes => writeln!(self.out, "{what} (bytes) = {bytes}"),
        };
    }

    /// `Nov 21 07:40:38 `: a time without its day and year; scripts know it so.
    fn month_to_second(&mut self, time: Timestamp) -> String {
        time.map_or_else(|| "Not set".to_owned(), |seconds| self.clock.full(seconds).chars().skip(4).take(16).collect())
    }

    /// `Sat Nov 21 07:40:38 2026`.
    fn full(&mut self, time: Timestamp) -> String {
        time.map_or_else(|| "Not set".to_owned(), |seconds| self.clock.full(seconds))
    }

    /// The list of creators and owners, the same for all kinds.
    fn creators<T: SystemVObject>(&mut self, title: &str, id: &str, objects: &[T]) {
        self.line(title);
        let heads = ["perms", "cuid", "cgid", "uid", "gid"].map(|head| format!(" {head:<10}"));
        self.line(&format!("{id:<10}{}", heads.concat()));
        let all = || objects.iter().map(SystemVObject::permissions);
        let users = all().flat_map(|permissions| [permissions.creator_uid, permissions.uid]);
        let groups = all().flat_map(|permissions| [permissions.creator_gid, permissions.gid]);
        let owners = Owners::of(users, groups);
        for object in objects {
            let permissions = object.permissions();
            let _ = writeln!(
                self.out,
                "{:<10} {:<10} {:<10} {:<10} {:<10} {:<10}",
                object.id().get(),
                octal(permissions),
                owners.user(permissions.creator_uid),
                owners.group(permissions.creator_gid),
                owners.user(permissions.uid),
                owners.group(permissions.gid)
            );
        }
    }
}

/// The names of those who own these objects.
fn owners_of<T: SystemVObject>(objects: &[T]) -> Owners {
    Owners::of(objects.iter().map(|object| object.permissions().uid), [])
}

/// A key, all zeros for none.
fn key(permissions: &Permissions) -> String {
    permissions.key.map_or_else(|| "0x00000000".to_owned(), |key| key.to_string())
}

/// Permission bits as `%o` writes them.
fn octal(permissions: &Permissions) -> String {
    format!("{:o}", permissions.mode.bits())
}

/// Bits as `%#o` writes them: 0 has no second one before it.
fn prefixed(bits: u32) -> String {
    if bits == 0 { "0".to_owned() } else { format!("0{bits:o}") }
}

//! `lslocks`: lists locks on files, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use nix::sys::stat::{major, minor};

use super::grid::{Form, Grid, Head, Json, Table};
use super::human::human;
use super::numbers::signed32;
use super::options::{Long, Table as Options};
use super::{Console, Face, Family, around};
use crate::ipc::lock::{Claim, Family as Sort, Holder, Kind, Lock, Standing, inventory};
use crate::proc::locks::mount_point;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "lslocks", family: Family::UtilLinux, run };

static OPTIONS: Options = Options {
    short: "biJno:p:rhHuV",
    long: &[
        Long::flag("bytes", 'b'),
        Long::flag("json", 'J'),
        Long::value("pid", 'p'),
        Long::value("output", 'o'),
        Long::flag("output-all", 'A'),
        Long::flag("notruncate", 'u'),
        Long::flag("noheadings", 'n'),
        Long::flag("raw", 'r'),
        Long::flag("noinaccessible", 'i'),
        Long::flag("list-columns", 'H'),
        Long::flag("help", 'h'),
        Long::flag("version", 'V'),
    ],
};

const HELP: &str = "
Usage:
 lslocks [options]

List local system locks.

Options:
 -b, --bytes            print SIZE in bytes rather than in human readable format
 -J, --json             use JSON output format
 -i, --noinaccessible   ignore locks without read permissions
 -n, --noheadings       don't print headings
 -o, --output <list>    define which output columns to use
     --output-all       output all columns
 -p, --pid <pid>        display only locks held by this process
 -r, --raw              use the raw output format
 -u, --notruncate       don't truncate text in columns

 -H, --list-columns     list the available columns
 -h, --help             display this help
 -V, --version          display version

Available output columns:
";

/// A column, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Col {
    Command,
    Pid,
    Type,
    Size,
    Inode,
    Device,
    Mode,
    Mandatory,
    Start,
    End,
    Path,
    Blocker,
    Holders,
}

/// What a column is called, how wide it usually is, on which side its values are, and what `--help` says of it.
type Words = (Col, &'static str, usize, bool, Json, &'static str);

static COLUMNS: [Words; 13] = [
    (Col::Command, "COMMAND", 15, false, Json::String, "command of the process holding the lock"),
    (Col::Pid, "PID", 5, true, Json::Number, "PID of the process holding the lock"),
    (Col::Type, "TYPE", 5, true, Json::String, "kind of lock"),
    (Col::Size, "SIZE", 4, true, Json::String, "size of the lock"),
    (Col::Inode, "INODE", 5, true, Json::Number, "inode number"),
    (Col::Device, "MAJ:MIN", 6, false, Json::String, "major:minor device number"),
    (Col::Mode, "MODE", 5, false, Json::String, "lock access mode"),
    (Col::Mandatory, "M", 1, true, Json::Boolean, "mandatory state of the lock: 0 (none), 1 (set)"),
    (Col::Start, "START", 10, true, Json::Number, "relative byte offset of the lock"),
    (Col::End, "END", 10, true, Json::Number, "ending offset of the lock"),
    (Col::Path, "PATH", 0, false, Json::String, "path of the locked file"),
    (Col::Blocker, "BLOCKER", 0, true, Json::Number, "PID of the process blocking the lock"),
    (Col::Holders, "HOLDERS", 0, false, Json::String, "holders of the lock: PID,COMMAND,FD"),
];

const DEFAULT: [Col; 9] =
    [Col::Command, Col::Pid, Col::Type, Col::Size, Col::Mode, Col::Mandatory, Col::Start, Col::End, Col::Path];

/// What is asked for.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "that many switches it has")]
struct Wishes {
    form: Form,
    bytes: bool,
    only_accessible: bool,
    headings: bool,
    cut: bool,
    pid: Option<i32>,
    all: bool,
    columns: Option<OsString>,
}

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let wished = parse(console, arguments).and_then(|wishes| {
        let columns = choose(console, &wishes)?;
        Ok((wishes, columns))
    });
    let (wishes, columns) = match wished {
        Ok(wished) => wished,
        Err(status) => return status,
    };
    let locks = match inventory() {
        Ok(inventory) => inventory.locks,
        Err(error) => {
            console.warn_of("cannot open /proc/locks", &error);
            return 1;
        }
    };
    let heads = columns.iter().map(|&col| head(col, &wishes)).collect();
    let mut grid = Grid::new(heads);
    // The kernel's last line comes first.
    for index in (0..locks.len()).rev().filter(|&index| is_wanted(&locks[index], &wishes)) {
        for &col in &columns {
            grid.push(|text| {
                text.extend_from_slice(&cell(&locks, index, col, &wishes));
                true
            });
        }
    }
    let look = Table { headings: wishes.headings, cut: wishes.cut };
    // `Console::finish` tells where this fails.
    let _ = grid.write(&mut console.out, wishes.form, "locks", look);
    0
}

fn parse(console: &mut Console, arguments: Vec<OsString>) -> Result<Wishes, u8> {
    let mut wishes = Wishes {
        form: Form::Table,
        bytes: false,
        only_accessible: false,
        headings: true,
        cut: true,
        pid: None,
        all: false,
        columns: None,
    };
    for option in OPTIONS.read(arguments) {
        let (code, value) = option.map_err(|wrong| console.refuse(&wrong))?;
        let form = match code {
            'J' => Form::Json,
            'r' => Form::Raw,
            _ => {
                wishes.set(console, code, value.unwrap_or_default())?;
                continue;
            }
        };
        if ![Form::Table, form].contains(&wishes.form) {
            console.warn("mutually exclusive arguments: --json --raw");
            return Err(1);
        }
        wishes.form = form;
    }
    Ok(wishes)
}

impl Wishes {
    fn set(&mut self, console: &mut Console, code: char, value: OsString) -> Result<(), u8> {
        match code {
            'b' => self.bytes = true,
            'i' => self.only_accessible = true,
            'n' => self.headings = false,
            'u' => self.cut = false,
            'A' => self.all = true,
            'o' => self.columns = Some(value),
            'p' => {
                let pid = signed32(&value).map_err(|error| {
                    console.warn_number("invalid PID argument", &value, error);
                    1
                })?;
                // 0 is everybody.
                self.pid = Some(pid).filter(|&pid| pid != 0);
            }
            'h' => return Err(console.print(&format!("{HELP}{}\nFor more details see lslocks(1).\n", listed(5)))),
            'H' => return Err(console.print(&listed(0))),
            _ => return Err(console.version()),
        }
        Ok(())
    }
}

/// The columns that there are, one a line.
fn listed(indent: usize) -> String {
    let lines: Vec<String> =
        COLUMNS.iter().map(|(_, name, .., help)| format!("{:indent$}{name:>7}  {help}\n", "")).collect();
    lines.concat()
}

fn words(col: Col) -> &'static Words {
    COLUMNS.iter().find(|words| words.0 == col).expect("every column has its words")
}

fn choose(console: &mut Console, wishes: &Wishes) -> Result<Vec<Col>, u8> {
    let mut chosen: Vec<Col> =
        if wishes.all { COLUMNS.iter().map(|words| words.0).collect() } else { DEFAULT.to_vec() };
    let Some(list) = &wishes.columns else { return Ok(chosen) };
    let names = list.as_bytes().strip_prefix(b"+").unwrap_or(list.as_bytes());
    if names.len() == list.len() {
        chosen.clear();
    }
    for name in names.split(|&byte| byte == b',') {
        match COLUMNS.iter().find(|words| words.1.as_bytes().eq_ignore_ascii_case(name)) {
            Some(words) => chosen.push(words.0),
            // The original keeps silent here.
            None if name.is_empty() => return Err(1),
            None => {
                console.warn(around("unknown column: ", OsStr::from_bytes(name), ""));
                return Err(1);
            }
        }
    }
    Ok(chosen)
}

fn head(col: Col, wishes: &Wishes) -> Head {
    let &(_, name, usual_width, right, json, _) = words(col);
    let json = if col == Col::Size && wishes.bytes { Json::Number } else { json };
    Head { name: name.to_owned(), right, may_be_cut: col == Col::Path, usual_width, json, ..Head::default() }
}

fn is_wanted(lock: &Lock, wishes: &Wishes) -> bool {
    let is_its = |pid| pid == pid_of(lock) || lock.holders.iter().any(|holder| holder.pid == pid);
    wishes.pid.is_none_or(is_its) && (lock.path.is_some() || !wishes.only_accessible)
}

/// The process to name: for a lock of an open file description none.
fn pid_of(lock: &Lock) -> i32 {
    if lock.family == Sort::Lock(Kind::Ofd) { -1 } else { lock.holder().map_or(0, |holder| holder.pid) }
}

fn cell(locks: &[Lock], index: usize, col: Col, wishes: &Wishes) -> Vec<u8> {
    let lock = &locks[index];
    let text = match col {
        Col::Command if lock.family == Sort::Lock(Kind::Ofd) => "(undefined)".into(),
        Col::Command => match lock.holder() {
            Some(Holder { command: Some(command), .. }) => command.clone(),
            Some(_) => "(unknown)".into(),
            None => "(undefined)".into(),
        },
        Col::Pid => pid_of(lock).to_string(),
        Col::Type => type_of(lock).into(),
        Col::Size => size(locks, index)
            .filter(|&size| size > 0)
            .map_or_else(String::new, |size| if wishes.bytes { size.to_string() } else { human(size) }),
        Col::Inode => lock.file.inode.to_string(),
        Col::Device => device(lock.file.device, wishes.form),
        Col::Mode => {
            let mode = if lock.claim == Claim::Exclusive { "WRITE" } else { "READ" };
            format!("{mode}{}", if lock.is_waiting() { "*" } else { "" })
        }
        // None are since Linux 5.15.
        Col::Mandatory => "0".into(),
        Col::Start => lock.range.start.to_string(),
        Col::End => lock.range.last().unwrap_or(0).to_string(),
        Col::Path => return path(lock),
        Col::Blocker => blocker(locks, index).map_or_else(String::new, |pid| pid.to_string()),
        Col::Holders => holders(lock),
    };
    text.into_bytes()
}

fn type_of(lock: &Lock) -> &'static str {
    match lock.family {
        Sort::Lock(Kind::Flock) => "FLOCK",
        Sort::Lock(Kind::Posix) => "POSIX",
        Sort::Lock(Kind::Ofd) => "OFDLCK",
        Sort::Lease => "LEASE",
        Sort::Delegation => "DELEG",
        Sort::Other => "UNKNOWN",
    }
}

fn device(device: u64, form: Form) -> String {
    let (major, minor) = (major(device), minor(device));
    match form {
        Form::Table => format!("{major:3}:{minor:<3}"),
        _ => format!("{major}:{minor}"),
    }
}

/// Bytes of the file, asked through a descriptor of a process that holds the lock.
fn size(locks: &[Lock], index: usize) -> Option<u64> {
    let held = if let Standing::Waits(other) = locks[index].standing { &locks[other] } else { &locks[index] };
    held.holders.iter().find_map(|holder| {
        let file = fs::metadata(format!("/proc/{}/fd/{}", holder.pid, holder.descriptor?)).ok()?;
        Some(file.len())
    })
}

/// The path; where it may not be seen, that of the file system and three dots.
fn path(lock: &Lock) -> Vec<u8> {
    match &lock.path {
        Some(path) => path.as_os_str().as_bytes().to_vec(),
        None => mount_point(lock.file.device).map_or_else(Vec::new, |point| [&point[..], b"..."].concat()),
    }
}

/// The process that holds what is waited for.
fn blocker(locks: &[Lock], mut index: usize) -> Option<i32> {
    if !locks[index].is_waiting() {
        return None;
    }
    while let Standing::Waits(other) = locks[index].standing {
        index = other;
    }
    Some(pid_of(&locks[index]))
}

fn holders(lock: &Lock) -> String {
    let place = |holder: &Holder| {
        let command = holder.command.as_deref().unwrap_or_default();
        Some(format!("{},{command},{}", holder.pid, holder.descriptor?))
    };
    let all: Vec<String> = lock.holders.iter().filter(|_| !lock.is_waiting()).filter_map(place).collect();
    all.join(" ")
}

//! `lslocks`: lists locks on files, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::grid::{Form, Grid, Head, Json, Table};
use super::numbers::signed32;
use super::options::{Long, Table as Options};
use super::{Console, Face, Family, around};
use crate::ipc::lock::{Lock, inventory};

mod cells;

use cells::{COLUMNS, Col, DEFAULT, Words, cell, pid_of};

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

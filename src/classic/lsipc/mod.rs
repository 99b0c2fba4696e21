//! `lsipc`: shows System V and POSIX objects and the limits they live under, as util-linux's does.

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind, Write as _};

use super::grid::{self, Form, Grid, Head, Table};
use super::owners::Owners;
use super::times::Clock;
use super::{Console, Face, Family, posix_name};
use crate::ipc::{Id, Kind as NameKind, PosixObject, Timestamp, msgq, sem, shm};

mod columns;
mod limits;
mod look;
mod parse;
mod posix;
mod system_v;

use columns::Col;
use look::{Look, TimeFormat, names_group, names_user, put};
use parse::{One, Wishes};
use system_v::Cells;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "lsipc", family: Family::UtilLinux, run };

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Segments,
    Queues,
    Sets,
    /// POSIX shared memory.
    Objects,
    PosixQueues,
    PosixSemaphores,
}

impl Kind {
    const fn is_posix(self) -> bool {
        matches!(self, Self::Objects | Self::PosixQueues | Self::PosixSemaphores)
    }

    /// What JSON calls the rows.
    const fn json(self) -> &'static str {
        match self {
            Self::Segments => "sharedmemory",
            Self::Queues => "messages",
            Self::Sets => "semaphores",
            Self::Objects => "posix-sharedmemory",
            Self::PosixQueues => "posix-messages",
            Self::PosixSemaphores => "posix-semaphores",
        }
    }

    /// What one object is called.
    const fn word(self) -> &'static str {
        match self {
            Self::Segments | Self::Objects => "shared memory",
            Self::Queues | Self::PosixQueues => "message queue",
            Self::Sets | Self::PosixSemaphores => "semaphore",
        }
    }
}

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    let wishes = match parse::parse(console, arguments) {
        Ok(wishes) => wishes,
        Err(status) => return status,
    };
    let chosen = match choose(console, &wishes) {
        Ok(columns) => columns,
        Err(status) => return status,
    };
    let mut list = List::new(&wishes, chosen);
    let told = match wishes.kind {
        Some(kind) if !wishes.global => list.objects(console, kind, wishes.one.as_ref()),
        kind => list.limits(console, kind),
    };
    match (told, &wishes.one) {
        (Ok(status), _) => status,
        // Scripts rely on the status.
        (Err(error), Some(One::Id(id))) if error.kind() == ErrorKind::NotFound => {
            console.warn(format!("id {id} not found"));
            0
        }
        (Err(error), Some(One::Name(name))) if error.kind() == ErrorKind::NotFound => {
            let word = wishes.kind.map_or("", Kind::word);
            console.warn(super::around(&format!("{word} "), name, " not found"));
            0
        }
        (Err(error), _) => {
            console.warn_of("cannot ask the kernel", &error);
            1
        }
    }
}

/// The columns that are asked for, or those that a list has by default.
fn choose(console: &mut Console, wishes: &Wishes) -> Result<Vec<Col>, u8> {
    let kind = wishes.kind.filter(|_| !wishes.global);
    let details = wishes.one.is_some() && wishes.form.is_none() && !wishes.list;
    let default = || match kind {
        None => columns::of_limits().to_vec(),
        Some(kind) if details && !wishes.creator && !wishes.time => kind.all(),
        Some(kind) => kind.listed(wishes.creator, wishes.time),
    };
    let Some(list) = &wishes.columns else { return Ok(default()) };
    let (mut chosen, names) = match list.strip_prefix('+') {
        Some(names) => (default(), names),
        None => (Vec::new(), list.as_str()),
    };
    let mut stranger = None;
    for name in names.split(',') {
        let col = Col::named(name).ok_or_else(|| {
            console.warn(format!("unknown column: {name}"));
            1
        })?;
        if !kind.map_or(columns::limits_have(col), |kind| kind.has(col)) {
            stranger.get_or_insert(name);
        }
        chosen.push(col);
    }
    let Some(name) = stranger else { return Ok(chosen) };
    console.warn(format!("column {name} does not apply to the specified IPC"));
    Err(1)
}

/// A list that is about to be written.
struct List {
    columns: Vec<Col>,
    heads: Vec<Head>,
    form: Form,
    table: Table,
    look: Look,
}

impl List {
    fn new(wishes: &Wishes, columns: Vec<Col>) -> Self {
        let details = wishes.one.is_some() && !wishes.list;
        let form = wishes.form.unwrap_or(if details { Form::Details } else { Form::Table });
        let head = |col: &Col| {
            let words = col.words();
            let name = if wishes.shell { words.name.replace('%', "_PCT") } else { words.name.to_owned() };
            Head { name, label: words.label, right: words.right, may_be_cut: *col == Col::Command, ..Head::default() }
        };
        let heads = columns.iter().map(head).collect();
        let usual = if form == Form::Details { TimeFormat::Full } else { TimeFormat::Short };
        let look = Look {
            bytes: wishes.bytes,
            numeric: wishes.numeric,
            time: wishes.time_format.unwrap_or(usual),
            clock: Clock::default(),
            owners: Owners::default(),
            commands: std::collections::HashMap::new(),
        };
        let table = Table { headings: !wishes.no_headings, cut: !wishes.no_truncate };
        Self { columns, heads, form, table, look }
    }

    /// The limits of one kind, or of all System V kinds.
    fn limits(&mut self, console: &mut Console, kind: Option<Kind>) -> io::Result<u8> {
        let all = [Kind::Queues, Kind::Segments, Kind::Sets];
        let limits = limits::of(kind.as_ref().map_or(&all[..], std::slice::from_ref))?;
        let mut grid = Grid::new(self.heads.clone());
        for limit in limits {
            for &col in &self.columns {
                grid.push(|text| limit.cell(col, &self.look, text));
            }
        }
        self.write(console, &grid, "ipclimits");
        Ok(0)
    }

    fn objects(&mut self, console: &mut Console, kind: Kind, one: Option<&One>) -> io::Result<u8> {
        match (kind, one) {
            (Kind::Segments, Some(one)) => self.rows(console, kind, &[shm::sysv::Segment::at(id(one)?).status()?]),
            (Kind::Segments, None) => self.rows(console, kind, &shm::segments()?),
            (Kind::Queues, Some(one)) => self.rows(console, kind, &[msgq::sysv::Queue::at(id(one)?).status()?]),
            (Kind::Queues, None) => self.rows(console, kind, &msgq::sysv::list()?),
            (Kind::Sets, Some(one)) => return self.set(console, sem::sysv::Set::at(id(one)?)),
            (Kind::Sets, None) => self.rows(console, kind, &sem::sysv::list()?),
            (Kind::Objects, one) => self.rows(console, kind, &named(shm::posix_objects()?, one, NameKind::Segment)?),
            (Kind::PosixQueues, one) => {
                self.rows(console, kind, &named(msgq::posix::list()?, one, NameKind::Queue)?);
            }
            (Kind::PosixSemaphores, one) => {
                self.rows(console, kind, &named(sem::posix::list()?, one, NameKind::Semaphore)?);
            }
        }
        Ok(0)
    }

    fn rows<T: Cells>(&mut self, console: &mut Console, kind: Kind, objects: &[T]) {
        let grid = self.grid(objects);
        self.write(console, &grid, kind.json());
    }

    fn grid<T: Cells>(&mut self, objects: &[T]) -> Grid {
        let wanted = |shows: fn(Col) -> bool| if self.columns.iter().any(|&col| shows(col)) { objects } else { &[] };
        self.look.owners = Owners::of(
            wanted(names_user).iter().flat_map(Cells::users),
            wanted(names_group).iter().flat_map(Cells::groups),
        );
        let mut grid = Grid::new(self.heads.clone());
        for object in objects {
            for &col in &self.columns {
                grid.push(|text| object.cell(col, &mut self.look, text));
            }
        }
        grid
    }

    /// One set, and where all of it is shown each of its semaphores. Who may not read it sees the rest.
    fn set(&mut self, console: &mut Console, set: sem::sysv::Set) -> io::Result<u8> {
        let status = set.status()?;
        let grid = self.grid(std::slice::from_ref(&status));
        if !matches!(self.form, Form::Details | Form::Json) {
            self.write(console, &grid, Kind::Sets.json());
            return Ok(0);
        }
        let elements = set.semaphores().map(|all| self.elements(&all, status.operated.max(status.changed)));
        match (&elements, self.form) {
            // `Console::finish` tells where printing fails.
            (Ok(elements), Form::Json) => {
                let _ = grid::write_json(&mut console.out, &[(Kind::Sets.json(), &grid), ("elements", elements)]);
            }
            _ => self.write(console, &grid, Kind::Sets.json()),
        }
        match elements {
            Ok(_) if self.form == Form::Json => Ok(0),
            Ok(elements) => {
                let _ = console.out.write_all(b"Elements:\n\n");
                let _ = elements.write(&mut console.out, Form::Table, "", Table { headings: true, ..self.table });
                Ok(0)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
            Err(error) => {
                console.warn_of("semctl(GETVAL) failed", &error);
                Ok(1)
            }
        }
    }

    fn elements(&mut self, semaphores: &[sem::sysv::SemaphoreStatus], latest: Timestamp) -> Grid {
        let head =
            |name: &str| Head { name: name.to_owned(), right: true, may_be_cut: name == "COMMAND", ..Head::default() };
        let mut grid = Grid::new(["SEMNUM", "VALUE", "NCOUNT", "ZCOUNT", "PID", "COMMAND"].map(head).to_vec());
        for semaphore in semaphores {
            grid.push(|text| put(text, semaphore.index));
            grid.push(|text| put(text, semaphore.value));
            grid.push(|text| put(text, semaphore.increase));
            grid.push(|text| put(text, semaphore.zero));
            grid.push(|text| put(text, semaphore.last_pid));
            grid.push(|text| self.look.command(text, semaphore.last_pid, latest));
        }
        grid
    }

    fn write(&self, console: &mut Console, grid: &Grid, name: &str) {
        // `Console::finish` tells where this fails.
        let _ = grid.write(&mut console.out, self.form, name, self.table);
    }
}

/// The identifier that was asked for; a negative one is nobody's.
fn id(one: &One) -> io::Result<Id> {
    match one {
        One::Id(id) => Id::new(*id).ok_or(ErrorKind::NotFound.into()),
        One::Name(_) => Err(ErrorKind::NotFound.into()),
    }
}

/// All of these objects, or the one that was asked for.
fn named<T: PosixObject>(objects: Vec<T>, one: Option<&One>, kind: NameKind) -> io::Result<Vec<T>> {
    let Some(one) = one else { return Ok(objects) };
    let text: &OsStr = if let One::Name(name) = one { name } else { OsStr::new("") };
    // What can be no name is nobody's.
    let name = posix_name(text, kind).map_err(|_| ErrorKind::NotFound)?;
    let found: Vec<T> = objects.into_iter().filter(|object| object.file().name == name).collect();
    if found.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(found) }
}

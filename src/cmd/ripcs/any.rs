//! Objects of any kind as rows of one report: what all kinds have, and by name what one kind has.

use std::io;
use std::sync::Arc;

use super::place::Place;
use crate::app::Context;
use crate::args::ReportArgs;
use crate::cmd::rows::held::{self, Ends, HeldRow};
use crate::cmd::rows::queue::{self, QueueRow};
use crate::cmd::rows::segment::{self, SegmentRow};
use crate::cmd::rows::semaphore::{self, SemaphoreRow};
use crate::cmd::rows::socket::{self, SocketRow};
use crate::cmd::rows::{self, Object as Family};
use crate::exit::UsageError;
use crate::ipc::Timestamp;
use crate::ipc::census::{self, Census, Class, Object, Thing};
use crate::ipc::namespace::Namespace;
use crate::output::{Align, Cell, Column, ColumnError, column, counted, escape, write_details};

/// An object of any kind: the row of its kind, and what is known of it besides.
#[derive(Debug)]
pub(super) struct Item {
    row: KindRow,
    note: Note,
}

/// What the kinds do not know of their objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Note {
    /// Its namespace, where one was asked for.
    pub namespace: Option<Arc<Namespace>>,
    /// How many processes are at it, where that was asked.
    pub users: Option<usize>,
    /// Who has it, where it is held.
    pub ends: Ends,
}

#[derive(Debug)]
enum KindRow {
    Queue(QueueRow),
    Segment(SegmentRow),
    Semaphore(SemaphoreRow),
    Held(Box<HeldRow>),
}

impl Item {
    /// The rows of these objects, kind by kind; each owner is looked up once a kind.
    pub(super) fn all(objects: impl IntoIterator<Item = (Object, Note)>) -> Vec<Self> {
        let (mut queues, mut segments, mut semaphores, mut held) =
            (Kind::default(), Kind::default(), Kind::default(), Kind::default());
        for (object, mut note) in objects {
            match object {
                Object::Queue(queue) => put(&mut queues, Family::SystemV(queue), note),
                Object::PosixQueue(queue) => put(&mut queues, Family::Posix(queue), note),
                Object::Segment(segment) => put(&mut segments, Family::SystemV(segment), note),
                Object::Memory(file) => put(&mut segments, Family::Posix(file), note),
                Object::Set(set) => put(&mut semaphores, Family::SystemV(set), note),
                Object::Semaphore(semaphore) => put(&mut semaphores, Family::Posix(semaphore), note),
                Object::Held(one) => {
                    let ends = std::mem::take(&mut note.ends);
                    put(&mut held, (one, ends), note);
                }
            }
        }
        let mut items = Vec::with_capacity(queues.0.len() + segments.0.len() + semaphores.0.len() + held.0.len());
        let join = |(row, note)| Self { row, note };
        items.extend(QueueRow::all(queues.0).into_iter().map(KindRow::Queue).zip(queues.1).map(join));
        items.extend(SegmentRow::all(segments.0).into_iter().map(KindRow::Segment).zip(segments.1).map(join));
        items.extend(SemaphoreRow::all(semaphores.0).into_iter().map(KindRow::Semaphore).zip(semaphores.1).map(join));
        items.extend(HeldRow::all(held.0).into_iter().map(Box::new).map(KindRow::Held).zip(held.1).map(join));
        items
    }

    /// All that is known of it.
    pub(super) fn fields(&self) -> Vec<(&'static str, Cell<'_>)> {
        fields(&columns_of(&[self.class()]), self)
    }

    fn class(&self) -> Class {
        match &self.row {
            KindRow::Queue(_) => Class::Queue,
            KindRow::Segment(_) => Class::Segment,
            KindRow::Semaphore(row) if row.is_set() => Class::Set,
            KindRow::Semaphore(_) => Class::Semaphore,
            KindRow::Held(row) => row.held.class,
        }
    }

    fn last_used(&self) -> Timestamp {
        match &self.row {
            KindRow::Queue(row) => row.last_used(),
            KindRow::Segment(row) => row.last_used(),
            KindRow::Semaphore(row) => row.last_used(),
            KindRow::Held(_) => None,
        }
    }

    /// The name with its kind, as every verb of ripcs takes it.
    fn object(&self) -> Vec<u8> {
        let mut text = Vec::with_capacity(24);
        text.extend_from_slice(self.class().word().as_bytes());
        text.push(b':');
        match &self.row {
            KindRow::Queue(row) => row.push_name(&mut text),
            KindRow::Segment(row) => row.push_name(&mut text),
            KindRow::Semaphore(row) => row.push_name(&mut text),
            KindRow::Held(row) => text.extend_from_slice(&row.held.name),
        }
        text
    }

    /// By what the fields of an item differ from those of another.
    pub(super) fn shape(&self) -> (Class, bool, bool, bool) {
        let has_more = match &self.row {
            KindRow::Semaphore(row) => row.has_value(),
            KindRow::Held(row) => row.socket.is_some(),
            _ => false,
        };
        (self.class(), self.note.namespace.is_some(), self.note.users.is_some(), has_more)
    }

    /// What matters most of it, in words.
    fn state(&self) -> String {
        let unknown = || "?".to_owned();
        match &self.row {
            KindRow::Queue(row) => row.messages().map_or_else(unknown, |count| counted(count, "message")),
            KindRow::Segment(row) => row.attaches().map_or_else(|| "-".into(), |count| counted(count, "attach")),
            KindRow::Semaphore(row) if row.is_set() => counted(row.count(), "semaphore"),
            KindRow::Semaphore(row) => row.value().map_or_else(unknown, |value| format!("value {value}")),
            KindRow::Held(row) => row.state().map_or_else(|| self.processes(), ToOwned::to_owned),
        }
    }
}

impl Item {
    fn processes(&self) -> String {
        self.note.users.map_or_else(|| "-".into(), |users| counted(users as u64, "process"))
    }

    /// Whether its state is more than words for people.
    pub(super) fn has_state(&self) -> bool {
        matches!(&self.row, KindRow::Held(row) if row.state().is_some())
    }
}

/// Rows and notes of one kind.
type Kind<R> = (Vec<R>, Vec<Note>);

fn put<R>(kind: &mut Kind<R>, row: R, note: Note) {
    kind.0.push(row);
    kind.1.push(note);
}

/// The columns that all kinds have in common and no kind by itself.
static COMMON: &[Column<Item>] = &[
    column("object", "name with its kind, as every verb takes it", Align::Left, |item: &Item| {
        Cell::Foreign(item.object().into())
    })
    .hidden(),
    column("state", "what matters most of it: messages, attaches, semaphores, value", Align::Left, |item: &Item| {
        Cell::shown(item.state())
    }),
    column("used", "time when something happened to it last", Align::Left, |item: &Item| {
        Cell::or_none(item.last_used(), Cell::Time)
    }),
    column("users", "processes that are at it, each counted once", Align::Right, |item: &Item| {
        Cell::or_none(item.note.users, |users| Cell::Number(users as u64))
    })
    .hidden(),
    column("namespace", rows::NAMESPACE, Align::Right, |item: &Item| rows::namespace(item.note.namespace.as_deref()))
        .hidden(),
    column("container", rows::CONTAINER, Align::Left, |item: &Item| rows::container(item.note.namespace.as_deref()))
        .hidden(),
];

/// What is shown of several kinds unless `-o` says otherwise.
const SEVERAL: &str = "kind,name,key,owner,mode,bytes,state,used";

/// What is shown of sockets, and of locks.
const OF_SOCKETS: &str = "name,owner,mode,type,state,unread,unsent,waiting,backlog,holder,peer";
const OF_LOCKS: &str = "name,owner,mode,bytes,state,waiting,holder";

/// What costs a call or more for every object, or is for people: filled and shown where it is named.
const COSTLY: [&str; 5] = ["waiting", "rss", "swap", "users", "state"];

/// Asks the kernel for what these columns want to know and a list alone does not tell.
pub(super) fn fill(objects: &mut [&mut Object], columns: &[AnyColumn], args: &ReportArgs) -> io::Result<()> {
    let wants = |name: &str| columns.iter().any(|column| column.name == name);
    if wants("rss") || wants("swap") {
        census::add_residence(objects)?;
    }
    if wants("bytes") {
        census::add_contents(objects)?;
    }
    let is_named = args.list.columns.is_some() || !args.form_has_all();
    if wants("value") && is_named {
        census::add_values(objects);
    }
    if wants("waiting") {
        census::add_waiting(objects);
    }
    Ok(())
}

/// Asks all of it of one object, inside its namespace.
pub(super) fn ask(object: &mut Object, place: Option<&Place>) -> io::Result<()> {
    let ask = |object: &mut Object| {
        census::add_values(&mut [object]);
        census::add_waiting(&mut [object]);
        census::add_residence(&mut [object])
    };
    match place {
        Some(place) => place.within(|| ask(object)),
        None => Ok(()),
    }
}

/// Who is at an object that is held.
pub(super) fn ends(census: &Census, object: &Object) -> Ends {
    match object {
        Object::Held(held) => {
            let at = |inode| Ends::of(census.users(inode, None));
            let mut ends = at(object.thing());
            ends.is_partial = census.hidden.whole > 0;
            // Who has the other end may be seen where those who have this one may not.
            if let (Some(peer), true) = (held.socket.as_ref().and_then(|socket| socket.peer), ends.peers.is_empty()) {
                ends.peers = at(Thing::Inode(held.inode.0, peer)).holders;
            }
            ends
        }
        _ => Ends::default(),
    }
}

/// Whether one of these columns is shown.
pub(super) fn has(columns: &[AnyColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

/// Whether one of these is shown that the file of something held may have to tell.
pub(super) fn has_file(columns: &[AnyColumn]) -> bool {
    ["owner", "uid", "mode", "bytes"].iter().any(|name| has(columns, name))
}

/// A column, and who of the kinds has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyColumn {
    pub name: &'static str,
    help: &'static str,
    pub align: Align,
    default: bool,
    common: Option<&'static Column<Item>>,
    queue: Option<&'static Column<QueueRow>>,
    segment: Option<&'static Column<SegmentRow>>,
    semaphore: Option<&'static Column<SemaphoreRow>>,
    held: Option<&'static Column<HeldRow>>,
    socket: Option<&'static Column<SocketRow>>,
}

impl AnyColumn {
    /// The value of an item.
    pub(super) fn of<'a>(&self, item: &'a Item) -> Cell<'a> {
        if let Some(common) = self.common {
            return (common.get)(item);
        }
        match &item.row {
            KindRow::Queue(row) => self.queue.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Segment(row) => self.segment.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Semaphore(row) => self.semaphore.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Held(row) => match (self.held, self.socket, &row.socket) {
                (Some(column), ..) => (column.get)(row),
                (None, Some(column), Some(socket)) => (column.get)(socket),
                _ => Cell::None,
            },
        }
    }

    /// Whether the kind of this item has it.
    pub(super) fn is_of(&self, item: &Item) -> bool {
        match &item.row {
            _ if matches!(self.name, "namespace" | "container") => item.note.namespace.is_some(),
            _ if self.name == "users" => item.note.users.is_some(),
            _ if self.common.is_some() => true,
            KindRow::Queue(_) => self.queue.is_some(),
            KindRow::Segment(_) => self.segment.is_some(),
            KindRow::Semaphore(row) => self.semaphore.is_some() && (self.name != "value" || row.has_value()),
            KindRow::Held(row) => match self.name {
                "waiting" => matches!(row.held.class, Class::Socket | Class::Lock),
                "peer" => row.held.class == Class::Socket,
                _ => self.held.is_some() || (self.socket.is_some() && row.socket.is_some()),
            },
        }
    }

    /// The same for programs: words are for people, but where they are a word of the kernel's.
    pub(super) fn is_told_of(&self, item: &Item) -> bool {
        self.is_of(item) && (self.name != "state" || item.has_state())
    }

    /// Without what costs something for each object; nothing, where nothing is left of it.
    fn without_costs(mut self, args: &ReportArgs) -> Option<Self> {
        match self.name {
            // Those of sockets and locks are known.
            "waiting" if self.held.is_some() => self.semaphore = None,
            // Of sockets and locks it is told: see `is_told_of`.
            "state" if args.list.json => {}
            _ if COSTLY.contains(&self.name) => return None,
            _ => {}
        }
        Some(self)
    }
}

/// Every column that one of these kinds has, in the order of the kinds, common ones behind them.
pub(super) fn columns_of(classes: &[Class]) -> Vec<AnyColumn> {
    let mut all: Vec<AnyColumn> = Vec::new();
    for class in classes {
        match class {
            Class::Queue => add(&mut all, queue::COLUMNS, |entry, column| entry.queue = Some(column)),
            Class::Segment => add(&mut all, segment::COLUMNS, |entry, column| entry.segment = Some(column)),
            Class::Set | Class::Semaphore => {
                add(&mut all, semaphore::FULL_COLUMNS, |entry, column| entry.semaphore = Some(column));
            }
            Class::File | Class::Fifo | Class::Pipe | Class::Socket | Class::Lock => {
                add(&mut all, held::COLUMNS, |entry, column| entry.held = Some(column));
                if *class == Class::Socket {
                    add(&mut all, socket::COLUMNS, |entry, column| entry.socket = Some(column));
                }
            }
        }
    }
    add(&mut all, COMMON, |entry, column| entry.common = Some(column));
    all
}

fn add<R>(all: &mut Vec<AnyColumn>, columns: &'static [Column<R>], take: fn(&mut AnyColumn, &'static Column<R>)) {
    for column in columns {
        let known = all.iter_mut().find(|entry| entry.name == column.name);
        if let Some(entry) = known {
            take(entry, column);
            continue;
        }
        let Column { name, help, align, default, .. } = *column;
        let mut entry = AnyColumn {
            name,
            help,
            align,
            default,
            common: None,
            queue: None,
            segment: None,
            semaphore: None,
            held: None,
            socket: None,
        };
        take(&mut entry, column);
        all.push(entry);
    }
}

/// Whether these kinds are one to the eye: sets and POSIX semaphores stand in one table.
fn is_one_kind(classes: &[Class]) -> bool {
    let kind = |class: &Class| if *class == Class::Semaphore { Class::Set } else { *class };
    classes.iter().all(|class| kind(class) == kind(&classes[0]))
}

/// The columns that the options choose for these kinds.
pub(super) fn chosen(classes: &[Class], args: &ReportArgs, namespaces: bool) -> anyhow::Result<Vec<AnyColumn>> {
    let all = columns_of(classes);
    let these = |names: &str| -> Vec<AnyColumn> {
        names.split(',').filter_map(|name| all.iter().find(|column| column.name == name)).copied().collect()
    };
    let mut defaults: Vec<AnyColumn> = if classes == [Class::Socket] {
        these(OF_SOCKETS)
    } else if classes == [Class::Lock] {
        these(OF_LOCKS)
    } else if is_one_kind(classes) {
        let is_held = !Class::LASTING.contains(&classes[0]);
        let is_default = |column: &&AnyColumn| match column.common {
            None => column.default,
            Some(_) => is_held && column.name == "state",
        };
        all.iter().filter(is_default).copied().collect()
    } else {
        these(SEVERAL)
    };
    if namespaces {
        defaults.extend(all.iter().filter(|column| matches!(column.name, "namespace" | "container")));
    }
    let Some(list) = args.list.columns.as_deref() else {
        let programs_get = || all.iter().filter_map(|column| column.without_costs(args)).collect();
        return Ok(if args.form_has_all() { programs_get() } else { defaults });
    };
    let mut chosen = Vec::new();
    for word in list.split(',') {
        if word == "all" {
            chosen.extend(&all);
            continue;
        }
        if word.starts_with('+') && chosen.is_empty() {
            chosen.extend(&defaults);
        }
        let name = word.strip_prefix('+').unwrap_or(word);
        chosen.push(*find(&all, name)?);
    }
    Ok(chosen)
}

/// The names of the columns of these kinds.
pub(super) fn names(classes: &[Class]) -> Vec<&'static str> {
    columns_of(classes).iter().map(|column| column.name).collect()
}

/// The column of this name.
pub(super) fn find<'a>(all: &'a [AnyColumn], name: &str) -> anyhow::Result<&'a AnyColumn> {
    let found = all.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|column| column.name).collect();
        let words = format!("no column is called '{}'; there are {}", escape(name.as_bytes()), names.join(", "));
        UsageError(ColumnError(words).to_string()).into()
    })
}

/// Writes the columns of these kinds and what they hold.
pub(super) fn write_help(context: &mut Context, classes: &[Class]) -> anyhow::Result<()> {
    let columns = columns_of(classes);
    let lines: Vec<_> = columns.iter().map(|column| (column.name, Cell::text(column.help))).collect();
    Ok(write_details(&mut context.out, &lines)?)
}

/// What an item has of these columns.
fn fields<'a>(columns: &[AnyColumn], item: &'a Item) -> Vec<(&'static str, Cell<'a>)> {
    columns.iter().filter(|column| column.is_of(item)).map(|column| (column.name, column.of(item))).collect()
}

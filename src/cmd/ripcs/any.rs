//! Objects of any kind as rows of one report: what all kinds have, and by name what one kind has.

use std::io;
use std::sync::Arc;

use super::place::Place;
use crate::app::Context;
use crate::args::ReportArgs;
use crate::cmd::rows::held::{self, HeldRow};
use crate::cmd::rows::queue::{self, QueueRow};
use crate::cmd::rows::segment::{self, SegmentRow};
use crate::cmd::rows::semaphore::{self, SemaphoreRow};
use crate::cmd::rows::{self, JsonArray, Object as Family};
use crate::exit::UsageError;
use crate::ipc::Timestamp;
use crate::ipc::census::{self, Class, Object};
use crate::ipc::namespace::Namespace;
use crate::output::{Align, Cell, Column, ColumnError, Report, column, counted, escape, write_details};

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
}

#[derive(Debug)]
enum KindRow {
    Queue(QueueRow),
    Segment(SegmentRow),
    Semaphore(SemaphoreRow),
    Held(HeldRow),
}

impl Item {
    /// The rows of these objects, kind by kind; each owner is looked up once a kind.
    pub(super) fn all(objects: impl IntoIterator<Item = (Object, Note)>) -> Vec<Self> {
        let (mut queues, mut segments, mut semaphores, mut held) =
            (Kind::default(), Kind::default(), Kind::default(), Kind::default());
        for (object, note) in objects {
            match object {
                Object::Queue(queue) => put(&mut queues, Family::SystemV(queue), note),
                Object::PosixQueue(queue) => put(&mut queues, Family::Posix(queue), note),
                Object::Segment(segment) => put(&mut segments, Family::SystemV(segment), note),
                Object::Memory(file) => put(&mut segments, Family::Posix(file), note),
                Object::Set(set) => put(&mut semaphores, Family::SystemV(set), note),
                Object::Semaphore(semaphore) => put(&mut semaphores, Family::Posix(semaphore), note),
                Object::Held(one) => put(&mut held, one, note),
            }
        }
        let mut items = Vec::with_capacity(queues.0.len() + segments.0.len() + semaphores.0.len() + held.0.len());
        let join = |(row, note)| Self { row, note };
        items.extend(QueueRow::all(queues.0).into_iter().map(KindRow::Queue).zip(queues.1).map(join));
        items.extend(SegmentRow::all(segments.0).into_iter().map(KindRow::Segment).zip(segments.1).map(join));
        items.extend(SemaphoreRow::all(semaphores.0).into_iter().map(KindRow::Semaphore).zip(semaphores.1).map(join));
        items.extend(HeldRow::all(held.0).into_iter().map(KindRow::Held).zip(held.1).map(join));
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
    fn shape(&self) -> (Class, bool, bool, bool) {
        let has_value = matches!(&self.row, KindRow::Semaphore(row) if row.has_value());
        (self.class(), self.note.namespace.is_some(), self.note.users.is_some(), has_value)
    }

    /// What matters most of it, in words.
    fn state(&self) -> String {
        let unknown = || "?".to_owned();
        match &self.row {
            KindRow::Queue(row) => row.messages().map_or_else(unknown, |count| counted(count, "message")),
            KindRow::Segment(row) => row.attaches().map_or_else(|| "-".into(), |count| counted(count, "attach")),
            KindRow::Semaphore(row) if row.is_set() => counted(row.count(), "semaphore"),
            KindRow::Semaphore(row) => row.value().map_or_else(unknown, |value| format!("value {value}")),
            KindRow::Held(_) => self.note.users.map_or_else(|| "-".into(), |users| counted(users as u64, "process")),
        }
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

/// Whether one of these columns is shown.
pub(super) fn has(columns: &[AnyColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

/// A column, and who of the kinds has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnyColumn {
    name: &'static str,
    help: &'static str,
    align: Align,
    default: bool,
    common: Option<&'static Column<Item>>,
    queue: Option<&'static Column<QueueRow>>,
    segment: Option<&'static Column<SegmentRow>>,
    semaphore: Option<&'static Column<SemaphoreRow>>,
    held: Option<&'static Column<HeldRow>>,
}

impl AnyColumn {
    fn of<'a>(&self, item: &'a Item) -> Cell<'a> {
        if let Some(common) = self.common {
            return (common.get)(item);
        }
        match &item.row {
            KindRow::Queue(row) => self.queue.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Segment(row) => self.segment.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Semaphore(row) => self.semaphore.map_or(Cell::None, |column| (column.get)(row)),
            KindRow::Held(row) => self.held.map_or(Cell::None, |column| (column.get)(row)),
        }
    }

    fn is_of(&self, item: &Item) -> bool {
        match &item.row {
            _ if matches!(self.name, "namespace" | "container") => item.note.namespace.is_some(),
            _ if self.name == "users" => item.note.users.is_some(),
            _ if self.common.is_some() => true,
            KindRow::Queue(_) => self.queue.is_some(),
            KindRow::Segment(_) => self.segment.is_some(),
            KindRow::Semaphore(row) => self.semaphore.is_some() && (self.name != "value" || row.has_value()),
            KindRow::Held(_) => self.held.is_some(),
        }
    }
}

/// Every column that one of these kinds has, in the order of the kinds, common ones behind them.
fn columns_of(classes: &[Class]) -> Vec<AnyColumn> {
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
    let mut defaults: Vec<AnyColumn> = if is_one_kind(classes) {
        let is_held = !Class::LASTING.contains(&classes[0]);
        let is_default = |column: &&AnyColumn| match column.common {
            None => column.default,
            Some(_) => is_held && column.name == "state",
        };
        all.iter().filter(is_default).copied().collect()
    } else {
        SEVERAL.split(',').filter_map(|name| all.iter().find(|column| column.name == name)).copied().collect()
    };
    if namespaces {
        defaults.extend(all.iter().filter(|column| matches!(column.name, "namespace" | "container")));
    }
    let Some(list) = args.list.columns.as_deref() else {
        let programs_get = || all.iter().filter(|column| !COSTLY.contains(&column.name)).copied().collect();
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

fn find<'a>(all: &'a [AnyColumn], name: &str) -> anyhow::Result<&'a AnyColumn> {
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

/// Writes each item with the columns that its kind has: found once for all of the same shape.
fn write_json(context: &mut Context, columns: &[AnyColumn], items: &[Item]) -> io::Result<()> {
    let mut array = JsonArray::default();
    let (mut shape, mut here) = (None, Vec::new());
    for item in items {
        if shape != Some(item.shape()) {
            shape = Some(item.shape());
            here = columns.iter().filter(|column| column.is_of(item)).collect();
        }
        array.add(context, here.iter().map(|column| (column.name, column.of(item))))?;
    }
    array.end(context)
}

/// Sorts and writes the items as the options say. JSON leaves out what a kind does not have.
pub(super) fn write(
    context: &mut Context,
    args: &ReportArgs,
    classes: &[Class],
    columns: &[AnyColumn],
    mut items: Vec<Item>,
) -> anyhow::Result<()> {
    if let Some((name, reverse)) = args.sorted_by() {
        let column = *find(&columns_of(classes), name)?;
        items.sort_by(|one, two| {
            let order = column.of(one).compare(&column.of(two));
            if reverse { order.reverse() } else { order }
        });
    }
    if args.list.json && args.list.columns.is_none() {
        return Ok(write_json(context, columns, &items)?);
    }
    let heads: Vec<_> = columns.iter().map(|column| (column.name, column.align)).collect();
    let report =
        Report { columns: &heads, rows: items.len(), cell: |row: usize, index: usize| columns[index].of(&items[row]) };
    Ok(report.write(&mut context.out, args.form())?)
}

//! Objects of any kind as rows of one report: what all kinds have, and by name what one kind has.

use std::io;

use crate::app::Context;
use crate::args::ReportArgs;
use crate::cmd::rows::queue::{self, QueueRow};
use crate::cmd::rows::segment::{self, SegmentRow};
use crate::cmd::rows::semaphore::{self, SemaphoreRow};
use crate::cmd::rows::{self, Object as Family};
use crate::exit::UsageError;
use crate::ipc::Timestamp;
use crate::ipc::census::{self, Class, Object};
use crate::output::{Align, Cell, Column, ColumnError, Report, column, counted, escape, write_details};

/// An object of any kind, as the row of its kind.
#[derive(Debug)]
pub(super) enum Item {
    Queue(QueueRow),
    Segment(SegmentRow),
    Semaphore(SemaphoreRow),
}

impl Item {
    /// The rows of these objects, kind by kind; each owner is looked up once a kind.
    pub(super) fn all(objects: Vec<Object>) -> Vec<Self> {
        let (mut queues, mut segments, mut semaphores) = (Vec::new(), Vec::new(), Vec::new());
        for object in objects {
            match object {
                Object::Queue(queue) => queues.push(Family::SystemV(queue)),
                Object::PosixQueue(queue) => queues.push(Family::Posix(queue)),
                Object::Segment(segment) => segments.push(Family::SystemV(segment)),
                Object::Memory(file) => segments.push(Family::Posix(file)),
                Object::Set(set) => semaphores.push(Family::SystemV(set)),
                Object::Semaphore(semaphore) => semaphores.push(Family::Posix(semaphore)),
            }
        }
        let mut items = Vec::with_capacity(queues.len() + segments.len() + semaphores.len());
        items.extend(QueueRow::all(queues).into_iter().map(Item::Queue));
        items.extend(SegmentRow::all(segments).into_iter().map(Item::Segment));
        items.extend(SemaphoreRow::all(semaphores).into_iter().map(Item::Semaphore));
        items
    }

    fn class(&self) -> Class {
        match self {
            Self::Queue(_) => Class::Queue,
            Self::Segment(_) => Class::Segment,
            Self::Semaphore(row) if row.is_set() => Class::Set,
            Self::Semaphore(_) => Class::Semaphore,
        }
    }

    fn last_used(&self) -> Timestamp {
        match self {
            Self::Queue(row) => row.last_used(),
            Self::Segment(row) => row.last_used(),
            Self::Semaphore(row) => row.last_used(),
        }
    }

    /// The name with its kind, as every verb of ripcs takes it.
    fn object(&self) -> Vec<u8> {
        let name = match self {
            Self::Queue(row) => row.bare_name(),
            Self::Segment(row) => row.bare_name(),
            Self::Semaphore(row) => row.bare_name(),
        };
        [self.class().word().as_bytes(), b":", &name].concat()
    }

    /// What matters most of it, in words.
    fn state(&self) -> String {
        let unknown = || "?".to_owned();
        match self {
            Self::Queue(row) => row.messages().map_or_else(unknown, |count| counted(count, "message")),
            Self::Segment(row) => row.attaches().map_or_else(|| "-".into(), |count| counted(count, "attach")),
            Self::Semaphore(row) if row.is_set() => counted(row.count(), "semaphore"),
            Self::Semaphore(row) => row.value().map_or_else(unknown, |value| format!("value {value}")),
        }
    }
}

/// The columns that all kinds have in common and no kind by itself.
static COMMON: &[Column<Item>] = &[
    column("object", "name with its kind, as every verb takes it", Align::Left, |item: &Item| {
        Cell::Foreign(item.object().into())
    })
    .hidden(),
    column("state", "what matters most of it: messages, attaches, semaphores, value", Align::Left, |item| {
        Cell::shown(item.state())
    }),
    column("used", "time when something happened to it last", Align::Left, |item| {
        Cell::or_none(item.last_used(), Cell::Time)
    }),
];

/// What is shown of several kinds unless `-o` says otherwise.
const SEVERAL: &str = "kind,name,key,owner,mode,bytes,state,used";

/// What costs a call or more for every object: filled and shown where it is named.
const COSTLY: [&str; 3] = ["waiting", "rss", "swap"];

/// Asks the kernel for what these columns want to know and a list alone does not tell.
pub(super) fn fill(objects: &mut [Object], columns: &[AnyColumn], args: &ReportArgs) -> io::Result<()> {
    let wants = |name: &str| columns.iter().any(|column| column.name == name);
    if wants("rss") || wants("swap") {
        census::add_residence(objects)?;
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
}

impl AnyColumn {
    fn of<'a>(&self, item: &'a Item) -> Cell<'a> {
        if let Some(common) = self.common {
            return (common.get)(item);
        }
        match item {
            Item::Queue(row) => self.queue.map_or(Cell::None, |column| (column.get)(row)),
            Item::Segment(row) => self.segment.map_or(Cell::None, |column| (column.get)(row)),
            Item::Semaphore(row) => self.semaphore.map_or(Cell::None, |column| (column.get)(row)),
        }
    }

    fn is_of(&self, item: &Item) -> bool {
        match item {
            _ if self.common.is_some() => true,
            Item::Queue(_) => self.queue.is_some(),
            Item::Segment(_) => self.segment.is_some(),
            Item::Semaphore(row) => self.semaphore.is_some() && (self.name != "value" || row.has_value()),
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
        let (common, queue, segment, semaphore) = (None, None, None, None);
        let mut entry = AnyColumn { name, help, align, default, common, queue, segment, semaphore };
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
pub(super) fn chosen(classes: &[Class], args: &ReportArgs) -> anyhow::Result<Vec<AnyColumn>> {
    let all = columns_of(classes);
    let defaults: Vec<AnyColumn> = if is_one_kind(classes) {
        all.iter().filter(|column| column.default && column.common.is_none()).copied().collect()
    } else {
        SEVERAL.split(',').filter_map(|name| all.iter().find(|column| column.name == name)).copied().collect()
    };
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
        return Ok(rows::write_objects(context, items.iter().map(|item| fields(columns, item)))?);
    }
    let heads: Vec<_> = columns.iter().map(|column| (column.name, column.align)).collect();
    let report =
        Report { columns: &heads, rows: items.len(), cell: |row: usize, index: usize| columns[index].of(&items[row]) };
    Ok(report.write(&mut context.out, args.form())?)
}

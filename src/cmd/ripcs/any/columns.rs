//! The columns of objects of any kind: which there are, which are shown.

use super::{COMMON, Item, KindRow};
use crate::app::Context;
use crate::args::ReportArgs;
use crate::cmd::rows::held::{self, HeldRow};
use crate::cmd::rows::queue::{self, QueueRow};
use crate::cmd::rows::segment::{self, SegmentRow};
use crate::cmd::rows::semaphore::{self, SemaphoreRow};
use crate::cmd::rows::socket::{self, SocketRow};
use crate::exit::UsageError;
use crate::ipc::census::Class;
use crate::output::{Align, Cell, Column, ColumnError, escape, write_details};

/// What is shown of several kinds unless `-o` says otherwise.
const SEVERAL: &str = "kind,name,key,owner,mode,bytes,state,used";

/// What is shown of sockets, and of locks.
const OF_SOCKETS: &str = "name,owner,mode,type,state,unread,unsent,waiting,backlog,holder,peer";
const OF_LOCKS: &str = "name,owner,mode,bytes,state,waiting,holder";

/// What costs a call or more for every object, or is for people: filled and shown where it is named.
const COSTLY: [&str; 5] = ["waiting", "rss", "swap", "users", "state"];

/// Whether one of these columns is shown.
pub(in crate::cmd::ripcs) fn has(columns: &[AnyColumn], name: &str) -> bool {
    columns.iter().any(|column| column.name == name)
}

/// Whether one of these is shown that the file of something held may have to tell.
pub(in crate::cmd::ripcs) fn has_file(columns: &[AnyColumn]) -> bool {
    ["owner", "uid", "mode", "bytes"].iter().any(|name| has(columns, name))
}

/// A column, and who of the kinds has it.
#[derive(Debug, Clone, Copy)]
pub(in crate::cmd::ripcs) struct AnyColumn {
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
    pub(in crate::cmd::ripcs) fn of<'a>(&self, item: &'a Item) -> Cell<'a> {
        if let Some(common) = self.common {
            return (common.get)(item);
        }
        match &item.row {
            KindRow::Queue(row) => Cell::or_none(self.queue, |column| (column.get)(row)),
            KindRow::Segment(row) => Cell::or_none(self.segment, |column| (column.get)(row)),
            KindRow::Semaphore(row) => Cell::or_none(self.semaphore, |column| (column.get)(row)),
            KindRow::Held(row) => match (self.held, self.socket, &row.socket) {
                (Some(column), ..) => (column.get)(row),
                (None, Some(column), Some(socket)) => (column.get)(socket),
                _ => Cell::None,
            },
        }
    }

    /// Whether the kind of this item has it.
    pub(in crate::cmd::ripcs) fn is_of(&self, item: &Item) -> bool {
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
    pub(in crate::cmd::ripcs) fn is_told_of(&self, item: &Item) -> bool {
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
pub(in crate::cmd::ripcs) fn columns_of(classes: &[Class]) -> Vec<AnyColumn> {
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
pub(in crate::cmd::ripcs) fn chosen(
    classes: &[Class],
    args: &ReportArgs,
    namespaces: bool,
) -> anyhow::Result<Vec<AnyColumn>> {
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
pub(in crate::cmd::ripcs) fn names(classes: &[Class]) -> Vec<&'static str> {
    columns_of(classes).iter().map(|column| column.name).collect()
}

/// The column of this name.
pub(in crate::cmd::ripcs) fn find<'a>(all: &'a [AnyColumn], name: &str) -> anyhow::Result<&'a AnyColumn> {
    let found = all.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|column| column.name).collect();
        let words = format!("no column is called '{}'; there are {}", escape(name.as_bytes()), names.join(", "));
        UsageError(ColumnError(words).to_string()).into()
    })
}

/// Writes the columns of these kinds and what they hold.
pub(in crate::cmd::ripcs) fn write_help(context: &mut Context, classes: &[Class]) -> anyhow::Result<()> {
    let columns = columns_of(classes);
    let lines: Vec<_> = columns.iter().map(|column| (column.name, Cell::text(column.help))).collect();
    Ok(write_details(&mut context.out, &lines)?)
}

/// What an item has of these columns.
pub(super) fn fields<'a>(columns: &[AnyColumn], item: &'a Item) -> Vec<(&'static str, Cell<'a>)> {
    columns.iter().filter(|column| column.is_of(item)).map(|column| (column.name, column.of(item))).collect()
}

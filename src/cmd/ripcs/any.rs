//! Objects of any kind as rows of one report: what all kinds have, and by name what one kind has.

use std::io;
use std::sync::Arc;

use super::place::Place;
use crate::args::ReportArgs;
use crate::cmd::rows::held::{Ends, HeldRow};
use crate::cmd::rows::queue::QueueRow;
use crate::cmd::rows::segment::SegmentRow;
use crate::cmd::rows::semaphore::SemaphoreRow;
use crate::cmd::rows::{self, Object as Family};
use crate::ipc::Timestamp;
use crate::ipc::census::{self, Census, Class, Object, Thing};
use crate::ipc::namespace::Namespace;
use crate::output::{Align, Cell, Column, column, counted};

mod columns;

pub(super) use columns::{AnyColumn, chosen, columns_of, find, has, has_file, names, write_help};

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
    pub ends: Option<Box<Ends>>,
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
                    let ends = note.ends.take().map(|ends| *ends).unwrap_or_default();
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
        columns::fields(&columns_of(&[self.class()]), self)
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

/// Asks the kernel for what these columns want to know and a list alone does not tell.
pub(super) fn fill(objects: &mut [&mut Object], columns: &[AnyColumn], args: &ReportArgs) -> io::Result<()> {
    let wants = |name| has(columns, name);
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
pub(super) fn ends(census: &Census, object: &Object) -> Option<Box<Ends>> {
    match object {
        Object::Held(held) => {
            let at = |inode| Ends::of(census.users(inode, None));
            let mut ends = at(object.thing());
            ends.is_partial = census.hidden.whole > 0;
            // Who has the other end may be seen where those who have this one may not.
            if let (Some(peer), true) = (held.socket.as_ref().and_then(|socket| socket.peer), ends.peers.is_empty()) {
                ends.peers = at(Thing::Inode(held.inode.0, peer)).holders;
            }
            Some(Box::new(ends))
        }
        _ => None,
    }
}

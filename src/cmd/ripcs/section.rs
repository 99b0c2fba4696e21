//! A kind on the page of the overview: looked at share by share, and nothing of it kept but what is shown.

use std::io::{self, Write as _};

use anyhow::Context as _;

use super::amount::{bytes, messages};
use super::kinds::{refuse_failures, tell_unlisted};
use super::overview::Total;
use crate::app::Context;
use crate::args::ListArgs;
use crate::cmd::rows::queue::{self, QueueRow};
use crate::cmd::rows::segment::{self, SegmentRow};
use crate::cmd::rows::semaphore::{self, SemaphoreRow};
use crate::cmd::rows::{JsonArray, Object as Family};
use crate::in_turn::in_turn;
use crate::ipc::census::{self, Batch, Class, Object};
use crate::output::{Align, Column, Texts, write_texts};

/// A kind on the page, in this namespace or elsewhere.
#[derive(Debug)]
pub(super) struct Kind {
    pub title: &'static str,
    pub classes: &'static [Class],
    /// What is counted in objects, and what it is called.
    pub sums: fn(&[&Object]) -> Sums,
}

/// Totals and what they count.
pub(super) type Sums = Vec<(Total, &'static str)>;

/// `2 queues, 3 messages, 40 bytes`.
pub(super) fn told(sums: &Sums) -> String {
    sums.iter().map(|(sum, noun)| sum.counted(noun)).collect::<Vec<_>>().join(", ")
}

/// The kinds in the order of the page.
pub(super) static KINDS: [Kind; 3] = [
    Kind {
        title: "Message queues",
        classes: &[Class::Queue],
        sums: |objects| {
            vec![
                (Total::count(objects.len()), "queue"),
                (Total::of(objects.iter().map(|object| messages(object))), "message"),
                (Total::of(objects.iter().map(|object| bytes(object))), "byte"),
            ]
        },
    },
    Kind {
        title: "Shared memory",
        classes: &[Class::Segment],
        sums: |objects| {
            vec![
                (Total::count(objects.len()), "segment"),
                (Total::of(objects.iter().map(|object| bytes(object))), "byte"),
            ]
        },
    },
    Kind {
        title: "Semaphores",
        classes: &[Class::Set, Class::Semaphore],
        sums: |objects| {
            let members = |object: &&Object| if let Object::Set(set) = object { set.count } else { 1 };
            vec![
                (Total::count(objects.iter().filter(|object| object.class() == Class::Set).count()), "set"),
                (Total::of(objects.iter().map(|object| Some(members(object)))), "semaphore"),
            ]
        },
    },
];

/// How a kind of our own namespace becomes rows.
#[derive(Debug)]
pub(super) struct Section<R: 'static> {
    pub kind: &'static Kind,
    pub columns: &'static [Column<R>],
    rows: fn(Vec<Object>) -> Vec<R>,
}

/// What is written of the section.
#[derive(Debug)]
pub(super) struct Form<'a> {
    pub args: &'a ListArgs,
    pub totals_alone: bool,
    /// What stands before the title.
    pub gap: &'static str,
}

/// What a share of the objects comes to.
#[derive(Debug)]
struct Share {
    texts: Texts,
    elements: Vec<u8>,
    sums: Sums,
    unlisted: Vec<(Class, io::Error)>,
}

impl<R: Sync> Section<R> {
    /// Writes the section: a title, a table and the totals, or elements of the array.
    pub(super) fn write(
        &self,
        context: &mut Context,
        form: &Form<'_>,
        columns: &[&'static Column<R>],
        array: &mut JsonArray,
    ) -> anyhow::Result<()> {
        let mut batches = census::batches(self.kind.classes).context("cannot list the objects")?;
        // That is asked of all segments at once.
        let residence = columns.iter().any(|column| matches!(column.name, "rss" | "swap"));
        if residence {
            batches = Batch::joined(batches);
        }
        let (mut texts, mut sums, mut unlisted) = (Vec::new(), (self.kind.sums)(&[]), Vec::new());
        in_turn(
            batches.len(),
            |number| self.share(&batches[number], form, columns, residence),
            |share: io::Result<Share>| {
                let share = share?;
                texts.push(share.texts);
                sums.iter_mut().zip(share.sums).for_each(|((sum, _), (more, _))| sum.add(more));
                unlisted.extend(share.unlisted);
                array.add(context, &share.elements)
            },
        )
        .with_context(|| format!("cannot list the {}s", self.kind.classes[0]))?;
        refuse_failures(&mut unlisted)?;
        let heads: Vec<(&str, Align)> = columns.iter().map(|column| (column.name, column.align)).collect();
        if form.args.no_header && !form.args.json {
            write_texts(&mut context.out, &heads, false, texts)?;
        } else if !form.args.json {
            writeln!(context.out, "{}{}", form.gap, self.kind.title)?;
            if !form.totals_alone {
                write_texts(&mut context.out, &heads, true, texts)?;
            }
            writeln!(context.out, "{}", told(&sums))?;
        }
        tell_unlisted(context, &unlisted);
        Ok(())
    }

    fn share(
        &self,
        batch: &Batch,
        form: &Form<'_>,
        columns: &[&'static Column<R>],
        residence: bool,
    ) -> io::Result<Share> {
        let mut found = batch.look()?;
        if residence {
            census::add_residence(&mut found.objects.iter_mut().collect::<Vec<_>>())?;
        }
        let sums = (self.kind.sums)(&found.objects.iter().collect::<Vec<_>>());
        let rows = (self.rows)(found.objects);
        let (mut texts, mut elements) = (Texts::default(), Vec::new());
        if form.args.json {
            elements = JsonArray::elements(columns, &rows)?;
        } else if form.args.no_header || !form.totals_alone {
            texts = Texts::of(columns, &rows);
        }
        Ok(Share { texts, elements, sums, unlisted: found.unlisted })
    }
}

/// Message queues.
pub(super) static QUEUES: Section<QueueRow> = Section {
    kind: &KINDS[0],
    columns: queue::COLUMNS,
    rows: |objects| {
        QueueRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Queue(queue) => Some(Family::SystemV(queue)),
            Object::PosixQueue(queue) => Some(Family::Posix(queue)),
            _ => None,
        }))
    },
};

/// Shared memory.
pub(super) static SEGMENTS: Section<SegmentRow> = Section {
    kind: &KINDS[1],
    columns: segment::COLUMNS,
    rows: |objects| {
        SegmentRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Segment(segment) => Some(Family::SystemV(segment)),
            Object::Memory(file) => Some(Family::Posix(file)),
            _ => None,
        }))
    },
};

/// Semaphores: sets, and POSIX ones.
pub(super) static SEMAPHORES: Section<SemaphoreRow> = Section {
    kind: &KINDS[2],
    columns: semaphore::COLUMNS,
    rows: |objects| {
        SemaphoreRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Set(set) => Some(Family::SystemV(set)),
            Object::Semaphore(semaphore) => Some(Family::Posix(semaphore)),
            _ => None,
        }))
    },
};

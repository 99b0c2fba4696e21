//! A kind on the page of the overview: looked at share by share, and nothing of it kept but what is shown.

use std::io::{self, Write as _};

use anyhow::Context as _;

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

/// What stands on the page about a kind.
#[derive(Debug)]
pub(super) struct Section<R: 'static> {
    pub title: &'static str,
    classes: &'static [Class],
    pub columns: &'static [Column<R>],
    /// The rows of objects of this kind.
    rows: fn(Vec<Object>) -> Vec<R>,
    /// What is counted in rows, and what it is called.
    sums: fn(&[R]) -> Vec<(Total, &'static str)>,
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
    sums: Vec<(Total, &'static str)>,
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
        let mut batches = census::batches(self.classes).context("cannot list the objects")?;
        // That is asked of all segments at once.
        if columns.iter().any(|column| matches!(column.name, "rss" | "swap")) {
            batches = Batch::joined(batches);
        }
        let (mut texts, mut sums, mut unlisted) = (Vec::new(), (self.sums)(&[]), Vec::new());
        in_turn(
            batches.len(),
            |number| self.share(&batches[number], form, columns),
            |share: io::Result<Share>| {
                let share = share?;
                texts.push(share.texts);
                sums.iter_mut().zip(share.sums).for_each(|((sum, _), (more, _))| sum.add(more));
                unlisted.extend(share.unlisted);
                array.add(context, &share.elements)
            },
        )
        .with_context(|| format!("cannot list the {}s", self.classes[0]))?;
        refuse_failures(&mut unlisted)?;
        let heads: Vec<(&str, Align)> = columns.iter().map(|column| (column.name, column.align)).collect();
        if form.args.no_header && !form.args.json {
            write_texts(&mut context.out, &heads, false, texts)?;
        } else if !form.args.json {
            writeln!(context.out, "{}{}", form.gap, self.title)?;
            if !form.totals_alone {
                write_texts(&mut context.out, &heads, true, texts)?;
            }
            let words: Vec<String> = sums.iter().map(|(sum, noun)| sum.counted(noun)).collect();
            writeln!(context.out, "{}", words.join(", "))?;
        }
        tell_unlisted(context, &unlisted);
        Ok(())
    }

    fn share(&self, batch: &Batch, form: &Form<'_>, columns: &[&'static Column<R>]) -> io::Result<Share> {
        let mut found = batch.look()?;
        if columns.iter().any(|column| matches!(column.name, "rss" | "swap")) {
            census::add_residence(&mut found.objects.iter_mut().collect::<Vec<_>>())?;
        }
        let rows = (self.rows)(found.objects);
        let (mut texts, mut elements) = (Texts::default(), Vec::new());
        if form.args.json {
            elements = JsonArray::elements(columns, &rows)?;
        } else if form.args.no_header || !form.totals_alone {
            texts = Texts::of(columns, &rows);
        }
        Ok(Share { texts, elements, sums: (self.sums)(&rows), unlisted: found.unlisted })
    }
}

/// Message queues.
pub(super) const QUEUES: Section<QueueRow> = Section {
    title: "Message queues",
    classes: &[Class::Queue],
    columns: queue::COLUMNS,
    rows: |objects| {
        QueueRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Queue(queue) => Some(Family::SystemV(queue)),
            Object::PosixQueue(queue) => Some(Family::Posix(queue)),
            _ => None,
        }))
    },
    sums: |rows| {
        vec![
            (Total::count(rows.len()), "queue"),
            (Total::of(rows.iter().map(QueueRow::messages)), "message"),
            (Total::of(rows.iter().map(QueueRow::bytes)), "byte"),
        ]
    },
};

/// Shared memory.
pub(super) const SEGMENTS: Section<SegmentRow> = Section {
    title: "Shared memory",
    classes: &[Class::Segment],
    columns: segment::COLUMNS,
    rows: |objects| {
        SegmentRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Segment(segment) => Some(Family::SystemV(segment)),
            Object::Memory(file) => Some(Family::Posix(file)),
            _ => None,
        }))
    },
    sums: |rows| {
        vec![(Total::count(rows.len()), "segment"), (Total::of(rows.iter().map(|row| Some(row.size()))), "byte")]
    },
};

/// Semaphores: sets, and POSIX ones.
pub(super) const SEMAPHORES: Section<SemaphoreRow> = Section {
    title: "Semaphores",
    classes: &[Class::Set, Class::Semaphore],
    columns: semaphore::COLUMNS,
    rows: |objects| {
        SemaphoreRow::all(objects.into_iter().filter_map(|object| match object {
            Object::Set(set) => Some(Family::SystemV(set)),
            Object::Semaphore(semaphore) => Some(Family::Posix(semaphore)),
            _ => None,
        }))
    },
    sums: |rows| {
        vec![
            (Total::count(rows.iter().filter(|row| row.is_set()).count()), "set"),
            (Total::of(rows.iter().map(|row| Some(row.count()))), "semaphore"),
        ]
    },
};

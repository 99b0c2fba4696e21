//! Rows on standard output, in the form that was asked for.

use std::cmp::Ordering;
use std::io::{self, Write as _};

use crate::app::Context;
use crate::args::{ListArgs, ReportArgs};
use crate::exit::{Status, UsageError};
use crate::output::{Cell, Column, Keys, Report, choose, write_details, write_object, write_table};

/// Sorts and writes rows in the form that was asked for.
pub(in crate::cmd) fn write_report<R: Sync>(
    context: &mut Context,
    args: &ReportArgs,
    all: &'static [Column<R>],
    columns: &[&'static Column<R>],
    mut rows: Vec<R>,
) -> anyhow::Result<()> {
    if let Some((name, reverse)) = args.sorted_by() {
        let chosen = choose(all, Some(name)).map_err(|error| UsageError(error.to_string()))?;
        rows.sort_by(|one, two| {
            let orders = chosen.iter().map(|column| (column.get)(one).compare(&(column.get)(two)));
            let order = orders.fold(Ordering::Equal, Ordering::then);
            if reverse { order.reverse() } else { order }
        });
    }
    let heads: Vec<_> = columns.iter().map(|column| (column.name, column.align)).collect();
    let cell = |row: usize, column: usize| (columns[column].get)(&rows[row]);
    let report = Report { columns: &heads, rows: rows.len(), cell };
    Ok(report.write(&mut context.out, args.form())?)
}

/// Writes what `-o help` asks for: the columns and what they hold.
pub(in crate::cmd) fn write_help<R>(context: &mut Context, all: &'static [Column<R>]) -> anyhow::Result<Status> {
    let lines: Vec<_> = all.iter().map(|column| (column.name, Cell::text(column.help))).collect();
    write_details(&mut context.out, &lines)?;
    Ok(Status::Done)
}

/// Writes rows of one kind as the options say.
pub(in crate::cmd) fn write_list<R: Sync>(
    context: &mut Context,
    args: &ListArgs,
    columns: &[&'static Column<R>],
    rows: &[R],
) -> anyhow::Result<()> {
    if !args.json {
        return Ok(write_table(&mut context.out, columns, rows, !args.no_header)?);
    }
    let mut array = JsonArray::default();
    array.extend(context, columns, rows)?;
    Ok(array.end(context)?)
}

/// Writes everything about one object, and who uses it: as two tables or one JSON object.
pub(in crate::cmd) fn write_object_and_users<'a, R: Sync>(
    context: &mut Context,
    json: bool,
    mut fields: Vec<(&'static str, Cell<'a>)>,
    columns: &'static [Column<R>],
    users: &'a [R],
) -> io::Result<()> {
    if json {
        fields.push(("processes", records(columns, users)));
        return write_object(&mut context.out, &fields);
    }
    write_details(&mut context.out, &fields)?;
    write_records(context, columns, users)
}

/// Records that belong to an object, for its JSON.
pub(in crate::cmd) fn records<'a, R>(columns: &'static [Column<R>], records: &'a [R]) -> Cell<'a> {
    let cells = |record| columns.iter().map(|column| (column.name, (column.get)(record))).collect();
    Cell::List(records.iter().map(cells).collect())
}

/// Records that belong to an object as a table of their own, where there are any.
pub(in crate::cmd) fn write_records<R: Sync + 'static>(
    context: &mut Context,
    columns: impl IntoIterator<Item = &'static Column<R>>,
    records: &[R],
) -> io::Result<()> {
    if records.is_empty() {
        return Ok(());
    }
    write_table(&mut context.out, &columns.into_iter().collect::<Vec<_>>(), records, true)
}

/// The same with the columns that are shown unless told otherwise.
pub(in crate::cmd) fn write_shown<R: Sync>(
    context: &mut Context,
    columns: &'static [Column<R>],
    records: &[R],
) -> io::Result<()> {
    write_records(context, columns.iter().filter(|column| column.default), records)
}

/// A JSON array, one element a line, that rows of several kinds can be put into.
#[derive(Debug, Default)]
pub(in crate::cmd) struct JsonArray {
    begun: bool,
}

impl JsonArray {
    /// Adds a row as an element.
    pub(in crate::cmd) fn extend<R>(
        &mut self,
        context: &mut Context,
        columns: &[&'static Column<R>],
        rows: &[R],
    ) -> io::Result<()> {
        rows.chunks(512).try_for_each(|rows| self.add(context, &Self::elements(columns, rows)?))
    }

    /// Rows as elements, with commas and line ends between them.
    pub(in crate::cmd) fn elements<R>(columns: &[&'static Column<R>], rows: &[R]) -> io::Result<Vec<u8>> {
        let keys = Keys::of(columns.iter().map(|column| column.name))?;
        let mut text = Vec::new();
        for row in rows {
            text.extend_from_slice(if text.is_empty() { b"" } else { b",\n" });
            keys.push_object(&mut text, columns.iter().map(|column| (column.get)(row)))?;
        }
        Ok(text)
    }

    /// Adds elements, written out with commas and line ends between them.
    pub(in crate::cmd) fn add(&mut self, context: &mut Context, elements: &[u8]) -> io::Result<()> {
        if elements.is_empty() {
            return Ok(());
        }
        context.out.write_all(if self.begun { b",\n" } else { b"[\n" })?;
        self.begun = true;
        context.out.write_all(elements)
    }

    /// Ends the array.
    pub(in crate::cmd) fn end(self, context: &mut Context) -> io::Result<()> {
        context.out.write_all(if self.begun { b"\n]\n" } else { b"[]\n" })
    }
}

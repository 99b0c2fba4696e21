//! Items of any kind in the form that was asked for: all at once, or batch by batch as they are found.

use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;

use super::any::{self, AnyColumn, Item, Note};
use crate::app::Context;
use crate::args::ReportArgs;
use crate::cmd::rows::JsonArray;
use crate::in_turn::in_turn;
use crate::ipc::census::{self, Class, Object};
use crate::output::{Align, Cell, Form, Keys, Report};

/// Items that are written out together.
const SHARE: usize = 1024;

/// What is listed.
#[derive(Debug)]
pub(super) struct Listing<'a> {
    args: &'a ReportArgs,
    classes: &'a [Class],
    columns: &'a [AnyColumn],
    heads: Vec<(&'static str, Align)>,
    /// The longest text of a share so far: room for the next.
    longest: AtomicUsize,
}

impl<'a> Listing<'a> {
    /// Objects of these kinds with these columns, as the options say.
    pub(super) fn new(args: &'a ReportArgs, classes: &'a [Class], columns: &'a [AnyColumn]) -> Self {
        let heads = columns.iter().map(|column| (column.name, column.align)).collect();
        Self { args, classes, columns, heads, longest: AtomicUsize::new(0) }
    }

    /// Sorts and writes the items.
    pub(super) fn write(&self, context: &mut Context, mut items: Vec<Item>) -> anyhow::Result<()> {
        if let Some((name, reverse)) = self.args.sorted_by() {
            let column = *any::find(&any::columns_of(self.classes), name)?;
            items.sort_by(|one, two| {
                let order = column.of(one).compare(&column.of(two));
                if reverse { order.reverse() } else { order }
            });
        }
        if let form @ Form::Table { .. } = self.args.form() {
            return Ok(self.report(&items).write(&mut context.out, form)?);
        }
        let shares: Vec<&[Item]> = items.chunks(SHARE).collect();
        Ok(self.write_in_turn(context, shares.len(), |number| self.text(shares[number]))?)
    }

    /// Whether each row is written as it comes: then nothing has to be kept of objects that nobody asks
    /// more of than the kernel's tables tell.
    pub(super) fn streams(&self) -> bool {
        let is_told_of_all_at_once = any::has(self.columns, "rss") || any::has(self.columns, "swap");
        !matches!(self.args.form(), Form::Table { .. }) && self.args.sort.is_none() && !is_told_of_all_at_once
    }

    /// Writes the objects as they are found, those that `takes` says yes to; what could not be listed is
    /// returned.
    pub(super) fn stream(
        &self,
        context: &mut Context,
        takes: impl Fn(&Object) -> bool + Sync,
    ) -> anyhow::Result<Vec<(Class, io::Error)>> {
        let batches = census::batches(self.classes).context("cannot list the objects")?;
        let unlisted = Mutex::new(Vec::new());
        let text = |number: usize| {
            let mut found = batches[number].look()?;
            found.objects.retain(&takes);
            any::fill(&mut found.objects.iter_mut().collect::<Vec<_>>(), self.columns, self.args)?;
            if let Ok(mut unlisted) = unlisted.lock() {
                unlisted.extend(found.unlisted);
            }
            self.text(&Item::all(found.objects.into_iter().map(|object| (object, Note::default()))))
        };
        self.write_in_turn(context, batches.len(), text).context("cannot list the objects")?;
        Ok(unlisted.into_inner().unwrap_or_default())
    }

    /// Writes what `text` gives for each number below `count`.
    fn write_in_turn(
        &self,
        context: &mut Context,
        count: usize,
        text: impl Fn(usize) -> io::Result<Vec<u8>> + Sync,
    ) -> io::Result<()> {
        match self.args.form() {
            Form::Json => {
                let mut array = JsonArray::default();
                in_turn(count, text, |text| array.add(context, &text?))?;
                array.end(context)
            }
            form => {
                self.report(&[]).write(&mut context.out, form)?;
                in_turn(count, text, |text| context.out.write_all(&text?))
            }
        }
    }

    /// The rows of these items.
    fn text(&self, items: &[Item]) -> io::Result<Vec<u8>> {
        let mut text = Vec::with_capacity(self.longest.load(Ordering::Relaxed));
        match self.args.form() {
            Form::Json => self.push_elements(&mut text, items)?,
            Form::Raw { .. } => self.report(items).write(&mut text, Form::Raw { header: false })?,
            form => self.report(items).write(&mut text, form)?,
        }
        self.longest.fetch_max(text.len(), Ordering::Relaxed);
        Ok(text)
    }

    fn report<'b>(&'b self, items: &'b [Item]) -> Report<'b, impl Fn(usize, usize) -> Cell<'b> + Sync> {
        let cell = |row: usize, index: usize| self.columns[index].of(&items[row]);
        Report { columns: &self.heads, rows: items.len(), cell }
    }

    /// Elements of a JSON array. Unless `-o` names columns what a kind does not have is left out: found once
    /// for all items of the same shape.
    fn push_elements(&self, text: &mut Vec<u8>, items: &[Item]) -> io::Result<()> {
        let (mut shape, mut here, mut keys) = (None, Vec::new(), Keys::default());
        for item in items {
            if shape != Some(item.shape()) {
                shape = Some(item.shape());
                let all = self.args.list.columns.is_some();
                here = self.columns.iter().filter(|column| all || column.is_told_of(item)).collect();
                keys = Keys::of(here.iter().map(|column| column.name))?;
            }
            text.extend_from_slice(if text.is_empty() { b"" } else { b",\n" });
            keys.push_object(text, here.iter().map(|column| column.of(item)))?;
        }
        Ok(())
    }
}

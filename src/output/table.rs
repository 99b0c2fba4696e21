//! Records as an aligned table: the same text on a terminal and in a pipe, never cut short.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table};
use unicode_width::UnicodeWidthStr;

use super::record::{Align, Cell, Column};
use super::text::write_cell;
use crate::in_turn::in_turn;

/// From this many rows on the table is padded by [`Texts::padded`]: the same text, five times as fast.
const BULK: usize = 200;

/// Rows that are padded together, by one thread or another.
const SHARE: usize = 512;

/// Writes a header, unless it is not wanted, and one line per record.
pub(crate) fn write_table<R: Sync>(
    out: &mut impl Write,
    columns: &[&'static Column<R>],
    records: &[R],
    header: bool,
) -> io::Result<()> {
    let heads: Vec<(&str, Align)> = columns.iter().map(|column| (column.name, column.align)).collect();
    write_cells(out, &heads, header, records.len(), |record, column| (columns[column].get)(&records[record]))
}

/// The same for cells that do not come from one table of columns: `cell(row, column)`.
pub(super) fn write_cells<'a>(
    out: &mut impl Write,
    heads: &[(&str, Align)],
    header: bool,
    rows: usize,
    cell: impl Fn(usize, usize) -> Cell<'a> + Sync,
) -> io::Result<()> {
    let texts = |share: usize| {
        let mut texts = Texts::default();
        for row in share * SHARE..rows.min((share + 1) * SHARE) {
            for column in 0..heads.len() {
                texts.push(cell(row, column));
            }
            texts.rows += 1;
        }
        texts
    };
    let mut shares = Vec::new();
    in_turn(rows.div_ceil(SHARE), texts, |texts| {
        shares.push(texts);
        Ok::<(), io::Error>(())
    })?;
    write_texts(out, heads, header, shares)
}

/// The same for rows that are not kept but as [`Texts`].
pub(crate) fn write_texts(
    out: &mut impl Write,
    heads: &[(&str, Align)],
    header: bool,
    mut shares: Vec<Texts>,
) -> io::Result<()> {
    if header {
        let mut texts = Texts { rows: 1, ..Texts::default() };
        for (name, _) in heads {
            texts.push(Cell::shown(name.to_ascii_uppercase()));
        }
        shares.insert(0, texts);
    }
    let sides: Vec<Align> = heads.iter().map(|(_, side)| *side).collect();
    if shares.iter().map(|share| share.rows).sum::<usize>() < BULK {
        return arrange(out, shares.iter().flat_map(Texts::iter), &sides);
    }
    let mut widest = vec![0; sides.len()];
    for share in &shares {
        share.widen(&mut widest);
    }
    in_turn(shares.len(), |share| shares[share].padded(&sides, &widest), |lines| out.write_all(lines.as_bytes()))
}

/// Writes names and values below each other.
pub(crate) fn write_details(out: &mut impl Write, fields: &[(&str, Cell<'_>)]) -> io::Result<()> {
    let mut texts = Texts::default();
    for (name, cell) in fields {
        texts.push(Cell::text(name));
        texts.add(cell);
    }
    arrange(out, texts.iter(), &[Align::Left, Align::Left])
}

/// What stands in rows of a table, before it is known how wide its columns become.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// The cells, row by row, and the length of each.
    text: String,
    lengths: Vec<u32>,
    rows: usize,
}

impl Texts {
    /// What these columns show of these records.
    pub(crate) fn of<R>(columns: &[&'static Column<R>], records: &[R]) -> Self {
        let mut texts = Self { rows: records.len(), ..Self::default() };
        for record in records {
            for column in columns {
                texts.push((column.get)(record));
            }
        }
        texts.text.shrink_to_fit();
        texts.lengths.shrink_to_fit();
        texts
    }

    fn push(&mut self, cell: Cell<'_>) {
        self.add(&cell);
        cell.discard();
    }

    fn add(&mut self, cell: &Cell<'_>) {
        let begin = self.text.len();
        write_cell(&mut self.text, cell);
        let length = u32::try_from(self.text.len() - begin).unwrap_or_else(|_| {
            // Nobody could read a cell of four gigabytes.
            self.text.truncate(begin);
            0
        });
        self.lengths.push(length);
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.text.as_str();
        self.lengths.iter().map(move |length| {
            let (text, behind) = rest.split_at(*length as usize);
            rest = behind;
            text
        })
    }

    /// What tells how many columns one of these texts takes on a screen.
    fn width(&self) -> fn(&str) -> usize {
        if self.text.is_ascii() { str::len } else { UnicodeWidthStr::width }
    }

    /// Makes columns as wide as these texts want them.
    fn widen(&self, widest: &mut [usize]) {
        let (mut texts, width) = (self.iter(), self.width());
        for _ in 0..self.rows {
            for (widest, text) in widest.iter_mut().zip(texts.by_ref()) {
                *widest = (*widest).max(width(text));
            }
        }
    }

    /// The same text as that of [`arrange`] by plain padding.
    fn padded(&self, sides: &[Align], widest: &[usize]) -> String {
        let mut lines = String::with_capacity(self.rows * (widest.iter().sum::<usize>() + 2 * widest.len()));
        let (mut texts, width) = (self.iter(), self.width());
        for _ in 0..self.rows {
            let begin = lines.len();
            for ((side, widest), text) in sides.iter().zip(widest).zip(texts.by_ref()) {
                let blanks = widest - width(text);
                match side {
                    Align::Left => {
                        lines.push_str(text);
                        push_blanks(&mut lines, blanks + 2);
                    }
                    Align::Right => {
                        push_blanks(&mut lines, blanks);
                        lines.push_str(text);
                        push_blanks(&mut lines, 2);
                    }
                }
            }
            lines.truncate(begin + lines[begin..].trim_end().len());
            lines.push('\n');
        }
        lines
    }
}

/// Lets comfy-table arrange the texts: two blanks between columns, none behind the last.
fn arrange<'a>(out: &mut impl Write, texts: impl Iterator<Item = &'a str>, sides: &[Align]) -> io::Result<()> {
    let texts: Vec<&str> = texts.collect();
    if texts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    for row in texts.chunks(sides.len()) {
        table.add_row(row);
    }
    for (column, side) in table.column_iter_mut().zip(sides) {
        column.set_padding((0, 2));
        column.set_cell_alignment(match side {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn push_blanks(line: &mut String, count: usize) {
    const BLANKS: &str = "                                ";
    let mut left = count;
    while left > 0 {
        let some = left.min(BLANKS.len());
        line.push_str(&BLANKS[..some]);
        left -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let mut texts = Texts { rows: 4, ..Texts::default() };
        for text in ["NAME", "SIZE", "NOTE", "größe", "1", "", "中文", "12345", "a\x1bb\nc", "", "0", "last"] {
            texts.push(Cell::Foreign(text.as_bytes().into()));
        }
        texts
    }

    #[test]
    fn bulk_and_screen_give_the_same_text() {
        let sides = [Align::Left, Align::Right, Align::Left];
        let mut arranged = Vec::new();
        arrange(&mut arranged, texts().iter(), &sides).expect("memory");
        let mut widest = [0; 3];
        texts().widen(&mut widest);
        let padded = texts().padded(&sides, &widest);
        assert_eq!(String::from_utf8(arranged).expect("UTF-8"), padded);
        assert_eq!(padded, "NAME    SIZE  NOTE\ngröße      1\n中文   12345  a\\x1bb\\nc\n           0  last\n");
    }

    #[test]
    fn many_rows_are_in_order_and_have_one_width() {
        let rows: Vec<u64> = (0..5000).collect();
        let column: &'static Column<u64> = const { &super::super::column("n", "", Align::Right, |n| Cell::Number(*n)) };
        let mut out = Vec::new();
        write_table(&mut out, &[column], &rows, true).expect("memory");
        let expected = std::iter::once("   N\n".to_owned()).chain(rows.iter().map(|n| format!("{n:>4}\n")));
        assert_eq!(String::from_utf8(out).expect("UTF-8"), expected.collect::<String>());
    }

    #[test]
    fn cells_end_where_they_do_whatever_is_in_them() {
        let mut texts = Texts::default();
        texts.push(Cell::text("a\0b"));
        texts.push(Cell::text(""));
        texts.push(Cell::text("größe"));
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a\0b", "", "größe"]);
    }
}

//! Records as an aligned table: the same text on a terminal and in a pipe, never cut short.

use std::io::{self, Write};

use comfy_table::{CellAlignment, Table};
use unicode_width::UnicodeWidthStr;

use super::record::{Align, Cell, Column};
use super::text::write_cell;
use crate::in_turn::in_turn;

/// From this many rows on the table is padded by [`pad`]: the same text, five times as fast.
const BULK: usize = 200;

/// Rows that are padded together, by one thread or another.
const SHARE: usize = 1024;

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
    let texts = |part: usize| {
        let mut cells = Cells::default();
        if header && part == 0 {
            for (name, _) in heads {
                cells.push(&Cell::shown(name.to_ascii_uppercase()));
            }
        }
        for row in part * SHARE..rows.min((part + 1) * SHARE) {
            for column in 0..heads.len() {
                cells.push(&cell(row, column));
            }
        }
        cells
    };
    let sides: Vec<Align> = heads.iter().map(|(_, side)| *side).collect();
    if rows < BULK {
        return arrange(out, &texts(0), &sides);
    }
    let mut parts = Vec::new();
    let mut widest = vec![0; sides.len()];
    in_turn(rows.div_ceil(SHARE), texts, |cells| {
        cells.widen(&mut widest);
        parts.push(cells);
        Ok::<(), io::Error>(())
    })?;
    in_turn(parts.len(), |part| pad(&parts[part], &sides, &widest), |text| out.write_all(text.as_bytes()))
}

/// Writes names and values below each other.
pub(crate) fn write_details(out: &mut impl Write, fields: &[(&str, Cell<'_>)]) -> io::Result<()> {
    let mut cells = Cells::default();
    for (name, cell) in fields {
        cells.push(&Cell::text(name));
        cells.push(cell);
    }
    arrange(out, &cells, &[Align::Left, Align::Left])
}

/// The texts of a table, row by row, in one string.
#[derive(Debug, Default)]
struct Cells {
    text: String,
    ends: Vec<usize>,
}

impl Cells {
    fn push(&mut self, cell: &Cell<'_>) {
        write_cell(&mut self.text, cell);
        self.ends.push(self.text.len());
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }

    /// Makes columns as wide as these texts want them.
    fn widen(&self, widest: &mut [usize]) {
        for (place, text) in self.iter().enumerate() {
            let widest = &mut widest[place % widest.len()];
            *widest = (*widest).max(width(text));
        }
    }
}

/// Lets comfy-table arrange the cells: two blanks between columns, none behind the last.
fn arrange(out: &mut impl Write, cells: &Cells, sides: &[Align]) -> io::Result<()> {
    if cells.ends.is_empty() {
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    let texts: Vec<&str> = cells.iter().collect();
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

/// The same text by plain padding.
fn pad(cells: &Cells, sides: &[Align], widest: &[usize]) -> String {
    let mut lines = String::with_capacity(cells.text.len() * 2);
    let mut texts = cells.iter();
    for _ in 0..cells.ends.len() / sides.len().max(1) {
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

/// Columns that a text takes on a screen.
fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
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

    fn cells() -> Cells {
        let mut cells = Cells::default();
        for text in ["NAME", "SIZE", "NOTE", "größe", "1", "", "中文", "12345", "a\x1bb\nc", "", "0", "last"] {
            cells.push(&Cell::Foreign(text.as_bytes().into()));
        }
        cells
    }

    #[test]
    fn bulk_and_screen_give_the_same_text() {
        let sides = [Align::Left, Align::Right, Align::Left];
        let mut arranged = Vec::new();
        arrange(&mut arranged, &cells(), &sides).expect("memory");
        let mut widest = [0; 3];
        cells().widen(&mut widest);
        let padded = pad(&cells(), &sides, &widest);
        assert_eq!(String::from_utf8(arranged).expect("UTF-8"), padded);
        assert_eq!(padded, "NAME    SIZE  NOTE\ngröße      1\n中文   12345  a\\x1bb\\nc\n           0  last\n");
    }
}

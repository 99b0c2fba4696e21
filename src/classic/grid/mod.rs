//! Cells in rows, and the ways to write them: the column engine of `lsipc` and `lslocks`.

use std::io::{self, Write};

use crate::sys::fd;

mod cell;

use cell::{cut, is_quotable, is_raw, push_escaped, push_json, push_printable, width};

/// The head of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub name: String,
    /// Before the value where one row is written as details.
    pub label: &'static str,
    pub right: bool,
    /// Whether it may be cut where a terminal is too narrow for the row.
    pub may_be_cut: bool,
    /// As wide as this, unless its name is wider than all of its values.
    pub usual_width: usize,
    /// What its values are in JSON.
    pub json: Json,
}

/// What a value is in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Json {
    #[default]
    String,
    /// As it stands.
    Number,
    /// Everything but 0.
    Boolean,
}

/// How a grid is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Aligned columns.
    Table,
    /// Cells with a blank between, blanks within as `\x20`.
    Raw,
    /// `KEY="value"` pairs, a row a line.
    Export,
    /// `KEY="value"` pairs, one a line.
    Newline,
    Json,
    /// A label and a value a line.
    Details,
}

/// Cells row by row, their text in one piece.
#[derive(Debug, Default)]
pub(super) struct Grid {
    heads: Vec<Head>,
    text: Vec<u8>,
    /// Where each cell ends, and whether it has a value, which may be an empty one.
    ends: Vec<(usize, bool)>,
}

impl Grid {
    pub(super) fn new(heads: Vec<Head>) -> Self {
        Self { heads, ..Self::default() }
    }

    /// Adds a cell: `write` puts its text behind what is there, and says whether there is a value.
    pub(super) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let has_value = write(&mut self.text);
        self.ends.push((self.text.len(), has_value));
    }

    fn cells(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        starts.zip(&self.ends).map(|(start, &(end, has_value))| (&self.text[start..end], has_value))
    }

    /// Writes it, unless there is no row; `name` is what JSON calls the rows.
    pub(super) fn write(&self, out: &mut impl Write, form: Form, name: &str, look: Table) -> io::Result<()> {
        match form {
            Form::Json => write_json(out, &[(name, self)]),
            _ if self.ends.is_empty() => Ok(()),
            Form::Table => self.write_table(out, look),
            Form::Raw => self.write_raw(out, look.headings),
            Form::Export => self.write_pairs(out, b" "),
            Form::Newline => self.write_pairs(out, b"\n"),
            Form::Details => self.write_details(out),
        }
    }

    fn write_table(&self, out: &mut impl Write, look: Table) -> io::Result<()> {
        let is_utf8 = std::cell::LazyCell::new(is_utf8_locale);
        let mut shown = Grid::new(self.heads.clone());
        for (cell, _) in self.cells() {
            shown.push(|text| {
                push_printable(text, cell, || *is_utf8);
                true
            });
        }
        let columns = self.heads.len();
        let mut widths = vec![0; columns];
        for (index, (cell, _)) in shown.cells().enumerate() {
            widths[index % columns] = widths[index % columns].max(width(cell));
        }
        for (width, head) in widths.iter_mut().zip(&self.heads) {
            *width = if *width < head.name.len() { head.name.len() } else { (*width).max(head.usual_width) };
        }
        if let Some(most) = look.cut.then(terminal_width).flatten() {
            self.narrow(&mut widths, most);
        }
        let mut line = Vec::new();
        if look.headings {
            self.write_line(out, &mut line, &widths, self.heads.iter().map(|head| head.name.as_bytes()))?;
        }
        let mut cells = shown.cells().map(|(cell, _)| cell);
        for _ in 0..self.ends.len() / columns {
            self.write_line(out, &mut line, &widths, cells.by_ref().take(columns))?;
        }
        Ok(())
    }

    /// Takes from the columns that may be cut what a line has too much, down to their heads.
    fn narrow(&self, widths: &mut [usize], most: usize) {
        for (index, head) in self.heads.iter().enumerate().filter(|(_, head)| head.may_be_cut) {
            let all = widths.iter().sum::<usize>() + widths.len() - 1;
            let less = all.saturating_sub(most).min(widths[index].saturating_sub(head.name.len()));
            widths[index] -= less;
        }
    }

    fn write_line<'a>(
        &self,
        out: &mut impl Write,
        line: &mut Vec<u8>,
        widths: &[usize],
        cells: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<()> {
        line.clear();
        let last = widths.len() - 1;
        for (index, (cell, &column)) in cells.zip(widths).enumerate() {
            let (cell, wide) = cut(cell, column);
            let blanks = column - wide;
            let right = self.heads[index].right;
            // Behind the last cell nothing is padded, and an empty last one is nothing.
            if right && (index < last || !cell.is_empty()) {
                line.resize(line.len() + blanks, b' ');
            }
            line.extend_from_slice(cell);
            if index < last {
                line.resize(line.len() + 1 + if right { 0 } else { blanks }, b' ');
            }
        }
        line.push(b'\n');
        out.write_all(line)
    }

    fn write_raw(&self, out: &mut impl Write, headings: bool) -> io::Result<()> {
        let columns = self.heads.len();
        let mut line = Vec::new();
        if headings {
            for (index, head) in self.heads.iter().enumerate() {
                line.extend_from_slice(if index > 0 { b" " } else { b"" });
                push_escaped(&mut line, head.name.as_bytes(), is_raw);
            }
            line.push(b'\n');
        }
        for (index, (cell, _)) in self.cells().enumerate() {
            push_escaped(&mut line, cell, is_raw);
            line.push(if (index + 1) % columns == 0 { b'\n' } else { b' ' });
        }
        out.write_all(&line)
    }

    fn write_pairs(&self, out: &mut impl Write, between: &[u8]) -> io::Result<()> {
        let columns = self.heads.len();
        let mut line = Vec::new();
        for (index, (cell, _)) in self.cells().enumerate() {
            line.extend_from_slice(self.heads[index % columns].name.as_bytes());
            line.extend_from_slice(b"=\"");
            push_escaped(&mut line, cell, is_quotable);
            line.push(b'"');
            line.extend_from_slice(if (index + 1) % columns == 0 { b"\n" } else { between });
        }
        out.write_all(&line)
    }

    fn write_details(&self, out: &mut impl Write) -> io::Result<()> {
        let mut text = Vec::new();
        for (index, (cell, has_value)) in self.cells().enumerate() {
            if !has_value {
                continue;
            }
            let label = self.heads[index % self.heads.len()].label;
            text.extend_from_slice(format!("{:<36}", format!("{label}:")).as_bytes());
            let start = text.len();
            if fd::is_terminal(fd::stdout()) {
                push_printable(&mut text, cell, is_utf8_locale);
            } else {
                text.extend_from_slice(cell);
            }
            let wide = text.len() - start;
            text.resize(text.len() + 36_usize.saturating_sub(wide), b' ');
            text.push(b'\n');
        }
        out.write_all(&text)
    }

    /// The rows as JSON objects.
    fn push_json(&self, text: &mut Vec<u8>) {
        let columns = self.heads.len();
        let keys: Vec<String> = self.heads.iter().map(|head| head.name.to_ascii_lowercase()).collect();
        for (index, (cell, _)) in self.cells().enumerate() {
            let begun: &[u8] = match (index, index % columns) {
                (0, _) => b"      {\n",
                (_, 0) => b",{\n",
                _ => b",\n",
            };
            text.extend_from_slice(begun);
            text.extend_from_slice(b"         \"");
            text.extend_from_slice(keys[index % columns].as_bytes());
            text.extend_from_slice(b"\": ");
            push_json(text, cell, self.heads[index % columns].json);
            text.extend_from_slice(if (index + 1) % columns == 0 { b"\n      }" } else { b"" });
        }
    }
}

/// Writes grids as one JSON object of arrays.
pub(super) fn write_json(out: &mut impl Write, grids: &[(&str, &Grid)]) -> io::Result<()> {
    let mut text = b"{".to_vec();
    for (index, (name, grid)) in grids.iter().enumerate() {
        text.extend_from_slice(if index > 0 { b"," } else { b"" });
        text.extend_from_slice(format!("\n   \"{name}\": [\n").as_bytes());
        grid.push_json(&mut text);
        text.extend_from_slice(b"\n   ]");
    }
    text.extend_from_slice(b"\n}\n");
    out.write_all(&text)
}

/// How a table looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub headings: bool,
    /// Whether it may be cut to the width of a terminal.
    pub cut: bool,
}

/// The columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    fd::columns(fd::stdout()).filter(|&columns| columns > 0)
}

/// Whether the words of the environment are UTF-8: locale(7).
fn is_utf8_locale() -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.is_some_and(|value| {
        let value = value.to_string_lossy().to_ascii_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

//! Rows of one kind or of several, in the form that was asked for.

use std::io::{self, Write};

use super::json::Keys;
use super::record::{Align, Cell};
use super::table::write_cells;
use super::text::write_cell;

/// The forms that a report can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Aligned columns.
    Table {
        /// Whether the names of the columns stand above them.
        header: bool,
    },
    /// One blank between columns, those in values as `\x20`.
    Raw {
        /// Whether the names of the columns stand above them.
        header: bool,
    },
    /// A line of assignments for each row, for eval.
    Shell,
    /// A JSON array.
    Json,
}

/// Rows and columns; `cell(row, column)` has the values.
#[derive(Debug)]
pub(crate) struct Report<'a, F> {
    /// Names and sides of the columns.
    pub columns: &'a [(&'static str, Align)],
    /// How many rows.
    pub rows: usize,
    /// The value of a row in a column.
    pub cell: F,
}

impl<'a, F: Fn(usize, usize) -> Cell<'a> + Sync> Report<'_, F> {
    /// Writes all of it.
    pub(crate) fn write(&self, out: &mut impl Write, form: Form) -> io::Result<()> {
        match form {
            Form::Table { header } => write_cells(out, self.columns, header, self.rows, &self.cell),
            Form::Raw { header } => self.write_raw(out, header),
            Form::Shell => self.write_shell(out),
            Form::Json => self.write_json(out),
        }
    }

    fn write_raw(&self, out: &mut impl Write, header: bool) -> io::Result<()> {
        if header {
            let names: Vec<_> = self.columns.iter().map(|(name, _)| name.to_ascii_uppercase()).collect();
            writeln!(out, "{}", names.join(" "))?;
        }
        let (mut line, mut text) = (String::new(), String::new());
        for row in 0..self.rows {
            line.clear();
            for column in 0..self.columns.len() {
                text.clear();
                write_cell(&mut text, &(self.cell)(row, column));
                line.push_str(if column == 0 { "" } else { " " });
                for (place, word) in text.split(' ').enumerate() {
                    line.push_str(if place == 0 { "" } else { "\\x20" });
                    line.push_str(word);
                }
            }
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn write_shell(&self, out: &mut impl Write) -> io::Result<()> {
        for row in 0..self.rows {
            for (column, (name, _)) in self.columns.iter().enumerate() {
                let gap = if column == 0 { "" } else { " " };
                write!(out, "{gap}ipc_{name}=")?;
                write_quoted(out, &(self.cell)(row, column))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let keys = Keys::of(self.columns.iter().map(|(name, _)| *name))?;
        let mut line = Vec::new();
        for row in 0..self.rows {
            line.clear();
            line.extend_from_slice(if row == 0 { b"[\n" } else { b",\n" });
            keys.push_object(&mut line, (0..self.columns.len()).map(|column| (self.cell)(row, column)))?;
            out.write_all(&line)?;
        }
        out.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })
    }
}

/// A value as the shell reads it back: exact where it is somebody's bytes, nothing where there is none.
fn write_quoted(out: &mut impl Write, cell: &Cell<'_>) -> io::Result<()> {
    let text = match cell {
        Cell::None | Cell::Gone | Cell::Unknown => Vec::new(),
        Cell::Foreign(bytes) => bytes.to_vec(),
        Cell::Time(seconds) => seconds.to_string().into_bytes(),
        _ => {
            let mut text = String::new();
            write_cell(&mut text, cell);
            text.into_bytes()
        }
    };
    if !text.iter().any(u8::is_ascii_control) {
        return out.write_all(
            &[b"'", text.split(|&byte| byte == b'\'').collect::<Vec<_>>().join(&b"'\\''"[..]).as_slice(), b"'"]
                .concat(),
        );
    }
    // A line is one row, and a terminal must not obey a name: $'…' of bash, zsh, ksh and POSIX 2024.
    out.write_all(b"$'")?;
    for &byte in &text {
        match byte {
            b'\'' | b'\\' => out.write_all(&[b'\\', byte])?,
            byte if byte.is_ascii_control() => write!(out, "\\{byte:03o}")?,
            byte => out.write_all(&[byte])?,
        }
    }
    out.write_all(b"'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form) -> String {
        let rows: [[&[u8]; 2]; 2] = [[b"a b", b"it's"], [b"x\ny", b"\\"]];
        let columns = [("name", Align::Left), ("note", Align::Left)];
        let cell = |row: usize, column: usize| Cell::Foreign(rows[row][column].into());
        let mut out = Vec::new();
        Report { columns: &columns, rows: 2, cell }.write(&mut out, form).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn each_form_can_be_read_back() {
        assert_eq!(written(Form::Raw { header: true }), "NAME NOTE\na\\x20b it's\nx\\ny \\\n");
        assert_eq!(written(Form::Shell), "ipc_name='a b' ipc_note='it'\\''s'\nipc_name=$'x\\012y' ipc_note='\\'\n");
        assert_eq!(
            written(Form::Json),
            "[\n{\"name\":\"a b\",\"note\":\"it's\"},\n{\"name\":\"x\\ny\",\"note\":\"\\\\\"}\n]\n"
        );
    }
}

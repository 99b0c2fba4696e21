//! Records as JSON: typed by their cells.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::record::{Cell, Column};
use super::text::write_cell;

struct Row<'a, R: 'static> {
    columns: &'a [&'static Column<R>],
    record: &'a R,
}

impl<R> Serialize for Row<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for column in self.columns {
            map.serialize_entry(column.name, &(column.get)(self.record))?;
        }
        map.end()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_u64(*number),
            Self::Cells(cells) => serializer.collect_seq(cells),
            Self::Bool(is_so) => serializer.serialize_bool(*is_so),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Signed(number) | Self::Time(number) => serializer.serialize_i64(*number),
            Self::Numbers(numbers) => serializer.collect_seq(numbers),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Label(_) | Self::Octal(_) | Self::Hex(_) => {
                let mut text = String::with_capacity(20);
                write_cell(&mut text, self);
                serializer.serialize_str(&text)
            }
            Self::Words(words, _) => serializer.collect_seq(words),
            Self::List(list) => serializer.collect_seq(list.iter().map(|fields| Fields(fields))),
            Self::None | Self::Gone | Self::Unknown => serializer.serialize_none(),
            Self::Foreign(bytes) => {
                if let Ok(text) = std::str::from_utf8(bytes) {
                    return serializer.serialize_str(text);
                }
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("base64", &STANDARD.encode(bytes))?;
                map.end()
            }
        }
    }
}

/// One record as one JSON object behind what `line` holds.
pub(crate) fn push_row<R>(line: &mut Vec<u8>, columns: &[&'static Column<R>], record: &R) -> io::Result<()> {
    serde_json::to_writer(line, &Row { columns, record }).map_err(io::Error::from)
}

/// Named cells as one JSON object behind what `line` holds.
pub(crate) fn push_fields(line: &mut Vec<u8>, fields: &[(&str, Cell<'_>)]) -> io::Result<()> {
    serde_json::to_writer(line, &Fields(fields)).map_err(io::Error::from)
}

/// The same for cells that come one by one: no list of them is made.
pub(crate) fn push_entries<'a>(
    line: &mut Vec<u8>,
    entries: impl Iterator<Item = (&'static str, Cell<'a>)>,
) -> io::Result<()> {
    serde_json::Serializer::new(line).collect_map(entries).map_err(io::Error::from)
}

/// Named cells.
struct Fields<'a>(&'a [(&'a str, Cell<'a>)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, cell)| (name, cell)))
    }
}

/// Payload as a named cell: `text` where it is UTF-8, `base64` otherwise.
pub(crate) fn payload(bytes: &[u8]) -> (&'static str, Cell<'_>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => ("text", Cell::text(text)),
        Err(_) => ("base64", Cell::shown(STANDARD.encode(bytes))),
    }
}

/// Named cells as one JSON object on a line of its own.
pub(crate) fn write_object(out: &mut impl Write, fields: &[(&'static str, Cell<'_>)]) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Fields(fields)).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

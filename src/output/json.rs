//! Records as JSON: typed by their cells.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::record::Cell;
use super::text::{hex, octal, write_cell};

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

/// The keys of many objects, each escaped once.
#[derive(Debug, Default)]
pub(crate) struct Keys(Vec<Key>);

/// A key with what stands before and behind it.
#[derive(Debug)]
struct Key {
    /// The text in blocks of one size, which are copied without a call; what is behind the text is cut off again.
    blocks: Vec<[u8; BLOCK]>,
    length: usize,
}

/// Longer than nearly every key.
const BLOCK: usize = 24;

impl Key {
    fn new(text: &[u8]) -> Self {
        let block = |part: &[u8]| std::array::from_fn(|place| part.get(place).copied().unwrap_or_default());
        Self { blocks: text.chunks(BLOCK).map(block).collect(), length: text.len() }
    }

    #[inline]
    fn push_to(&self, line: &mut Vec<u8>) {
        let end = line.len() + self.length;
        for block in &self.blocks {
            line.extend_from_slice(block);
        }
        line.truncate(end);
    }
}

impl Keys {
    /// For objects with these names.
    pub(crate) fn of<'a>(names: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let key = |(place, name)| {
            let mut key = vec![if place == 0 { b'{' } else { b',' }];
            serde_json::to_writer(&mut key, name)?;
            key.push(b':');
            Ok(Key::new(&key))
        };
        names.enumerate().map(key).collect::<Result<_, serde_json::Error>>().map(Self).map_err(io::Error::from)
    }

    /// Puts the object of these values, one for each key, behind what `line` holds.
    pub(crate) fn push_object<'a>(&self, line: &mut Vec<u8>, cells: impl Iterator<Item = Cell<'a>>) -> io::Result<()> {
        line.extend_from_slice(if self.0.is_empty() { b"{" } else { b"" });
        for (key, cell) in self.0.iter().zip(cells) {
            key.push_to(line);
            push_value(line, &cell)?;
            cell.discard();
        }
        line.push(b'}');
        Ok(())
    }
}

/// Puts a value behind what `line` holds. The most by far are the same in JSON as they stand.
#[inline]
fn push_value(line: &mut Vec<u8>, cell: &Cell<'_>) -> io::Result<()> {
    match cell {
        Cell::Number(0) => line.push(b'0'),
        Cell::Number(number) => line.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        Cell::Signed(number) | Cell::Time(number) => {
            line.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
        }
        Cell::Label(number) => push_quoted(line, itoa::Buffer::new().format(*number).as_bytes()),
        Cell::Octal(bits) => push_quoted(line, &octal(*bits)),
        Cell::Hex(bits) => push_quoted(line, &hex(*bits)),
        Cell::Text(text) if is_plain(text.as_bytes()) => push_quoted(line, text.as_bytes()),
        Cell::Foreign(bytes) if is_plain(bytes) => push_quoted(line, bytes),
        Cell::None => line.extend_from_slice(b"null"),
        cell => serde_json::to_writer(&mut *line, cell).map_err(io::Error::from)?,
    }
    Ok(())
}

/// Whether a text is the same in JSON, but for the quotation marks around it.
fn is_plain(text: &[u8]) -> bool {
    // To the end, whatever comes: so the compiler looks at many at a time.
    text.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\'))
}

fn push_quoted(line: &mut Vec<u8>, plain: &[u8]) {
    line.push(b'"');
    line.extend_from_slice(plain);
    line.push(b'"');
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_as_it_stands_is_what_the_serializer_writes() {
        let cells = [
            Cell::Number(u64::MAX),
            Cell::Signed(i64::MIN),
            Cell::Time(0),
            Cell::Label(7),
            Cell::Octal(0o640),
            Cell::Hex(0x4b),
            Cell::text("a b"),
            Cell::text("a\"b\\\x7f\x1b\n\u{202e}"),
            Cell::Foreign(b"plain"[..].into()),
            Cell::Foreign(b"\xff"[..].into()),
            Cell::None,
            Cell::Bool(true),
        ];
        for cell in cells {
            let mut line = Vec::new();
            let keys = Keys::of(["k\""].into_iter()).expect("memory");
            keys.push_object(&mut line, [cell.clone()].into_iter()).expect("memory");
            let expected = serde_json::to_string(&Fields(&[("k\"", cell)])).expect("memory");
            assert_eq!(String::from_utf8(line).expect("UTF-8"), expected);
        }
    }
}

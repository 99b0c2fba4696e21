//! The text of one cell: how wide it is, and how each form writes it.

use unicode_width::UnicodeWidthStr as _;

use super::Json;

pub(super) fn width(cell: &[u8]) -> usize {
    if cell.is_ascii() { cell.len() } else { std::str::from_utf8(cell).map_or(cell.len(), str::width) }
}

/// As much of a cell as has room, and its width.
pub(super) fn cut(cell: &[u8], most: usize) -> (&[u8], usize) {
    let wide = width(cell);
    if wide <= most {
        return (cell, wide);
    }
    let Ok(text) = std::str::from_utf8(cell) else { return (&cell[..most], most) };
    let mut end = 0;
    for (at, character) in text.char_indices() {
        let next = at + character.len_utf8();
        if text[..next].width() > most {
            break;
        }
        end = next;
    }
    (&cell[..end], text[..end].width())
}

/// A cell with what a terminal would obey, and what the locale has no letters for, as `\xNN`.
pub(super) fn push_printable(text: &mut Vec<u8>, cell: &[u8], is_utf8: impl Fn() -> bool) {
    let plain = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) && !contains_escape(bytes);
    if plain(cell) {
        text.extend_from_slice(cell);
        return;
    }
    let utf8 = is_utf8();
    for chunk in cell.utf8_chunks() {
        for (at, character) in chunk.valid().char_indices() {
            let bytes = &chunk.valid().as_bytes()[at..at + character.len_utf8()];
            let is_escape = character == '\\' && chunk.valid()[at + 1..].starts_with('x');
            let shown = if character.is_ascii() { !character.is_control() } else { utf8 && is_harmless(character) };
            if shown && !is_escape {
                text.extend_from_slice(bytes);
            } else {
                push_hex(text, bytes);
            }
        }
        push_hex(text, chunk.invalid());
    }
}

fn contains_escape(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|pair| pair == b"\\x")
}

/// Whether a character stands for itself alone, and turns nothing round.
fn is_harmless(character: char) -> bool {
    crate::output::escape(character.encode_utf8(&mut [0; 4]).as_bytes()).starts_with(character)
}

fn push_hex(text: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        text.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
    }
}

/// A cell with the bytes that are not `kept` as `\xNN`.
pub(super) fn push_escaped(text: &mut Vec<u8>, cell: &[u8], kept: fn(u8) -> bool) {
    for &byte in cell {
        if kept(byte) {
            text.push(byte);
        } else {
            push_hex(text, &[byte]);
        }
    }
}

/// What stands for itself in a raw cell.
pub(super) fn is_raw(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~') && byte != b'\\'
}

/// What stands for itself between the quotes of a pair, also to a shell.
pub(super) fn is_quotable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'`' | b'$')
}

/// A cell as a JSON value, null where it is empty.
pub(super) fn push_json(text: &mut Vec<u8>, cell: &[u8], json: Json) {
    let string = || serde_json::Value::String(String::from_utf8_lossy(cell).into_owned()).to_string();
    text.extend_from_slice(match json {
        _ if cell.is_empty() => b"null",
        Json::Number => cell,
        Json::Boolean if cell == b"0" => b"false",
        Json::Boolean => b"true",
        Json::String => return text.extend_from_slice(string().as_bytes()),
    });
}

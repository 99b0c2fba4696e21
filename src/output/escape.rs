//! Foreign text made harmless: what a terminal would obey is shown instead of done.

use std::fmt::Write as _;

/// `text` with control characters, characters that change the direction of writing, and bytes that
/// are no UTF-8 written as escapes. A backslash stays itself: the result is for reading.
pub(crate) fn escape(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

/// [`escape`] for text of several lines: they stay lines.
pub(crate) fn escape_lines(text: &[u8]) -> String {
    let lines: Vec<String> = text.split(|&byte| byte == b'\n').map(escape).collect();
    lines.join("\n")
}

/// [`escape`] behind what `out` holds already.
pub(crate) fn escape_into(out: &mut String, text: &[u8]) {
    // Nearly all names are plain, and listings have many.
    if let (true, Ok(plain)) = (text.iter().all(|byte| matches!(byte, b' '..=b'~')), std::str::from_utf8(text)) {
        out.push_str(plain);
        return;
    }
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                _ if is_obeyed(character) => {
                    let _ = match u32::from(character) {
                        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
                        code => write!(out, "\\u{{{code:x}}}"),
                    };
                }
                _ => out.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Control characters, line and paragraph separators, and the bidi controls of UAX #9.
fn is_obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let table: [(&[u8], &str); 7] = [
            (b"plain", "plain"),
            ("größe 中".as_bytes(), "größe 中"),
            (b"\x1b[31mred\x07", "\\x1b[31mred\\x07"),
            (b"a\nb\tc\r", "a\\nb\\tc\\r"),
            ("x\u{202e}y\u{2066}".as_bytes(), "x\\u{202e}y\\u{2066}"),
            (b"\xff\xfe", "\\xff\\xfe"),
            ("\u{9b}1m".as_bytes(), "\\x9b1m"),
        ];
        for (text, shown) in table {
            assert_eq!(escape(text), shown);
        }
    }
}

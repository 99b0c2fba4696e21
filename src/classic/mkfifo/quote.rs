//! Names in messages as GNU's tools quote them: such that a shell reads them back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

/// `'name'`; with a quote in it `"it's"`, or `'it'\''s$'` where double quotes would not keep it; what cannot
/// be printed as `'a'$'\n''b'`.
pub(super) fn quoted(name: &OsStr) -> String {
    let bytes = name.as_bytes();
    let fits_double = |(index, byte): (usize, &u8)| match byte {
        b'#' | b'~' => index == 0,
        byte => byte.is_ascii_alphanumeric() || b"%+,-./:]_' @".contains(byte),
    };
    if bytes.contains(&b'\'') && bytes.iter().enumerate().all(fits_double) {
        return format!("\"{}\"", name.display());
    }
    let mut text = String::from("'");
    let mut escaping = false;
    for &byte in bytes {
        let is_plain = matches!(byte, b' '..=b'~');
        match (is_plain, escaping) {
            // Its first character ends either kind of quotes.
            _ if byte == b'\'' => text.push_str("'\\'"),
            (false, false) => text.push_str("'$'"),
            (true, true) => text.push_str("''"),
            _ => {}
        }
        escaping = !is_plain;
        if is_plain { text.push(byte.into()) } else { text.push_str(&escape(byte)) }
    }
    text.push('\'');
    text
}

/// As `$'…'` has it.
fn escape(byte: u8) -> String {
    let letters: &[(u8, char)] = &[(7, 'a'), (8, 'b'), (9, 't'), (10, 'n'), (11, 'v'), (12, 'f'), (13, 'r')];
    match letters.iter().find(|(known, _)| *known == byte) {
        Some((_, letter)) => format!("\\{letter}"),
        None => format!("\\{byte:03o}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_as_gnu_does() {
        let table: &[(&[u8], &str)] = &[
            (b"x", "'x'"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", "\"it's\""),
            (b"it's $x", "'it'\\''s $x'"),
            (b"a\nb", "'a'$'\\n''b'"),
            (b"\n", "''$'\\n'"),
            (b"a\x01\xffb", "'a'$'\\001\\377''b'"),
            (b"it's\n", "'it'\\''s'$'\\n'"),
            (b"\n'", "''$'\\n'\\'''"),
            (b"a\\b", "'a\\b'"),
        ];
        for (name, text) in table {
            assert_eq!(quoted(OsStr::from_bytes(name)), *text);
        }
    }
}

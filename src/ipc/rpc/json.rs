//! JSON as text.

use serde::{Deserialize as _, Deserializer};
use serde_json::value::RawValue;

/// The same value without the white space between its parts: one line.
#[must_use]
pub fn compact(value: &RawValue) -> String {
    let mut text = String::with_capacity(value.get().len());
    let (mut in_string, mut escaped) = (false, false);
    for character in value.get().chars() {
        if in_string || !character.is_ascii_whitespace() {
            text.push(character);
        }
        (in_string, escaped) = match character {
            '"' if !escaped => (!in_string, false),
            '\\' if in_string => (true, !escaped),
            _ => (in_string, false),
        };
    }
    text
}

/// A field that is there, even if it is null.
pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// A text as JSON has it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_goes_and_nothing_else() {
        let table = [
            (
                "{ \"b\" : [ 1.50 ,\n2e400 ] , \"a\" : \"x  \\\" y\\\\\" }",
                "{\"b\":[1.50,2e400],\"a\":\"x  \\\" y\\\\\"}",
            ),
            (" null\n", "null"),
            ("\"\\\\\" ", "\"\\\\\""),
            ("[\"\\\\\" , \"a b\"]", "[\"\\\\\",\"a b\"]"),
        ];
        for (text, short) in table {
            let value: &RawValue = serde_json::from_str(text).expect(text);
            assert_eq!(compact(value), short);
        }
    }
}

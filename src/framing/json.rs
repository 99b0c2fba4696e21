//! A message as one JSON object: `{"type":1,"size":5,"text":"hello"}`, `base64` where it is no UTF-8.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What the number is that a mechanism keeps with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// `type`, of a System V message.
    Type,
    /// `priority`, of a POSIX message.
    Priority,
    /// `connection`, by which a listener counts what it accepts.
    Connection,
    /// `pid`, of the process that sent a datagram; 0 is none.
    Sender,
    /// Nothing: a byte stream keeps none.
    Nothing,
}

/// What a line of `--json` holds. Unknown fields are passed over, so that other tools may add some.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Type of a System V message.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<i64>,
    /// Priority of a POSIX message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i64>,
    /// Number of the connection it came through; written, not read.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    connection: Option<i64>,
    /// Process that sent it; written, not read.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pid: Option<i64>,
    /// Bytes in it; written, not read.
    #[serde(skip_deserializing)]
    size: usize,
    /// The message, where it is UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The message otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Line {
    /// The line of these bytes.
    pub(crate) fn of(bytes: &[u8], label: Label, tag: i64) -> Self {
        let mut line = Self { size: bytes.len(), ..Self::default() };
        match label {
            Label::Type => line.kind = Some(tag),
            Label::Priority => line.priority = Some(tag),
            Label::Connection => line.connection = Some(tag),
            Label::Sender => line.pid = Some(tag).filter(|&pid| pid != 0),
            Label::Nothing => {}
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => line.text = Some(text.to_owned()),
            Err(_) => line.base64 = Some(STANDARD.encode(bytes)),
        }
        line
    }

    /// Reads a line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| error.to_string())
    }

    /// The bytes it stands for.
    pub(crate) fn bytes(self) -> Result<Vec<u8>, String> {
        match (self.text, self.base64) {
            (Some(text), None) => Ok(text.into_bytes()),
            (None, Some(code)) => STANDARD.decode(code).map_err(|error| format!("field `base64`: {error}")),
            (None, None) => Err("neither `text` nor `base64`".into()),
            (Some(_), Some(_)) => Err("both `text` and `base64`".into()),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive() {
        for bytes in [&b""[..], b"hello", b"a\nb\0c\"", b"\xff\x00\xfe"] {
            let text = serde_json::to_vec(&Line::of(bytes, Label::Type, 7)).expect("plain");
            assert_eq!(Line::parse(&text).expect("ours").bytes().expect("ours"), bytes);
        }
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let bytes = |line: &str| Line::parse(line.as_bytes())?.bytes();
        assert_eq!(bytes(r#"{"text":"x","sent":"by others","size":99}"#), Ok(b"x".to_vec()));
        for line in ["", "x", "[]", "{}", r#"{"text":1}"#, r#"{"text":"x","base64":"eA=="}"#, r#"{"base64":"*"}"#] {
            assert!(bytes(line).is_err(), "{line}");
        }
    }
}

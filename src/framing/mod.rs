//! Records on a byte stream: where one message ends and the next begins.
//!
//! [`Reader`] cuts standard input into records, [`Writer`] puts records on standard output. Both
//! leave room for what a mechanism wants before the record in memory, so that nothing is copied.

mod json;
mod reader;
mod writer;

pub(crate) use json::{Label, Line};
pub(crate) use reader::{Reader, TooLong};
pub(crate) use writer::Writer;

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// One per line; the end of the line is not part of it.
    Lines,
    /// Each ended by a NUL byte.
    Null,
    /// Nothing between them: all of the input is one record, output is bare.
    Whole,
    /// Each behind its length, 4 bytes, most significant first.
    LengthPrefixed,
    /// One JSON object per line.
    Json,
}

/// The length before a record in [`Framing::LengthPrefixed`].
pub(crate) const PREFIX: usize = 4;

impl Framing {
    /// The byte behind each record, where there is one.
    pub(crate) const fn terminator(self) -> Option<u8> {
        match self {
            Self::Lines | Self::Json => Some(b'\n'),
            Self::Null => Some(0),
            Self::Whole | Self::LengthPrefixed => None,
        }
    }
}

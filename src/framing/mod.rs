//! Records on a byte stream: where one message ends and the next begins.
//!
//! [`Reader`] cuts standard input into records, [`Writer`] puts records on standard output. Both
//! leave room for what a mechanism wants before the record in memory, so that nothing is copied.

use std::io;
use std::ops::Range;

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

    /// Puts a record with its frame behind what `stream` holds.
    pub(crate) fn push(self, stream: &mut Vec<u8>, record: &[u8]) -> io::Result<()> {
        if self == Self::LengthPrefixed {
            let length = u32::try_from(record.len()).map_err(io::Error::other)?;
            stream.extend_from_slice(&length.to_be_bytes());
        }
        stream.extend_from_slice(record);
        stream.extend(self.terminator());
        Ok(())
    }

    /// Where the record lies that `bytes` begin with, and where the next one begins; `None` while it is not
    /// whole. A record of [`Framing::Whole`] ends with the stream alone.
    ///
    /// `searched` bytes are known to have no end of it, and are not searched again.
    pub(crate) fn first(self, bytes: &[u8], searched: usize) -> Option<(Range<usize>, usize)> {
        if let Some(terminator) = self.terminator() {
            let end = searched + memchr::memchr(terminator, &bytes[searched..])?;
            return Some((0..end, end + 1));
        }
        let (prefix, rest) = bytes.split_first_chunk::<PREFIX>().filter(|_| self == Self::LengthPrefixed)?;
        let length = u32::from_be_bytes(*prefix) as usize;
        (rest.len() >= length).then_some((PREFIX..PREFIX + length, PREFIX + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_found_again_behind_its_frame() {
        for framing in [Framing::Lines, Framing::Null, Framing::LengthPrefixed] {
            let mut stream = Vec::new();
            for record in [&b"ab"[..], b"", b"c"] {
                framing.push(&mut stream, record).expect("short");
            }
            let (first, next) = framing.first(&stream, 0).expect("whole");
            assert_eq!(&stream[first], b"ab", "{framing:?}");
            let (second, after) = framing.first(&stream[next..], 0).expect("whole");
            assert!(second.is_empty(), "{framing:?}");
            let last = &stream[next + after..];
            assert_eq!(framing.first(&last[..last.len() - 1], 0), None, "{framing:?}");
            assert_eq!(framing.first(last, 0).map(|(record, _)| &last[record]), Some(&b"c"[..]), "{framing:?}");
        }
        assert_eq!(Framing::Whole.first(b"a\n", 0), None);
    }

    #[test]
    fn what_has_been_searched_is_not_searched_again() {
        // An end that was not there shows that nobody looks.
        assert_eq!(Framing::Lines.first(b"a\nb\nc", 2), Some((0..3, 4)));
        assert_eq!(Framing::Lines.first(b"a\nb\nc", 4), None);
        assert_eq!(Framing::Null.first(b"ab", 2), None);
        assert_eq!(Framing::LengthPrefixed.first(b"\0\0\0\x02ab", 5), Some((4..6, 6)));
    }
}

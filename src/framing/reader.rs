//! Standard input cut into records.

use std::fmt;
use std::io;
use std::ops::Range;
use std::os::fd::AsFd;
use std::time::Instant;

use super::{Framing, PREFIX};
use crate::sys::{errno, fd, signal};

/// How much is read at once.
const STEP: usize = 64 * 1024;
/// How long a record may get before it is no longer kept, only measured.
const CAP: usize = 1024 * 1024;

/// Reads records from a descriptor into one buffer, where each has `gap` spent bytes before it.
#[derive(Debug)]
pub(crate) struct Reader<F> {
    input: F,
    framing: Framing,
    buffer: Vec<u8>,
    /// What is read and not given out yet.
    fresh: Range<usize>,
    gap: usize,
    limit: usize,
    ended: bool,
    /// When reading no longer waits for bytes.
    until: Option<Instant>,
}

/// A record that is longer than the limit: its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong(usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0)
    }
}

impl std::error::Error for TooLong {}

impl<F: AsFd> Reader<F> {
    /// Reads `input`; records above `limit` bytes are errors, and each is given with `gap` bytes
    /// before it that the caller may overwrite.
    pub(crate) fn new(input: F, framing: Framing, gap: usize, limit: usize) -> Self {
        Self { input, framing, buffer: vec![0; gap + STEP], fresh: gap..gap, gap, limit, ended: false, until: None }
    }

    /// From `until` on no bytes are waited for: then the next record is an error, ETIMEDOUT, until they
    /// have come.
    pub(crate) fn wait_until(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// What is read.
    pub(crate) fn input(&self) -> &F {
        &self.input
    }

    /// The next record behind its gap; `None` at the end. A [`TooLong`] record is an error and is
    /// passed over.
    pub(crate) fn next(&mut self) -> io::Result<Option<&mut [u8]>> {
        let Some((record, consumed)) = self.find()? else { return Ok(None) };
        self.fresh.start += consumed;
        if record.len() > self.limit {
            return Err(too_long(record.len()));
        }
        Ok(Some(&mut self.buffer[record.start - self.gap..record.end]))
    }

    /// Where the next record lies, and how many bytes of the input it takes with its frame.
    fn find(&mut self) -> io::Result<Option<(Range<usize>, usize)>> {
        let mut searched = 0;
        loop {
            let fresh = &self.buffer[self.fresh.clone()];
            let start = self.fresh.start;
            match self.framing {
                Framing::Lines | Framing::Null | Framing::Json => {
                    let end = self.framing.terminator().and_then(|byte| memchr::memchr(byte, &fresh[searched..]));
                    if let Some(end) = end {
                        return Ok(Some((start..start + searched + end, searched + end + 1)));
                    }
                    searched = fresh.len();
                    if self.ended {
                        return Ok((searched > 0).then_some((start..self.fresh.end, searched)));
                    }
                }
                Framing::Whole if self.ended => {
                    let whole = self.fresh.clone();
                    // The end of the input ends the one record, an empty one too, once.
                    self.framing = Framing::Lines;
                    return Ok(Some((whole.clone(), whole.len())));
                }
                Framing::Whole => {}
                Framing::LengthPrefixed => {
                    if let Some((prefix, rest)) = fresh.split_first_chunk::<PREFIX>() {
                        let length = u32::from_be_bytes(*prefix) as usize;
                        if rest.len() >= length {
                            return Ok(Some((start + PREFIX..start + PREFIX + length, PREFIX + length)));
                        }
                        if length > self.limit.max(CAP) {
                            self.fresh.start += PREFIX;
                            self.pass_over(Some(length))?;
                            return Err(too_long(length));
                        }
                    }
                    if self.ended && !fresh.is_empty() {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    if self.ended {
                        return Ok(None);
                    }
                }
            }
            if self.fresh.len() > self.limit.max(CAP) {
                return Err(too_long(self.pass_over(None)?));
            }
            self.fill()?;
        }
    }

    /// Passes over a record that is too long to keep, of this length or up to its end: how long it was.
    fn pass_over(&mut self, known: Option<usize>) -> io::Result<usize> {
        let mut length = 0;
        loop {
            let fresh = &self.buffer[self.fresh.clone()];
            let end = match (known, self.framing.terminator()) {
                (Some(known), _) => Some(known - length).filter(|&left| left <= fresh.len()),
                (None, Some(byte)) => memchr::memchr(byte, fresh),
                (None, None) => None,
            };
            let passed = end.unwrap_or(fresh.len());
            length += passed;
            self.fresh.start += passed;
            if end.is_some() {
                self.fresh.start += usize::from(known.is_none());
                return Ok(length);
            }
            if self.ended {
                self.framing = Framing::Lines;
                return Ok(length);
            }
            self.fill()?;
        }
    }

    /// Reads once, behind what is there.
    fn fill(&mut self) -> io::Result<()> {
        if self.fresh.start > self.gap && (self.fresh.is_empty() || self.buffer.len() - self.fresh.end < STEP / 2) {
            self.buffer.copy_within(self.fresh.clone(), self.gap);
            self.fresh = self.gap..self.gap + self.fresh.len();
        }
        if self.buffer.len() - self.fresh.end < STEP / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let got = loop {
            if let Some(until) = self.until
                && !fd::poll(&self.input, fd::READABLE, Some(until.saturating_duration_since(Instant::now())))?
            {
                return Err(errno::error(errno::ETIMEDOUT));
            }
            match fd::read(&self.input, &mut self.buffer[self.fresh.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted && signal::caught().is_none() => {}
                other => break other?,
            }
        };
        self.fresh.end += got;
        self.ended = got == 0;
        Ok(())
    }
}

fn too_long(length: usize) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, TooLong(length))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::AsFd;

    use super::*;

    /// What a reader makes of these bytes, with a gap of 8 and a limit of 100,000.
    fn records(framing: Framing, input: &[u8]) -> Vec<Result<Vec<u8>, String>> {
        let (read, mut write) = io::pipe().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || write.write_all(&input));
        let mut reader = Reader::new(read.as_fd(), framing, 8, 100_000);
        let mut found = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(record)) => {
                    record[..8].fill(0xaa);
                    found.push(Ok(record[8..].to_vec()));
                }
                Ok(None) => break,
                Err(error) => {
                    found.push(Err(error.to_string()));
                    if found.len() > 5 {
                        break;
                    }
                }
            }
        }
        drop(writer);
        found
    }

    fn ok(texts: &[&[u8]]) -> Vec<Result<Vec<u8>, String>> {
        texts.iter().map(|text| Ok(text.to_vec())).collect()
    }

    #[test]
    fn records_end_where_their_framing_says() {
        assert_eq!(records(Framing::Lines, b"a\nb\0c\n\nlast"), ok(&[b"a", b"b\0c", b"", b"last"]));
        assert_eq!(records(Framing::Lines, b""), ok(&[]));
        assert_eq!(records(Framing::Lines, b"\n"), ok(&[b""]));
        assert_eq!(records(Framing::Null, b"a\nb\0\0c"), ok(&[b"a\nb", b"", b"c"]));
        assert_eq!(records(Framing::Whole, b"a\nb\0"), ok(&[b"a\nb\0"]));
        assert_eq!(records(Framing::Whole, b""), ok(&[b""]));
        assert_eq!(records(Framing::LengthPrefixed, b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c"), ok(&[b"ab", b"", b"c"]));
    }

    #[test]
    fn the_gap_spoils_no_record() {
        let lines: Vec<String> = (0..30_000).map(|number| "x".repeat(number % 97)).collect();
        let input = lines.join("\n");
        let found = records(Framing::Lines, input.as_bytes());
        assert_eq!(found, lines.iter().map(|line| Ok(line.as_bytes().to_vec())).collect::<Vec<_>>());
    }

    #[test]
    fn long_records_are_told_by_their_length_and_passed_over() {
        let long = [&b"a\n"[..], &vec![b'x'; 100_001], b"\nb\n"].concat();
        let found = records(Framing::Lines, &long);
        assert_eq!(found[0], Ok(b"a".to_vec()));
        assert_eq!(found[1], Err("100001 bytes".into()));
        assert_eq!(found[2], Ok(b"b".to_vec()));
        // Those that are not even kept are measured all the same.
        let huge = [&b"a\n"[..], &vec![b'x'; 3 * CAP], b"\nb\n"].concat();
        let passed = vec![Ok(b"a".to_vec()), Err(format!("{} bytes", 3 * CAP)), Ok(b"b".to_vec())];
        assert_eq!(records(Framing::Lines, &huge), passed);
        let length = u32::try_from(3 * CAP).expect("small").to_be_bytes();
        let huge = [b"\0\0\0\x01a", &length[..], &vec![b'x'; 3 * CAP], b"\0\0\0\x01b"].concat();
        assert_eq!(records(Framing::LengthPrefixed, &huge), passed);
        assert_eq!(records(Framing::Whole, &vec![b'x'; 3 * CAP]), [Err(format!("{} bytes", 3 * CAP))]);
    }

    #[test]
    fn a_prefix_without_its_record_is_an_error() {
        assert!(records(Framing::LengthPrefixed, b"\0\0\0\x09ab").last().is_some_and(Result::is_err));
        assert!(records(Framing::LengthPrefixed, b"\xff\xff\xff\xffab")[0].is_err());
    }
}

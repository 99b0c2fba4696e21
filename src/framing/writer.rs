//! Records on standard output, and which of them nobody took.

use std::io;
use std::os::fd::BorrowedFd;

use super::{Framing, Label, Line, PREFIX};
use crate::output::escape_into;
use crate::sys::{errno, fd, signal};

/// So much is gathered before it is written.
const ENOUGH: usize = 64 * 1024;

/// The buffer begins with room for two messages of the usual limit: for one, more is only to be cleared.
const STEP: usize = 8 * 1024;

/// Gathers records, writes them at once, and remembers those that may still lie unread in the pipe
/// behind it.
#[derive(Debug)]
pub(crate) struct Writer<'fd> {
    output: BorrowedFd<'fd>,
    framing: Framing,
    label: Label,
    /// Written records that may still be unread, then those to be written; zeros behind `end`.
    buffer: Vec<u8>,
    end: usize,
    /// Up to here everything is written.
    written: usize,
    marks: Vec<Mark>,
    /// How many written bytes the reader may not have taken: the capacity of the pipe.
    keep: usize,
    /// Foreign text is shown to a person.
    terminal: bool,
    /// Writing found that nobody reads any more.
    reader_gone: bool,
}

/// The end of a record in the buffer, and what the mechanism wants to know of it.
#[derive(Debug)]
struct Mark {
    end: usize,
    tag: i64,
    /// The record itself, where the buffer holds another form of it.
    original: Option<Box<[u8]>>,
}

/// What a mechanism needs before the record in memory, so that it can be received in place.
const GAP: usize = 16;

impl<'fd> Writer<'fd> {
    /// Writes records to `output`; `label` is what JSON calls their tag.
    pub(crate) fn new(output: BorrowedFd<'fd>, framing: Framing, label: Label) -> Self {
        Self {
            output,
            framing,
            label,
            buffer: vec![0; 2 * STEP],
            end: GAP,
            written: GAP,
            marks: Vec::new(),
            keep: fd::pipe_capacity(output).unwrap_or(0),
            terminal: fd::is_terminal(output),
            reader_gone: false,
        }
    }

    /// Lets `receive` put a record into a slice of `gap + room` bytes, behind the gap, and adds it
    /// with its frame. `receive` returns the record's length and tag.
    pub(crate) fn receive_with(
        &mut self,
        gap: usize,
        room: usize,
        receive: impl FnOnce(&mut [u8]) -> io::Result<(usize, i64)>,
    ) -> io::Result<()> {
        let prefix = if self.framing == Framing::LengthPrefixed { PREFIX } else { 0 };
        let start = self.end + prefix;
        if self.buffer.len() < start + room + 1 {
            self.buffer.resize((start + room + 1).next_power_of_two(), 0);
        }
        // The gap lies over the end of the record before: it is saved, and put back afterwards.
        let mut saved = [0; GAP];
        let covered = start - gap..start;
        saved[..gap].copy_from_slice(&self.buffer[covered.clone()]);
        let received = receive(&mut self.buffer[covered.start..start + room]);
        self.buffer[covered].copy_from_slice(&saved[..gap]);
        let (length, tag) = received?;
        self.frame(start, length, tag)
    }

    /// Turns the bare record at `start` into what the reader shall see.
    fn frame(&mut self, start: usize, length: usize, tag: i64) -> io::Result<()> {
        let record = start..start + length;
        let shown = self.terminal && matches!(self.framing, Framing::Lines | Framing::Null);
        let original: Option<Box<[u8]>> =
            (shown || self.framing == Framing::Json).then(|| self.buffer[record.clone()].into());
        if let Some(bytes) = &original {
            self.render(bytes, tag);
        } else {
            if self.framing == Framing::LengthPrefixed {
                let prefix = u32::try_from(length).map_err(io::Error::other)?;
                self.buffer[self.end..start].copy_from_slice(&prefix.to_be_bytes());
            }
            self.end = record.end;
        }
        if let Some(terminator) = self.framing.terminator() {
            self.push(&[terminator]);
        }
        self.marks.push(Mark { end: self.end, tag, original });
        Ok(())
    }

    fn render(&mut self, record: &[u8], tag: i64) {
        let text = if self.framing == Framing::Json {
            Line::of(record, self.label, tag).to_string()
        } else {
            let mut text = String::new();
            escape_into(&mut text, record);
            text
        };
        self.push(text.as_bytes());
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.end + bytes.len();
        if self.buffer.len() < end {
            self.buffer.resize(end.next_power_of_two(), 0);
        }
        self.buffer[self.end..end].copy_from_slice(bytes);
        self.end = end;
    }

    /// Whether something waits to be written.
    pub(crate) fn is_pending(&self) -> bool {
        self.written < self.end
    }

    /// Whether so much waits that it should be written.
    pub(crate) fn is_full(&self) -> bool {
        self.end - self.written >= ENOUGH
    }

    /// Writes what waits. After an error, [`Writer::undelivered`] tells what did not arrive.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while self.is_pending() {
            match fd::write(self.output, &self.buffer[self.written..self.end]) {
                Ok(count) => self.written += count,
                Err(error) if errno::is(&error, errno::EINTR) && signal::caught().is_none() => {}
                Err(error) => {
                    self.reader_gone = errno::is(&error, errno::EPIPE);
                    return Err(error);
                }
            }
        }
        if self.end > GAP + self.keep + 2 * ENOUGH {
            self.forget_delivered(self.end - self.keep);
        }
        Ok(())
    }

    /// Drops the records that end at or before `delivered` and moves the rest to the front.
    fn forget_delivered(&mut self, delivered: usize) {
        let gone = self.marks.partition_point(|mark| mark.end <= delivered);
        let Some(last) = gone.checked_sub(1) else { return };
        let cut = self.marks[last].end;
        self.marks.drain(..gone);
        self.buffer.copy_within(cut..self.end, GAP);
        let shift = cut - GAP;
        self.marks.iter_mut().for_each(|mark| mark.end -= shift);
        self.end -= shift;
        self.written -= shift;
    }

    /// The records that were not written whole, or that lie unread in a pipe whose reader is gone:
    /// each with its tag, oldest first.
    pub(crate) fn undelivered(&self) -> impl Iterator<Item = (i64, &[u8])> {
        let unread = if self.reader_gone { fd::unread(self.output).unwrap_or(0) } else { 0 };
        let delivered = self.written.saturating_sub(unread);
        let first = self.marks.partition_point(|mark| mark.end <= delivered);
        (first..self.marks.len()).map(move |index| {
            let mark = &self.marks[index];
            (mark.tag, mark.original.as_deref().unwrap_or_else(|| self.bare(index)))
        })
    }

    /// The record of a mark without its frame.
    fn bare(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(GAP, |before| self.marks[before].end);
        let framed = &self.buffer[start..self.marks[index].end];
        match self.framing {
            Framing::LengthPrefixed => &framed[PREFIX..],
            _ if self.framing.terminator().is_some() => &framed[..framed.len() - 1],
            _ => framed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use super::*;

    /// Adds a record as a mechanism with an 8-byte header would.
    fn add(writer: &mut Writer<'_>, tag: i64, record: &[u8]) {
        writer
            .receive_with(8, record.len() + 3, |slot| {
                slot[..8].fill(0xee);
                slot[8..8 + record.len()].copy_from_slice(record);
                slot[8 + record.len()..].fill(0xdd);
                Ok((record.len(), tag))
            })
            .expect("framed");
    }

    /// A writer into a pipe; it borrows its end for good.
    fn piped(framing: Framing) -> (io::PipeReader, Writer<'static>) {
        let (read, write) = io::pipe().expect("a pipe");
        let write: &'static io::PipeWriter = Box::leak(Box::new(write));
        (read, Writer::new(write.as_fd(), framing, Label::Type))
    }

    /// The reader goes. A process that another test is just starting has its end, too, until it executes.
    fn leave(read: io::PipeReader, writer: &Writer<'_>) {
        drop(read);
        // An error of the pipe is told without being asked for.
        assert!(fd::poll(writer.output, 0, Some(Duration::from_mins(2))).expect("a pipe"), "the reader has gone");
    }

    fn undelivered(writer: &Writer<'_>) -> Vec<(i64, Vec<u8>)> {
        writer.undelivered().map(|(tag, record)| (tag, record.to_vec())).collect()
    }

    #[test]
    fn frames_are_what_the_reader_expects() {
        let table: [(Framing, &[u8]); 5] = [
            (Framing::Lines, b"ab\n\nc\n"),
            (Framing::Null, b"ab\0\0c\0"),
            (Framing::Whole, b"abc"),
            (Framing::LengthPrefixed, b"\0\0\0\x02ab\0\0\0\0\0\0\0\x01c"),
            (
                Framing::Json,
                b"{\"type\":1,\"size\":2,\"text\":\"ab\"}\n{\"type\":2,\"size\":0,\"text\":\"\"}\n{\"type\":3,\"size\":1,\"text\":\"c\"}\n",
            ),
        ];
        for (framing, expected) in table {
            let (mut read, mut writer) = piped(framing);
            add(&mut writer, 1, b"ab");
            add(&mut writer, 2, b"");
            add(&mut writer, 3, b"c");
            writer.flush().expect("written");
            let mut got = vec![0; expected.len()];
            read.read_exact(&mut got).expect("read");
            assert_eq!(got, expected, "{framing:?}");
            leave(read, &writer);
            add(&mut writer, 4, b"d");
            assert!(writer.flush().is_err(), "nobody reads");
            assert_eq!(undelivered(&writer), [(4, b"d".to_vec())], "{framing:?}");
        }
    }

    #[test]
    fn what_the_reader_left_is_undelivered() {
        for framing in [Framing::Lines, Framing::Null, Framing::LengthPrefixed, Framing::Json] {
            let (mut read, mut writer) = piped(framing);
            for number in 0..10 {
                add(&mut writer, number, format!("record {number}").as_bytes());
            }
            let whole: usize = writer.marks[3].end - GAP;
            writer.flush().expect("written");
            // Four records and one byte of the fifth, which then was not delivered whole.
            read.read_exact(&mut vec![0; whole + 1]).expect("read");
            leave(read, &writer);
            add(&mut writer, 10, b"late");
            assert!(writer.flush().is_err(), "nobody reads");
            let left = undelivered(&writer);
            assert_eq!(left.first(), Some(&(4, b"record 4".to_vec())), "{framing:?}");
            assert_eq!(left.last(), Some(&(10, b"late".to_vec())), "{framing:?}");
            assert_eq!(left.len(), 7);
        }
    }

    #[test]
    fn what_was_read_is_forgotten_and_nothing_else() {
        let (mut read, mut writer) = piped(Framing::Lines);
        let mut taken = 0;
        for round in 0..2000 {
            add(&mut writer, round, format!("{round:0200}").as_bytes());
            writer.flush().expect("written");
            if round < 1900 {
                read.read_exact(&mut [0; 201]).expect("read");
                taken += 1;
            }
        }
        assert!(writer.buffer.len() < 2 * (writer.keep + 4 * ENOUGH), "{}", writer.buffer.len());
        assert_eq!(undelivered(&writer), [], "the reader may still read");
        leave(read, &writer);
        add(&mut writer, 2000, b"late");
        assert!(writer.flush().is_err(), "nobody reads");
        let left = undelivered(&writer);
        assert_eq!(left.len(), 2001 - taken);
        assert_eq!(left[0], (1900, format!("{:0200}", 1900).into_bytes()));
    }
}

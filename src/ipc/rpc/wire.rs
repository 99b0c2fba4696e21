//! Messages on a stream: where one ends and the next begins.

use std::io::{self, ErrorKind};

use crate::ipc::socket::{Deadline, Socket};

/// How messages are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    /// A line each.
    Lines,
    /// Behind a header that tells its length: `Content-Length: N`, as the Language Server Protocol has it.
    Headers,
    /// Ended by a NUL byte, as Varlink has it.
    Null,
}

/// The longest message that is kept in memory: nobody on the other side shall fill all of ours.
const LONGEST: usize = 64 * 1024 * 1024;
/// The longest header.
const LONGEST_HEADER: usize = 8 * 1024;
/// How much is read at once.
const STEP: usize = 64 * 1024;

/// Sends a message, which is one line of JSON.
pub fn send(socket: &Socket, frame: Frame, message: &str, deadline: Deadline) -> io::Result<()> {
    let framed = match frame {
        Frame::Lines => format!("{message}\n"),
        Frame::Headers => format!("Content-Length: {}\r\n\r\n{message}", message.len()),
        Frame::Null => format!("{message}\0"),
    };
    socket.send(framed.as_bytes(), deadline)
}

/// What comes through a socket, message by message.
#[derive(Debug)]
pub struct Receiver<'a> {
    socket: &'a Socket,
    frame: Option<Frame>,
    buffer: Vec<u8>,
    /// Where the bytes begin that are not given out yet.
    start: usize,
    scan: Scan,
}

impl<'a> Receiver<'a> {
    /// Reads `socket`; without a frame, the first message tells whether it is lines or headers.
    #[must_use]
    pub fn new(socket: &'a Socket, frame: Option<Frame>) -> Self {
        Self { socket, frame, buffer: Vec::new(), start: 0, scan: Scan::default() }
    }

    /// How messages are told apart, which is known once one has come.
    #[must_use]
    pub fn frame(&self) -> Frame {
        self.frame.unwrap_or(Frame::Lines)
    }

    /// The next message; `None` at the end. ETIMEDOUT after the deadline, InvalidData for what is no
    /// header, or too long.
    pub fn next(&mut self, deadline: Deadline) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(message) = self.cut()? {
                return Ok(Some(message));
            }
            if self.buffer.len() - self.start > LONGEST {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    format!("a message is longer than {LONGEST} bytes"),
                ));
            }
            self.buffer.drain(..self.start);
            self.start = 0;
            let filled = self.buffer.len();
            self.buffer.resize(filled + STEP, 0);
            let received = self.socket.receive(&mut self.buffer[filled..], deadline);
            let count = *received.as_ref().unwrap_or(&0);
            self.buffer.truncate(filled + count);
            if received? == 0 {
                return self.last();
            }
        }
    }

    /// What stands before the end: of lines, one that is not ended.
    fn last(&mut self) -> io::Result<Option<Vec<u8>>> {
        let rest = std::mem::take(&mut self.buffer);
        match self.frame() {
            _ if rest.trim_ascii().is_empty() => Ok(None),
            Frame::Lines => Ok(Some(rest)),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    /// A message that is there whole.
    fn cut(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(frame) = self.detect() else { return Ok(None) };
        // Not by recursion: others choose how many empty lines there are, which say nothing.
        while let Some((header, length)) = self.find(frame)? {
            let begin = self.start + header;
            self.start = begin + length;
            self.scan = Scan::default();
            let message = &self.buffer[begin..self.start];
            if frame != Frame::Lines || !message.trim_ascii().is_empty() {
                return Ok(Some(message.strip_suffix(b"\0").unwrap_or(message).to_vec()));
            }
        }
        Ok(None)
    }

    /// How messages are told apart; the first byte that is not blank tells.
    fn detect(&mut self) -> Option<Frame> {
        if self.frame.is_none() {
            let first = self.rest().trim_ascii_start().first()?;
            self.frame = Some(if first.eq_ignore_ascii_case(&b'c') { Frame::Headers } else { Frame::Lines });
        }
        self.frame
    }

    /// How long the header of the next message is, and the message itself; `None` while it is not whole.
    fn find(&mut self, frame: Frame) -> io::Result<Option<(usize, usize)>> {
        let rest = &self.buffer[self.start..];
        Ok(match frame {
            Frame::Lines => self.scan.end_of(rest).map(|length| (0, length)),
            Frame::Null => self.scan.end_at(rest, 0).map(|length| (0, length)),
            Frame::Headers => header(rest)?.filter(|(header, length)| rest.len() >= header + length),
        })
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// The length of a header, and of the message behind it; `None` while it is not whole.
fn header(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let wrong = |why: &str| io::Error::new(ErrorKind::InvalidData, why);
    let Some((end, behind)) = blank_line(bytes) else {
        return if bytes.len() > LONGEST_HEADER { Err(wrong("a header has no end")) } else { Ok(None) };
    };
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| wrong("a header is not text"))?;
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let length = fields.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"));
    let length = length.and_then(|(_, value)| value.trim().parse().ok());
    match length {
        Some(length) if length <= LONGEST => Ok(Some((behind, length))),
        Some(_) => Err(wrong(&format!("a message is longer than {LONGEST} bytes"))),
        None => Err(wrong("a header tells no Content-Length")),
    }
}

/// Where the blank line begins that ends a header, and where it ends.
fn blank_line(bytes: &[u8]) -> Option<(usize, usize)> {
    let newlines = memchr::memchr_iter(b'\n', bytes);
    newlines.into_iter().find_map(|at| match &bytes[at + 1..] {
        [b'\r', b'\n', ..] => Some((at, at + 3)),
        [b'\n', ..] => Some((at, at + 2)),
        _ => None,
    })
}

/// Looks for the end of a message, and goes on from where it had come when more bytes are there.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// How long the message is that `bytes` begin with and this byte ends.
    fn end_at(&mut self, bytes: &[u8], end: u8) -> Option<usize> {
        let found = memchr::memchr(end, &bytes[self.at..]).map(|at| self.at + at + 1);
        self.at = bytes.len();
        found
    }

    /// How long the line is that `bytes` begin with, or the object or array: some senders end no line.
    fn end_of(&mut self, bytes: &[u8]) -> Option<usize> {
        while let Some(&byte) = bytes.get(self.at) {
            self.at += 1;
            if byte == b'\n' {
                return Some(self.at);
            }
            if self.in_string {
                self.in_string = byte != b'"' || self.escaped;
                self.escaped = byte == b'\\' && !self.escaped;
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(self.at);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ipc::Wait;
    use crate::ipc::socket::Type;

    /// The messages that come of these bytes, however they are cut; the last one may be an error.
    fn messages(frame: Option<Frame>, bytes: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        for step in [1, 3, bytes.len().max(1)] {
            let (ours, theirs) = Socket::pair(Type::Stream).expect("a pair");
            let now = Deadline::of(Wait::Never);
            let mut receiver = Receiver::new(&ours, frame);
            let mut found = Vec::new();
            let take = |receiver: &mut Receiver<'_>, found: &mut Vec<String>, deadline| {
                loop {
                    match receiver.next(deadline) {
                        Ok(Some(message)) => {
                            found.push(String::from_utf8(message).expect("text").trim_end().to_owned());
                        }
                        Ok(None) => return,
                        Err(error) if error.kind() == ErrorKind::TimedOut => return,
                        Err(error) => {
                            found.push(format!("{:?}", error.kind()));
                            return;
                        }
                    }
                }
            };
            for part in bytes.chunks(step) {
                theirs.send(part, now).expect("room");
                take(&mut receiver, &mut found, now);
            }
            drop(theirs);
            // A process that another test is just starting has their end, too, until it executes.
            take(&mut receiver, &mut found, Deadline::of(Wait::For(Duration::from_mins(2))));
            // An error stays one.
            found.dedup();
            all.push(found);
        }
        assert!(all[0] == all[2] && all[1] == all[2], "{all:?}");
        all.swap_remove(0)
    }

    #[test]
    fn messages_are_told_apart() {
        let table: &[(Option<Frame>, &[u8], &[&str])] = &[
            (None, b"{\"a\":1}\n\n {\"b\":[2]}\r\n", &["{\"a\":1}", " {\"b\":[2]}"]),
            (None, b"{\"a\":\"}\\\"\"}{}[1]", &["{\"a\":\"}\\\"\"}", "{}", "[1]"]),
            (None, b"{\"a\":\nx\n5", &["{\"a\":", "x", "5"]),
            (None, b"Content-Length: 2\r\n\r\n{}content-length:3\n\n[1]", &["{}", "[1]"]),
            (None, b"Content-Type: x\r\nContent-Length: 4\r\n\r\n{\n\n}", &["{\n\n}"]),
            (None, b"Content-Type: x\r\n\r\n{}", &["InvalidData"]),
            (None, b"Content-Length: 5\r\n\r\n{}", &["UnexpectedEof"]),
            (Some(Frame::Headers), b"Content-Length: 99999999999\r\n\r\n", &["InvalidData"]),
            (Some(Frame::Null), b"{}\0{\"a\":\n1}\0", &["{}", "{\"a\":\n1}"]),
            (Some(Frame::Null), b"{}", &["UnexpectedEof"]),
            (None, b"", &[]),
        ];
        for (frame, bytes, found) in table {
            assert_eq!(messages(*frame, bytes), *found, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn lines_without_anything_are_passed_over_however_many() {
        let (ours, theirs) = Socket::pair(Type::Stream).expect("a pair");
        let now = Deadline::of(Wait::Never);
        theirs.send(&[vec![b'\n'; STEP], b"[1]".to_vec()].concat(), now).expect("room");
        let mut receiver = Receiver::new(&ours, Some(Frame::Lines));
        assert_eq!(receiver.next(now).expect("a message").as_deref(), Some(&b"[1]"[..]));
    }
}

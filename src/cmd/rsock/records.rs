//! Records on their way through a socket: a packet is one, and in a stream a frame ends each.

use std::io;
use std::os::fd::AsFd as _;

use anyhow::{Context as _, bail};

use crate::exit::{GaveUp, OutputError};
use crate::framing::{Framing, Label, PREFIX, Reader, Writer};
use crate::ipc::Wait;
use crate::ipc::socket::{Deadline, Socket, Type};
use crate::sys::{errno, fd, signal};

/// The longest record that is kept in memory: nobody on the other side shall fill all of ours.
pub(super) const LONGEST: usize = 64 * 1024 * 1024;

/// How much of a stream without records is taken at once.
pub(super) const CHUNK: usize = 64 * 1024;

/// How records travel in a stream for this framing here: JSON stays on our side.
pub(super) fn on_the_wire(framing: Framing) -> Framing {
    if framing == Framing::Json { Framing::Lines } else { framing }
}

/// Puts a record behind `bytes` as it travels.
fn push_framed(bytes: &mut Vec<u8>, kind: Type, framing: Framing, record: &[u8]) -> anyhow::Result<()> {
    if kind == Type::Stream && framing == Framing::LengthPrefixed {
        let length = u32::try_from(record.len()).context("a record has at most 4 GiB")?;
        bytes.extend(length.to_be_bytes());
    }
    bytes.extend_from_slice(record);
    if kind == Type::Stream {
        bytes.extend(on_the_wire(framing).terminator());
    }
    Ok(())
}

/// Sends one record as it travels.
pub(super) fn send(socket: &Socket, framing: Framing, record: &[u8], wait: Wait) -> anyhow::Result<()> {
    let mut bytes = Vec::with_capacity(record.len() + PREFIX);
    push_framed(&mut bytes, socket.kind(), framing, record)?;
    match socket.send(&bytes, Deadline::of(wait)) {
        Err(error) if errno::is(&error, errno::ETIMEDOUT) && wait != Wait::Forever => {
            bail!(GaveUp("the other side took nothing until the timeout".into()))
        }
        Err(error) if errno::is(&error, errno::EMSGSIZE) => {
            Err(error).with_context(|| format!("cannot send a packet of {} bytes", bytes.len()))
        }
        sent => sent.context("cannot send"),
    }
}

/// What comes out of a socket, record by record.
pub(super) struct Inbox<'a> {
    socket: &'a Socket,
    from: From<'a>,
}

enum From<'a> {
    /// A stream, cut into records.
    Frames(Box<Reader<std::os::fd::BorrowedFd<'a>>>),
    /// A stream, as it comes.
    Bytes,
    Packets,
}

impl<'a> Inbox<'a> {
    /// Reads `socket`, whose records travel as this framing has them.
    pub(super) fn new(socket: &'a Socket, framing: Framing) -> Self {
        let from = match (socket.kind(), on_the_wire(framing)) {
            (Type::Stream, Framing::Whole) => From::Bytes,
            (Type::Stream, wire) => From::Frames(Box::new(Reader::new(socket.as_fd(), wire, 0, LONGEST))),
            _ => From::Packets,
        };
        Self { socket, from }
    }

    /// The next record goes into the writer; false at the end of the connection.
    pub(super) fn take(&mut self, writer: &mut Writer<'_>, deadline: Deadline) -> io::Result<bool> {
        match &mut self.from {
            From::Frames(reader) => {
                reader.wait_until(deadline.instant());
                let Some(record) = reader.next()? else { return Ok(false) };
                push(writer, record, 0)?;
                Ok(true)
            }
            From::Bytes => {
                let mut length = 0;
                writer.receive_with(0, CHUNK, |slot| {
                    length = self.socket.receive(slot, deadline)?;
                    Ok((length, 0))
                })?;
                Ok(length > 0)
            }
            From::Packets => take_packet(self.socket, writer, deadline, None),
        }
    }
}

/// A packet goes into the writer, by this number or that of the process that sent it; false at the end of
/// the connection.
pub(super) fn take_packet(
    socket: &Socket,
    writer: &mut Writer<'_>,
    deadline: Deadline,
    number: Option<i64>,
) -> io::Result<bool> {
    let room = socket.next_length(deadline)?;
    let mut ended = false;
    let taken = writer.receive_with(0, room, |slot| {
        let packet = socket.take(slot)?;
        ended = packet.is_none();
        let packet = packet.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok((packet.length, number.unwrap_or(packet.pid.into())))
    });
    if ended { Ok(false) } else { taken.map(|()| true) }
}

/// Adds a record that is in memory.
pub(super) fn push(writer: &mut Writer<'_>, record: &[u8], tag: i64) -> io::Result<()> {
    writer.receive_with(0, record.len(), |slot| {
        slot.copy_from_slice(record);
        Ok((record.len(), tag))
    })
}

/// Standard output for records.
pub(super) fn output(framing: Framing, label: Label) -> Writer<'static> {
    signal::survive_closed_pipe();
    Writer::new(fd::stdout(), framing, label)
}

/// Writes what was taken.
pub(super) fn flush(writer: &mut Writer<'_>) -> anyhow::Result<()> {
    writer.flush().context(OutputError)
}

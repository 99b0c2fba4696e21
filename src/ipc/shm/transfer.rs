//! Large amounts of bytes into and out of shared memory, without a buffer of our own.
//!
//! A POSIX object or a file is filled through its descriptor, which spares a page fault per page. A
//! System V segment has no descriptor to name, but where the kernel lets us open one of our own mappings
//! (`/proc/self/map_files`, which takes a privilege) it is filled the same way. Otherwise two threads
//! read into it, or one where the bytes come from a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use nix::sys::sendfile::sendfile;
use nix::unistd::write;

use super::Memory;
use super::ahead::{Ahead, STEP};
use super::object::Object;
use super::relay::Relay;
use crate::sys::{errno, fd, signal};

/// From this many bytes on two threads are worth their start.
const LARGE: u64 = 8 << 20;

/// Is told how many bytes have been moved so far.
pub type Tell<'a> = &'a mut dyn FnMut(u64);

/// Copies what `input` has, at most `limit` bytes of it, to `offset` of an object, which grows as needed:
/// how many bytes.
pub fn into_object(input: BorrowedFd<'_>, object: &Object, offset: u64, limit: u64, tell: Tell<'_>) -> io::Result<u64> {
    let mut output = File::from(object.as_fd().try_clone_to_owned()?);
    output.seek(SeekFrom::Start(offset))?;
    into_file(input, &mut output, limit, tell)
}

/// Moves bytes in the first way that applies.
fn into_file(input: BorrowedFd<'_>, output: &mut File, limit: u64, tell: Tell<'_>) -> io::Result<u64> {
    fd::grow_pipe(input, STEP);
    let mut way = Way::Sendfile;
    let mut done = 0;
    while done < limit {
        check_signals()?;
        let step = usize::try_from(limit - done).map_or(STEP, |left| left.min(STEP));
        match way.step(input, output, step) {
            Ok(0) => break,
            Ok(count) => {
                done += count as u64;
                tell(done);
            }
            Err(error) if errno::is(&error, errno::EINTR) => {}
            Err(error) if errno::is(&error, errno::EAGAIN) => drop(fd::poll(input, fd::READABLE, None)?),
            Err(error) if errno::is(&error, errno::EINVAL) => way = way.next()?.ok_or(error)?,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// EINTR once a signal has come that the caller catches: the call that it interrupts is not made again.
fn check_signals() -> io::Result<()> {
    if signal::wants_attention() { Err(errno::error(errno::EINTR)) } else { Ok(()) }
}

/// How bytes get from one descriptor to the other. What does not apply says EINVAL, and holds nothing that it took.
enum Way {
    /// From a file.
    Sendfile,
    /// From a pipe, and from most of what else can be read.
    Splice(Relay),
    /// From anything.
    Copy(Vec<u8>),
}

impl Way {
    fn step(&mut self, input: BorrowedFd<'_>, output: &mut File, limit: usize) -> io::Result<usize> {
        match self {
            Self::Sendfile => Ok(sendfile(output, input, None, limit)?),
            Self::Splice(relay) => relay.fill_file(input, output.as_fd(), limit),
            Self::Copy(buffer) => {
                let room = limit.min(buffer.len());
                let count = fd::read(input, &mut buffer[..room])?;
                output.write_all(&buffer[..count])?;
                Ok(count)
            }
        }
    }

    /// The way to try after this one.
    fn next(&self) -> io::Result<Option<Self>> {
        Ok(match self {
            Self::Sendfile => Some(Self::Splice(Relay::new(STEP)?)),
            Self::Splice(_) => Some(Self::Copy(vec![0; 64 * 1024])),
            Self::Copy(_) => None,
        })
    }
}

/// Fills memory from its start on with what `input` has: how many bytes.
pub fn into_memory(input: BorrowedFd<'_>, memory: &Memory, tell: Tell<'_>) -> io::Result<u64> {
    let limit = memory.len() as u64;
    if let Some(mut file) = behind(memory) {
        return into_file(input, &mut file, limit, tell);
    }
    match unread(input)? {
        Some((position, left)) if left.min(limit) >= LARGE => {
            let done = by_two(input, position, memory, left.min(limit), tell)?;
            File::from(input.try_clone_to_owned()?).seek(SeekFrom::Start(position + done))?;
            Ok(done)
        }
        _ => by_reading(input, memory, tell),
    }
}

/// The descriptor behind an attached segment, at the place where the memory begins, if it can be written.
fn behind(memory: &Memory) -> Option<File> {
    let (area, lead) = memory.attached_at()?;
    let path = format!("/proc/self/map_files/{:x}-{:x}", area.start, area.end);
    let mut file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    // Huge pages take no write(2): EINVAL, also for nothing.
    write(&file, &[]).ok()?;
    file.seek(SeekFrom::Start(lead as u64)).ok()?;
    Some(file)
}

/// Where a regular file will be read next, and how many bytes are left from there on; `None` for
/// anything else, and for a file of proc(5), which says that it is empty and is not.
pub fn unread(input: BorrowedFd<'_>) -> io::Result<Option<(u64, u64)>> {
    let mut file = File::from(input.try_clone_to_owned()?);
    let status = file.metadata()?;
    if !status.is_file() {
        return Ok(None);
    }
    let position = file.stream_position()?;
    if status.len() == 0 && file.read_at(&mut [0], position)? > 0 {
        return Ok(None);
    }
    Ok(Some((position, status.len().saturating_sub(position))))
}

/// Whether there is more to read. What is no regular file loses a byte by being asked.
pub fn has_more(input: BorrowedFd<'_>) -> io::Result<bool> {
    match unread(input)? {
        Some((_, left)) => Ok(left > 0),
        None => Ok(fd::read(input, &mut [0])? > 0),
    }
}

/// Gives every byte of the memory this value.
pub fn fill(memory: &Memory, byte: u8, tell: Tell<'_>) -> io::Result<()> {
    let mut done = 0;
    while done < memory.len() {
        let step = STEP.min(memory.len() - done);
        memory.populate(done, step, true);
        memory.fill(done, step, byte)?;
        done += step;
        tell(done as u64);
    }
    Ok(())
}

/// Two threads read a half each.
fn by_two(input: BorrowedFd<'_>, position: u64, memory: &Memory, length: u64, tell: Tell<'_>) -> io::Result<u64> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let half = (length / 2).next_multiple_of(STEP).min(length);
    let done = AtomicU64::new(0);
    let read = |from, to| read_at(input, position, memory, from, to, &done);
    thread::scope(|scope| {
        let readers = [scope.spawn(|| read(0, half)), scope.spawn(|| read(half, length))];
        while !readers.iter().all(thread::ScopedJoinHandle::is_finished) {
            tell(done.load(Relaxed));
            thread::sleep(Duration::from_millis(5));
        }
        for reader in readers {
            reader.join().unwrap_or_else(|_| Err(io::Error::other("a reader failed")))?;
        }
        tell(done.load(Relaxed));
        Ok(done.load(Relaxed))
    })
}

/// Reads the part of a file that belongs to a part of the memory; less where the file has become shorter.
fn read_at(
    input: BorrowedFd<'_>,
    position: u64,
    memory: &Memory,
    from: usize,
    to: usize,
    done: &AtomicU64,
) -> io::Result<()> {
    let mut at = from;
    while at < to {
        check_signals()?;
        let step = STEP.min(to - at);
        memory.populate(at, step, true);
        match memory.read_from(input, Some(position + at as u64), at, step) {
            Ok(0) => break,
            Ok(count) => {
                at += count;
                done.fetch_add(count as u64, Relaxed);
            }
            Err(error) if errno::is(&error, errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// From a pipe: its bytes come in order.
fn by_reading(input: BorrowedFd<'_>, memory: &Memory, tell: Tell<'_>) -> io::Result<u64> {
    fd::grow_pipe(input, STEP);
    let mut relay = if memory.len() > STEP { Some(Relay::new(STEP)?) } else { None };
    thread::scope(|scope| {
        let mut ahead = Ahead::new(scope, memory, true);
        let mut done = 0;
        while done < memory.len() {
            check_signals()?;
            ahead.reach(done);
            match read_some(input, &mut relay, memory, done, STEP.min(memory.len() - done)) {
                Ok(0) => break,
                Ok(count) => {
                    done += count;
                    tell(done as u64);
                }
                Err(error) if errno::is(&error, errno::EINTR) => {}
                Err(error) if errno::is(&error, errno::EAGAIN) => drop(fd::poll(input, fd::READABLE, None)?),
                Err(error) => return Err(error),
            }
        }
        Ok(done as u64)
    })
}

/// Reads what there is, through the relay as long as `input` is something that it can take from.
fn read_some(
    input: BorrowedFd<'_>,
    relay: &mut Option<Relay>,
    memory: &Memory,
    at: usize,
    step: usize,
) -> io::Result<usize> {
    match relay.as_mut().map(|relay| relay.fill_memory(input, memory, at, step)) {
        Some(Err(error)) if errno::is(&error, errno::EINVAL) => *relay = None,
        Some(done) => return done,
        None => {}
    }
    memory.read_from(input, None, at, step)
}

/// Writes all of the memory to `output`.
///
/// `as_pages` hands the pages themselves to a pipe (vmsplice(2)): quicker, but what is written to them
/// before they are read from the pipe shows. EINVAL when it is no pipe. EFAULT when a file that is mapped
/// has become too short.
#[doc(alias = "vmsplice")]
pub fn out_of_memory(memory: &Memory, output: BorrowedFd<'_>, as_pages: bool, tell: Tell<'_>) -> io::Result<()> {
    if memory.len() > STEP / 16 {
        fd::grow_pipe(output, STEP);
    }
    let mut relay = if memory.len() > STEP && !as_pages && is_pipe(output)? { Some(Relay::new(STEP)?) } else { None };
    thread::scope(|scope| {
        let mut ahead = Ahead::new(scope, memory, false);
        let mut done = 0;
        while done < memory.len() {
            let step = STEP.min(memory.len() - done);
            if memory.len() > STEP {
                ahead.reach(done);
            }
            let written = match &mut relay {
                Some(relay) => relay.write_memory(memory, done, step, output),
                None if as_pages => memory.splice_to(output, done, step),
                None => memory.write_to(output, done, step),
            };
            match written {
                Ok(count) => {
                    done += count;
                    tell(done as u64);
                }
                Err(error) if errno::is(&error, errno::EINTR) => {}
                Err(error) if errno::is(&error, errno::EAGAIN) => drop(fd::poll(output, fd::WRITABLE, None)?),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })
}

fn is_pipe(fd: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(File::from(fd.try_clone_to_owned()?).metadata()?.file_type().is_fifo())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::pipe;

    #[test]
    fn no_byte_is_lost_between_two_ways() {
        let path = tempfile::NamedTempFile::new().expect("a file");
        // Neither sendfile(2) nor splice(2) writes to what is open for appending.
        let mut output = OpenOptions::new().append(true).open(&path).expect("it is there");
        let sent: Vec<u8> = (0..1_u32 << 20).flat_map(u32::to_ne_bytes).collect();
        let (input, mut writer) = pipe().expect("a pipe");
        let mut told = 0;
        let moved = thread::scope(|scope| {
            scope.spawn(|| {
                let written = writer.write_all(&sent);
                drop(writer);
                written
            });
            into_file(input.as_fd(), &mut output, u64::MAX, &mut |done| told = done)
        });
        assert_eq!((moved.expect("copied"), told), (sent.len() as u64, sent.len() as u64));
        assert!(std::fs::read(&path).expect("it is there") == sent, "the same bytes in the same order");
    }
}

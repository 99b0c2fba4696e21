//! The reading side of a FIFO whose writers come and go.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::fcntl::{SpliceFFlags, tee};
use nix::unistd;

use super::quoted;
use crate::exit::GaveUp;
use crate::framing::Framing;
use crate::ipc::Wait;
use crate::ipc::fifo::{self, Links};
use crate::sys::alarm::Alarm;
use crate::sys::{errno, fd, signal};

/// How much is looked at at once.
const STEP: usize = 64 * 1024;

/// A FIFO that is read.
pub(super) struct Intake<'a> {
    path: &'a Path,
    links: Links,
    wait: Wait,
    /// Whether another writer is waited for when the last one has gone.
    follow: bool,
    file: File,
}

impl<'a> Intake<'a> {
    pub(super) fn open(path: &'a Path, links: Links, wait: Wait, follow: bool) -> anyhow::Result<Self> {
        let file = fifo::open_to_read(path, links).with_context(|| format!("cannot open {}", quoted(path)))?;
        Ok(Self { path, links, wait, follow, file })
    }

    /// Waits until there is something to read, or the last writer has gone.
    pub(super) fn wait(&self) -> anyhow::Result<()> {
        let limit = match self.wait {
            Wait::Forever => None,
            Wait::For(limit) => Some(limit),
            Wait::Never => Some(Duration::ZERO),
        };
        // While there is always something to read, no call is interrupted.
        if signal::caught().is_some() {
            return Err(self.explain(errno::error(errno::EINTR)));
        }
        // Where no writer has been there since we opened it, poll(2) waits for the first.
        match fd::poll(&self.file, fd::READABLE, limit) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.nothing_came()),
            Err(error) => Err(self.explain(error)),
        }
    }

    /// What is read.
    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// The last writer has gone: whether there can be another one. Opened anew, poll(2) waits for it; and a
    /// reader is there all the time.
    pub(super) fn go_on(&mut self) -> anyhow::Result<bool> {
        if self.follow {
            *self = Self::open(self.path, self.links, self.wait, self.follow)?;
        }
        Ok(self.follow)
    }

    fn nothing_came(&self) -> anyhow::Error {
        let path = quoted(self.path);
        GaveUp(match self.wait {
            Wait::Never => format!("nothing to read from {path} now"),
            _ => format!("nothing came through {path} until the timeout"),
        })
        .into()
    }

    pub(super) fn explain(&self, error: io::Error) -> anyhow::Error {
        if errno::is(&error, errno::ETIMEDOUT) {
            return self.nothing_came();
        }
        anyhow::Error::from(error).context(format!("cannot read from {}", quoted(self.path)))
    }
}

/// Takes whole records, and never more than it was asked for: what follows is for the next reader.
///
/// Several of us at one FIFO take turns: whoever takes holds a lock on it (flock(2)), looks what is there
/// (tee(2)), and reads up to the end of a record. A record that does not fit into the pipe is read piece by
/// piece, and the lock is held until its end has come.
pub(super) struct Records<'a> {
    intake: Intake<'a>,
    framing: Framing,
    /// How much is taken at once, unless a record is longer.
    step: usize,
    /// Where a copy of what is in the FIFO is looked at.
    scratch: (io::PipeReader, io::PipeWriter),
    /// What was read and not given out: less than a record, while we hold the lock.
    part: Vec<u8>,
    /// How much of that is known to have no end of a record.
    searched: usize,
    locked: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(intake: Intake<'a>, framing: Framing) -> anyhow::Result<Self> {
        let scratch = io::pipe().context("cannot make a pipe")?;
        Ok(Self { intake, framing, step: STEP, scratch, part: Vec::new(), searched: 0, locked: false })
    }

    /// Takes no more at once than this, unless a record is longer.
    pub(super) fn limited(self, step: usize) -> Self {
        Self { step, ..self }
    }

    /// Gives out the records that are there, up to `most`, and waits while there is none: how many, none when
    /// the last writer has gone for good.
    pub(super) fn take(&mut self, most: u64, mut each: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<u64> {
        loop {
            self.intake.wait()?;
            self.lock()?;
            let Some(seen) = self.look()? else {
                self.unlock();
                continue;
            };
            if seen.is_empty() {
                let rest = std::mem::take(&mut self.part);
                self.searched = 0;
                self.unlock();
                if !rest.is_empty() {
                    each(self.last(&rest)?)?;
                    return Ok(1);
                }
                if self.intake.go_on()? {
                    continue;
                }
                return Ok(0);
            }
            self.read(&seen, most)?;
            let given = self.give(most, &mut each)?;
            self.unlock();
            if given > 0 {
                return Ok(given);
            }
        }
    }

    /// Gives out the records that have been read, up to `most`: how many. What is left moves to the front once.
    fn give(&mut self, most: u64, mut each: impl FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<u64> {
        let mut given = 0;
        let mut start = 0;
        while given < most
            && let Some((record, next)) = self.framing.first(&self.part[start..], self.searched)
        {
            each(&self.part[start + record.start..start + record.end])?;
            (start, given, self.searched) = (start + next, given + 1, 0);
        }
        self.part.drain(..start);
        if given < most {
            self.searched = self.part.len();
        }
        Ok(given)
    }

    /// What was taken of a record whose end has not come.
    pub(super) fn part(&self) -> &[u8] {
        &self.part
    }

    /// A copy of what is in the FIFO: nothing at its end, `None` where somebody else was faster.
    fn look(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let seen = tee(&self.intake.file, &self.scratch.1, STEP, SpliceFFlags::SPLICE_F_NONBLOCK);
        let mut copy = vec![
            0;
            match seen.map_err(io::Error::from) {
                Ok(seen) => seen,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(self.intake.explain(error)),
            }
        ];
        io::Read::read_exact(&mut self.scratch.0, &mut copy).context("cannot read from a pipe of our own")?;
        Ok(Some(copy))
    }

    /// Reads up to the end of the last record that is wanted, or everything where none ends.
    fn read(&mut self, seen: &[u8], most: u64) -> anyhow::Result<()> {
        let had = self.part.len();
        self.part.extend_from_slice(seen);
        let mut end = 0;
        let mut searched = self.searched;
        for _ in 0..most {
            match self.framing.first(&self.part[end..], searched) {
                Some((_, next)) if end == 0 || end + next <= self.step => (end, searched) = (end + next, 0),
                _ => break,
            }
        }
        if end > 0 {
            self.part.truncate(end.max(had));
        }
        let mut filled = had;
        let done = loop {
            if filled == self.part.len() {
                break Ok(());
            }
            // What we read counts, not what we saw: a stranger may read, too, and know no lock.
            match unistd::read(&self.intake.file, &mut self.part[filled..]).map_err(io::Error::from) {
                Ok(0) => break Ok(()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(self.intake.explain(error)),
            }
        };
        self.part.truncate(filled);
        done
    }

    /// What is left at the end of the stream: a record without its terminator.
    fn last<'b>(&self, rest: &'b [u8]) -> anyhow::Result<&'b [u8]> {
        if self.framing == Framing::LengthPrefixed {
            return Err(self.intake.explain(ErrorKind::UnexpectedEof.into()));
        }
        Ok(rest)
    }

    fn lock(&mut self) -> anyhow::Result<()> {
        if self.locked {
            return Ok(());
        }
        let started = Instant::now();
        let _alarm = match self.intake.wait {
            Wait::For(limit) => Some(Alarm::after(limit).context("cannot set a timer")?),
            _ => None,
        };
        loop {
            let locked = match self.intake.wait {
                Wait::Never => self.intake.file.try_lock().map_err(|error| match error {
                    TryLockError::WouldBlock => errno::error(errno::ETIMEDOUT),
                    TryLockError::Error(error) => error,
                }),
                _ => self.intake.file.lock(),
            };
            match (locked, self.intake.wait) {
                (Ok(()), _) => break,
                (Err(error), _) if error.kind() != ErrorKind::Interrupted || signal::caught().is_some() => {
                    return Err(self.intake.explain(error));
                }
                (Err(_), Wait::For(limit)) if started.elapsed() >= limit => return Err(self.intake.nothing_came()),
                _ => {}
            }
        }
        self.locked = true;
        Ok(())
    }

    /// Lets others take, unless we are inside a record.
    fn unlock(&mut self) {
        if self.part.is_empty() {
            // That cannot fail for a descriptor that was locked.
            let _ = self.intake.file.unlock();
            self.locked = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::Mode;
    use std::io::Write as _;

    /// A FIFO's records, and its writer.
    fn fifo(path: &Path) -> (Records<'_>, File) {
        fifo::create(path, Mode::PRIVATE).expect("made");
        let intake = Intake::open(path, Links::Refuse, Wait::Never, false).expect("opened");
        let writer = fifo::open_to_write(path, Links::Refuse, Wait::Never).expect("it has a reader");
        (Records::new(intake, Framing::Lines).expect("a pipe"), writer)
    }

    /// What `take` does with what is there.
    fn take(records: &mut Records<'_>, most: u64) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        let seen = records.look().expect("readable").expect("something is there");
        records.read(&seen, most).expect("readable");
        let keep = |record: &[u8]| {
            taken.push(record.to_vec());
            Ok(())
        };
        records.give(most, keep).expect("kept");
        taken
    }

    #[test]
    fn no_piece_of_a_long_record_is_searched_twice() {
        const PIECES: usize = (64 << 20) / 4096;
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("f");
        let (mut records, mut writer) = fifo(&path);
        for piece in 1..=PIECES {
            writer.write_all(&[b'x'; 4096]).expect("room");
            assert!(take(&mut records, 2).is_empty(), "no record ends");
            assert_eq!((records.part.len(), records.searched), (piece * 4096, piece * 4096));
            // An end behind us that was not there: whoever searches again finds it.
            records.part[(piece - 1) * 4096] = b'\n';
        }
        writer.write_all(b"end\nnext\nthird\n").expect("room");
        let lengths: Vec<usize> = take(&mut records, 2).iter().map(Vec::len).collect();
        assert_eq!(lengths, [(64 << 20) + 3]);
        assert_eq!((records.part.len(), records.searched), (0, 0));
        // What does not fit into a step behind a long one is left in the FIFO.
        assert_eq!(take(&mut records, 1), [b"next"]);
        assert_eq!(take(&mut records, 2), [b"third"]);
    }
}

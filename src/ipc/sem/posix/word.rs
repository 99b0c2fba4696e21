//! What a POSIX semaphore is made of: glibc's `struct new_sem` on 64-bit machines (`nptl/sem_waitcommon.c`).
//!
//! The kernel knows only futexes, so a semaphore is whatever all who use it agree on: a word of 64 bits whose
//! lower half is the value and whose upper half counts those who sleep on it. We change that word ourselves.
//! So several units go in one step, which sem_post(3) and sem_wait(3) cannot do, a file that is cut short is an
//! error where the C library would die of SIGBUS or abort, and a build against another C library speaks the
//! same language as every program of the machine.

use std::fs::File;
use std::io;
use std::time::Duration;

use crate::sys::errno;
use crate::sys::memory::{Memory, Width};

/// Bytes of a semaphore: `sem_t`.
pub(super) const SIZE: usize = 32;

/// The highest value: `SEM_VALUE_MAX`.
pub(super) const HIGHEST_VALUE: u32 = i32::MAX.cast_unsigned();

/// Where the value lies in the word, for the kernel, which knows futexes of 32 bits alone.
const VALUE_AT: usize = if cfg!(target_endian = "big") { 4 } else { 0 };

/// What one who sleeps adds to the word.
const SLEEPER: u64 = 1 << 32;

/// Stands behind the word in a semaphore that processes share.
const SHARED: u32 = 128;

/// The bytes of a new semaphore that processes share, EINVAL above [`HIGHEST_VALUE`].
#[doc(alias = "sem_init")]
pub(super) fn initial(value: u32) -> io::Result<[u8; SIZE]> {
    if value > HIGHEST_VALUE {
        return Err(errno::error(errno::EINVAL));
    }
    let mut bytes = [0; SIZE];
    bytes[..8].copy_from_slice(&u64::from(value).to_ne_bytes());
    bytes[8..12].copy_from_slice(&SHARED.to_ne_bytes());
    Ok(bytes)
}

/// The value, and how many sleep.
pub(super) fn halves(word: u64) -> (u32, u32) {
    let half = |bits: u64| u32::try_from(bits).unwrap_or(u32::MAX);
    (half(word & (SLEEPER - 1)), half(word >> 32))
}

/// A semaphore that is mapped here. EFAULT, from everything, when its file has become too short.
#[derive(Debug)]
pub(super) struct Word(Memory);

impl Word {
    /// Maps a file that is open for reading and writing and has at least [`SIZE`] bytes.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Memory::map(file, 0, SIZE, true).map(Self)
    }

    /// The value, and how many sleep.
    #[doc(alias = "sem_getvalue")]
    pub(super) fn halves(&self) -> io::Result<(u32, u32)> {
        self.0.load(0, Width::Eight).map(halves)
    }

    /// Takes units, all at once: EAGAIN when there are not as many.
    #[doc(alias = "sem_trywait")]
    pub(super) fn take(&self, units: u32) -> io::Result<()> {
        let rest = |value: u32| value.checked_sub(units).ok_or_else(|| errno::error(errno::EAGAIN));
        self.change_value(rest).map(drop)
    }

    /// Gives units, all at once: EOVERFLOW where the value would exceed [`HIGHEST_VALUE`].
    #[doc(alias = "sem_post")]
    pub(super) fn give(&self, units: u32) -> io::Result<()> {
        let sum = |value: u32| value.checked_add(units).filter(|&sum| sum <= HIGHEST_VALUE);
        let (_, sleepers) = self.change_value(|value| sum(value).ok_or_else(|| errno::error(errno::EOVERFLOW)))?;
        self.wake(units.min(sleepers))
    }

    /// Makes the value this one: EINVAL above [`HIGHEST_VALUE`].
    pub(super) fn set(&self, value: u32) -> io::Result<()> {
        if value > HIGHEST_VALUE {
            return Err(errno::error(errno::EINVAL));
        }
        let (before, sleepers) = self.change_value(|_| Ok(value))?;
        self.wake(value.saturating_sub(before).min(sleepers))
    }

    /// Sleeps while the value is 0, and at most `limit`: at once where it is not 0. May end early.
    #[doc(alias = "sem_wait")]
    pub(super) fn sleep(&self, limit: Option<Duration>) -> io::Result<()> {
        // Whoever gives wakes only where somebody is counted. Not counted in time, we do not fall asleep: the
        // value is not 0 any more.
        self.change(|word| Ok(word.wrapping_add(SLEEPER)))?;
        let slept = self.0.sleep_on(VALUE_AT, 0, limit);
        self.change(|word| Ok(word.wrapping_sub(SLEEPER)))?;
        slept
    }

    /// Wakes one of those who sleep, in place of who was woken and does not take.
    pub(super) fn pass_on(&self) -> io::Result<()> {
        let (_, sleepers) = self.halves()?;
        self.wake(sleepers.min(1))
    }

    fn wake(&self, count: u32) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        self.0.wake(VALUE_AT, i32::try_from(count).unwrap_or(i32::MAX)).map(drop)
    }

    /// Changes the value and leaves the count: both as they were.
    fn change_value(&self, new: impl Fn(u32) -> io::Result<u32>) -> io::Result<(u32, u32)> {
        let before = self.change(|word| {
            let (value, _) = halves(word);
            Ok(word - u64::from(value) + u64::from(new(value)?))
        })?;
        Ok(halves(before))
    }

    /// Changes the word in one step: what it was.
    fn change(&self, new: impl Fn(u64) -> io::Result<u64>) -> io::Result<u64> {
        let mut old = self.0.load(0, Width::Eight)?;
        loop {
            let seen = self.0.compare_exchange(0, Width::Eight, old, new(old)?)?;
            if seen == old {
                return Ok(old);
            }
            old = seen;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::FileExt as _;

    fn mapped(value: u32) -> (File, Word) {
        let file = tempfile::tempfile().expect("a file");
        file.write_all_at(&initial(value).expect("a value"), 0).expect("room");
        let word = Word::of(&file).expect("mapped");
        (file, word)
    }

    #[test]
    fn units_go_all_at_once_or_not_at_all() {
        let (_file, word) = mapped(3);
        assert_eq!(word.take(4).expect_err("too many").raw_os_error(), Some(errno::EAGAIN));
        assert_eq!(word.give(HIGHEST_VALUE - 2).expect_err("too many").raw_os_error(), Some(errno::EOVERFLOW));
        word.take(3).expect("there are three");
        word.give(HIGHEST_VALUE).expect("there is room");
        word.set(0).expect("any value");
        word.sleep(Some(Duration::ZERO)).expect("no time to sleep");
        assert_eq!(word.take(1).expect_err("none").raw_os_error(), Some(errno::EAGAIN));
        let too_high = [initial(HIGHEST_VALUE + 1).map(drop), word.set(HIGHEST_VALUE + 1)];
        assert!(too_high.iter().all(|done| done.as_ref().is_err_and(|error| errno::is(error, errno::EINVAL))));
    }

    #[test]
    fn a_file_cut_short_is_an_error_of_every_call_and_no_call_sleeps() {
        let calls: [fn(&Word) -> io::Result<()>; 5] =
            [|one| one.take(1), |one| one.give(1), |one| one.set(1), |one| one.sleep(None), |one| one.pass_on()];
        for call in calls {
            let (file, word) = mapped(1);
            file.set_len(0).expect("cut short");
            for _ in 0..3 {
                assert_eq!(call(&word).expect_err("it is gone").raw_os_error(), Some(errno::EFAULT));
            }
        }
    }
}

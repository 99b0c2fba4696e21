//! What is done to a cell in memory that others change meanwhile: in one step where the processor can.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::{Cell, Value};
use crate::ipc::Wait;
use crate::ipc::shm::Memory;
use crate::sys::errno;

impl Cell {
    /// Its value. `memory` begins at the cell.
    pub fn get(self, memory: &Memory) -> io::Result<Value> {
        memory.load(0, self.width()).map(|word| self.decode(word))
    }

    /// Gives it a value.
    pub fn put(self, memory: &Memory, value: Value) -> io::Result<()> {
        memory.store(0, self.width(), self.encode(value))
    }

    /// Gives it the value `new` if it has the value `expected`, bit for bit: the value it had.
    ///
    /// EINVAL when it is not aligned; so have the other changes in one step.
    pub fn compare_and_swap(self, memory: &Memory, expected: Value, new: Value) -> io::Result<(Value, bool)> {
        let expected = self.encode(expected);
        let old = memory.compare_exchange(0, self.width(), expected, self.encode(new))?;
        Ok((self.decode(old), old == expected))
    }

    /// Gives it another value: the one it had.
    pub fn swap(self, memory: &Memory, new: Value) -> io::Result<Value> {
        self.change(memory, |_| Ok(new)).map(|(old, _)| old)
    }

    /// Adds to it: the sum. ERANGE when that does not fit; then nothing has changed.
    pub fn add(self, memory: &Memory, more: Value) -> io::Result<Value> {
        let sum = |old| {
            let sum = match (old, more) {
                (Value::Signed(a), Value::Signed(b)) => a.checked_add(b).map(Value::Signed),
                (Value::Unsigned(a), Value::Unsigned(b)) => a.checked_add(b).map(Value::Unsigned),
                (Value::Unsigned(a), Value::Signed(b)) => a.checked_add_signed(b).map(Value::Unsigned),
                (Value::Single(a), Value::Single(b)) => Some(Value::Single(a + b)),
                (Value::Double(a), Value::Double(b)) => Some(Value::Double(a + b)),
                _ => None,
            };
            sum.filter(|&sum| self.holds(sum)).ok_or_else(|| errno::error(errno::ERANGE))
        };
        self.change(memory, sum).map(|(_, new)| new)
    }

    /// Tries until nobody has changed it between our reading and writing: the old and the new value.
    fn change(self, memory: &Memory, new: impl Fn(Value) -> io::Result<Value>) -> io::Result<(Value, Value)> {
        let mut old = memory.load(0, self.width())?;
        loop {
            let changed = new(self.decode(old))?;
            let seen = memory.compare_exchange(0, self.width(), old, self.encode(changed))?;
            if seen == old {
                return Ok((self.decode(old), changed));
            }
            old = seen;
        }
    }

    /// Waits until its value is as wanted: the value. ETIMEDOUT when it was not in time.
    ///
    /// Who changes the cell may wake us (an aligned cell of 32 bits is a futex), but need not: we look
    /// again and again, at first often, then every 10 ms. `still` is asked now and then whether waiting
    /// makes sense; its error ends it.
    pub fn wait_until(
        self,
        memory: &Memory,
        wait: Wait,
        is_wanted: impl Fn(Value) -> bool,
        still: impl Fn() -> io::Result<()>,
    ) -> io::Result<Value> {
        const LONGEST: Duration = Duration::from_millis(10);
        let started = Instant::now();
        let mut nap = Duration::from_micros(20);
        loop {
            let word = memory.load(0, self.width())?;
            if is_wanted(self.decode(word)) {
                return Ok(self.decode(word));
            }
            let left = match wait {
                Wait::Forever => LONGEST,
                Wait::Never => return Err(errno::error(errno::ETIMEDOUT)),
                Wait::For(limit) => {
                    limit.checked_sub(started.elapsed()).ok_or_else(|| errno::error(errno::ETIMEDOUT))?
                }
            };
            match u32::try_from(word) {
                Ok(word) if self.is_futex() => memory.sleep_on(0, word, Some(nap.min(left)))?,
                _ => thread::sleep(nap.min(left)),
            }
            nap = (nap * 2).min(LONGEST);
            if nap == LONGEST {
                still()?;
            }
        }
    }
}

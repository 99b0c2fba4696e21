//! Operations on the semaphores of a set: `struct sembuf` of semop(2), and how they are written.

use std::fmt;

use crate::sys::sem::{IPC_NOWAIT, SEM_UNDO, sembuf};

/// One operation on one semaphore of a set.
///
/// Written as its index, what to do, and how: `0-1` takes a unit, `2+3` gives three, `1=0` waits for
/// zero; `n` behind it does not wait, `u` is undone when the process ends: `0-1nu`.
#[doc(alias = "sembuf")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// Which semaphore.
    pub index: u16,
    /// Added to its value, which must not fall below 0; 0 waits until the value is 0.
    pub amount: i16,
    /// Fails instead of waiting (`IPC_NOWAIT`).
    pub no_wait: bool,
    /// Is undone when the process ends (`SEM_UNDO`).
    pub undo: bool,
}

/// Why a text is no operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationError(());

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an operation is INDEX-N (take), INDEX+N (give) or INDEX=0 (wait for zero), then perhaps n (do not wait) \
             and u (undo at the end); indices go to 65535, amounts from 1 to 32767",
        )
    }
}

impl std::error::Error for OperationError {}

impl Operation {
    /// Adds `amount`, waiting where it has to, for good.
    #[must_use]
    pub const fn new(index: u16, amount: i16) -> Self {
        Self { index, amount, no_wait: false, undo: false }
    }

    /// Reads an operation: `0-1`, `2+3`, `1=0`, with `n` and `u` behind it in either order.
    pub fn parse(text: &str) -> Result<Self, OperationError> {
        let wrong = OperationError(());
        let sign = text.find(['-', '+', '=']).ok_or(wrong.clone())?;
        let number = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse::<u16>().ok()).flatten()
        };
        let rest = &text[sign + 1..];
        let (digits, flags) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        let index = number(&text[..sign]).ok_or(wrong.clone())?;
        let amount = number(digits).and_then(|amount| i16::try_from(amount).ok()).ok_or(wrong.clone())?;
        let amount = match (&text[sign..=sign], amount) {
            ("=", 0) => 0,
            ("-", 1..) => -amount,
            ("+", 1..) => amount,
            _ => return Err(wrong),
        };
        let (no_wait, undo) = match flags {
            "" => (false, false),
            "n" => (true, false),
            "u" => (false, true),
            "nu" | "un" => (true, true),
            _ => return Err(wrong),
        };
        Ok(Self { index, amount, no_wait, undo })
    }

    pub(super) fn to_kernel(self, no_wait: bool) -> sembuf {
        let flags = if no_wait || self.no_wait { IPC_NOWAIT } else { 0 } | if self.undo { SEM_UNDO } else { 0 };
        sembuf {
            sem_num: self.index,
            sem_op: self.amount,
            sem_flg: i16::try_from(flags).expect("both lie in the lower 15 bits"),
        }
    }

    pub(in crate::ipc::sem) fn of_kernel(raw: sembuf) -> Self {
        let flags = i32::from(raw.sem_flg);
        Self { index: raw.sem_num, amount: raw.sem_op, no_wait: flags & IPC_NOWAIT != 0, undo: flags & SEM_UNDO != 0 }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.amount {
            0 => write!(f, "{}=0", self.index),
            amount => write!(f, "{}{amount:+}", self.index),
        }?;
        f.write_str(if self.no_wait { "n" } else { "" })?;
        f.write_str(if self.undo { "u" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_and_written_alike() {
        for text in ["0-1", "2+3", "1=0", "0-1n", "0-1u", "0-1nu", "1=0n", "65535+32767", "7-32767u"] {
            let operation = Operation::parse(text).expect(text);
            assert_eq!(operation.to_string(), text);
            assert_eq!(Operation::of_kernel(operation.to_kernel(false)), operation, "{text}");
        }
        assert_eq!(Operation::parse("0-1un"), Operation::parse("0-1nu"));
        assert!(Operation::of_kernel(Operation::new(0, -1).to_kernel(true)).no_wait);
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for text in [
            "", "0", "-1", "0-", "0-0", "0+0", "0=1", "0-32768", "65536-1", "0--1", "0-+1", "+1", "0 -1", "0-1x",
            "0-1nn", "0-1nuu", "a-1", "0-1é",
        ] {
            assert!(Operation::parse(text).is_err(), "{text}");
        }
    }
}

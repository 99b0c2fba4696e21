//! Numbers in arguments, as strtoimax(3) and util-linux read them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::sys::errno;

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    /// It is none: EINVAL.
    Invalid,
    /// It is too large or too small: ERANGE.
    Range,
}

impl From<NumberError> for std::io::Error {
    fn from(error: NumberError) -> Self {
        errno::error(match error {
            NumberError::Invalid => errno::EINVAL,
            NumberError::Range => errno::ERANGE,
        })
    }
}

/// A whole number as strtoimax(3) reads it: blanks before it, a sign, and for base 0 the prefixes of C.
/// Nothing may stand behind it.
pub(super) fn integer(text: &OsStr, base: u32) -> Result<i128, NumberError> {
    let text = trim_blanks(text.as_bytes());
    let negative = text.starts_with(b"-");
    let digits = text.strip_prefix(if negative { b"-" } else { b"+" }).unwrap_or(text);
    let (value, rest) = magnitude(digits, base)?;
    if !rest.is_empty() {
        return Err(NumberError::Invalid);
    }
    Ok(if negative { -value } else { value })
}

/// A decimal number of 32 bits with its sign: strtos32 of util-linux.
pub(super) fn signed32(text: &OsStr) -> Result<i32, NumberError> {
    i32::try_from(integer(text, 10)?).map_err(|_| NumberError::Range)
}

/// A number of bytes with its unit, as util-linux reads one: `4096`, `0x10`, `64K`, `64KiB` (1024-based),
/// `64KB` (1000-based), `1.5M`.
pub(super) fn size(text: &OsStr) -> Result<u64, NumberError> {
    let text = trim_blanks(text.as_bytes());
    let (whole, rest) = magnitude(text.strip_prefix(b"+").unwrap_or(text), 0)?;
    let (tenths, rest) = match rest {
        [b'.', rest @ ..] if !rest.is_empty() => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest.split_at(digits)
        }
        rest => (&rest[..0], rest),
    };
    if rest.is_empty() {
        let range = u64::try_from(whole).map_err(|_| NumberError::Range);
        return if tenths.is_empty() { range } else { Err(NumberError::Invalid) };
    }
    let unit = unit(rest)?;
    let mut bytes = whole.checked_mul(unit).ok_or(NumberError::Range)?;
    let mut place = unit;
    for digit in tenths {
        // What lies below a byte is cut off.
        bytes += place * i128::from(digit - b'0') / 10;
        place /= 10;
    }
    u64::try_from(bytes).map_err(|_| NumberError::Range)
}

/// The bytes of a unit: a letter, alone or with `iB` behind it, or with `B` for powers of 1000.
fn unit(text: &[u8]) -> Result<i128, NumberError> {
    let (letter, rest) = text.split_first().ok_or(NumberError::Invalid)?;
    let power = b"KMGTPEZY".iter().position(|known| known.eq_ignore_ascii_case(letter));
    let power = power.and_then(|place| u32::try_from(place + 1).ok()).ok_or(NumberError::Invalid)?;
    let base: i128 = match rest {
        [] | [b'i', b'B' | b'b'] => 1024,
        [b'B' | b'b'] => 1000,
        _ => return Err(NumberError::Invalid),
    };
    base.checked_pow(power).ok_or(NumberError::Range)
}

/// The digits that `text` begins with as a number, and what stands behind them.
fn magnitude(text: &[u8], base: u32) -> Result<(i128, &[u8]), NumberError> {
    let (base, text) = match (base, text) {
        (0 | 16, [b'0', b'x' | b'X', digit, ..]) if digit.is_ascii_hexdigit() => (16, &text[2..]),
        (0, [b'0', ..]) => (8, text),
        (0, _) => (10, text),
        _ => (base, text),
    };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(base);
    let count = text.iter().take_while(is_digit).count();
    if count == 0 {
        return Err(NumberError::Invalid);
    }
    let (digits, rest) = text.split_at(count);
    let value = digits.iter().try_fold(0_u64, |value, &digit| {
        let digit = char::from(digit).to_digit(base).unwrap_or(0);
        value.checked_mul(base.into())?.checked_add(digit.into())
    });
    value.map(|value| (value.into(), rest)).ok_or(NumberError::Range)
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r')).count();
    &text[blanks..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use NumberError::{Invalid, Range};

    #[test]
    fn integers_are_read_as_c_does() {
        let table = [
            ("0", 10, Ok(0)),
            (" \t-5", 10, Ok(-5)),
            ("+7", 10, Ok(7)),
            ("010", 10, Ok(10)),
            ("010", 0, Ok(8)),
            ("0x1F", 0, Ok(31)),
            ("0", 0, Ok(0)),
            ("18446744073709551615", 10, Ok(u64::MAX.into())),
            ("18446744073709551616", 10, Err(Range)),
            ("", 10, Err(Invalid)),
            ("-", 10, Err(Invalid)),
            ("5 ", 10, Err(Invalid)),
            ("0x5", 10, Err(Invalid)),
            ("08", 0, Err(Invalid)),
            ("0x", 0, Err(Invalid)),
        ];
        for (text, base, number) in table {
            assert_eq!(integer(OsStr::new(text), base), number, "{text}");
        }
        assert_eq!(signed32(OsStr::new("4294967296")), Err(Range));
        assert_eq!(signed32(OsStr::new("-2147483648")), Ok(i32::MIN));
    }

    #[test]
    fn sizes_have_units() {
        let table = [
            ("1", Ok(1)),
            (" 5", Ok(5)),
            ("010", Ok(8)),
            ("0x10K", Ok(16_384)),
            ("1kib", Ok(1024)),
            ("1Kb", Ok(1000)),
            ("1.5K", Ok(1536)),
            ("1.05K", Ok(1075)),
            ("1.K", Ok(1024)),
            ("15E", Ok(15 << 60)),
            ("16E", Err(Range)),
            ("1Y", Err(Range)),
            ("1B", Err(Invalid)),
            ("5iB", Err(Invalid)),
            ("1.5", Err(Invalid)),
            (".5K", Err(Invalid)),
            ("-5", Err(Invalid)),
            ("1KBx", Err(Invalid)),
            ("", Err(Invalid)),
            ("1é", Err(Invalid)),
        ];
        for (text, bytes) in table {
            assert_eq!(size(OsStr::new(text)), bytes, "{text}");
        }
    }
}

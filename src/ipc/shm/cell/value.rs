//! Numbers as cells hold them: how they are written, and how they stand to each other.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The number in a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Of `i8` to `i64`.
    Signed(i64),
    /// Of `u8` to `u64`.
    Unsigned(u64),
    /// Of `f32`.
    Single(f32),
    /// Of `f64`.
    Double(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            Self::Single(number) => number.fmt(f),
            Self::Double(number) => number.fmt(f),
        }
    }
}

/// What a value is to be compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Less than.
    Less,
    /// Less or equal.
    AtMost,
    /// Greater than.
    Greater,
    /// Greater or equal.
    AtLeast,
}

impl Relation {
    /// Whether `value` stands so to `other`. What cannot be compared is only unequal.
    #[must_use]
    pub fn holds(self, value: Value, other: Value) -> bool {
        let order = match (value, other) {
            (Value::Signed(a), Value::Signed(b)) => Some(a.cmp(&b)),
            (Value::Unsigned(a), Value::Unsigned(b)) => Some(a.cmp(&b)),
            (Value::Single(a), Value::Single(b)) => a.partial_cmp(&b),
            (Value::Double(a), Value::Double(b)) => a.partial_cmp(&b),
            _ => None,
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::AtMost => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::AtLeast => order.is_some_and(Ordering::is_ge),
        }
    }
}

/// A decimal or `0x…` number; no sign, no blank.
pub(super) fn unsigned(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u64::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// The same with a minus sign.
pub(super) fn signed(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(digits) => 0_i64.checked_sub_unsigned(unsigned(digits)?),
        None => unsigned(text)?.try_into().ok(),
    }
}

/// A decimal number, `inf` or `nan`; not one that is too large and would become infinite.
pub(super) fn float<T: FromStr + Copy>(text: &str, is_infinite: fn(T) -> bool) -> Option<T> {
    let number = text.parse().ok()?;
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    (!(has_digits && is_infinite(number))).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_hold_as_numbers_do() {
        let (one, two, nan) = (Value::Double(1.0), Value::Double(2.0), Value::Double(f64::NAN));
        assert!(Relation::Less.holds(one, two) && Relation::AtMost.holds(one, one) && Relation::Equal.holds(two, two));
        assert!(
            Relation::Greater.holds(two, one)
                && Relation::AtLeast.holds(two, one)
                && Relation::NotEqual.holds(one, two)
        );
        assert!(Relation::NotEqual.holds(nan, nan) && !Relation::AtMost.holds(nan, one));
    }
}

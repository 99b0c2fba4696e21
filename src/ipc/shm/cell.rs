//! Typed cells in shared memory: numbers at an offset, read and changed in one step where the processor
//! can.

use std::fmt;
use std::str::FromStr;

use super::Width;
use value::{float, signed, unsigned};

mod access;
mod value;

pub use value::{Relation, Value};

/// A number in memory: where, of which type, in which byte order. Written `OFFSET:TYPE`, as `16:u32be`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    offset: u64,
    kind: Kind,
    /// Its bytes do not lie as this machine has them.
    swapped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed(Width),
    Unsigned(Width),
    Single,
    Double,
}

/// Why a text is no cell, or no value of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellError(String);

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CellError {}

impl FromStr for Cell {
    type Err = CellError;

    /// `OFFSET:TYPE`: the offset decimal or `0x…`, the type `i8` to `i64`, `u8` to `u64`, `f32` or `f64`,
    /// with `le` or `be` behind it where it is not the machine's own byte order.
    fn from_str(text: &str) -> Result<Self, CellError> {
        let wrong = || CellError("a cell is OFFSET:TYPE, as 0:i32, 0x10:u64be, 8:f64".into());
        let (offset, kind) = text.split_once(':').ok_or_else(wrong)?;
        let offset = unsigned(offset).ok_or_else(wrong)?;
        let (name, swapped) = match (kind.strip_suffix("le"), kind.strip_suffix("be")) {
            (Some(name), _) => (name, cfg!(target_endian = "big")),
            (_, Some(name)) => (name, cfg!(target_endian = "little")),
            _ => (kind, false),
        };
        let kind = match name {
            "i8" => Kind::Signed(Width::One),
            "i16" => Kind::Signed(Width::Two),
            "i32" => Kind::Signed(Width::Four),
            "i64" => Kind::Signed(Width::Eight),
            "u8" => Kind::Unsigned(Width::One),
            "u16" => Kind::Unsigned(Width::Two),
            "u32" => Kind::Unsigned(Width::Four),
            "u64" => Kind::Unsigned(Width::Eight),
            "f32" => Kind::Single,
            "f64" => Kind::Double,
            _ => return Err(CellError("the types are i8 i16 i32 i64 u8 u16 u32 u64 f32 f64, with le or be".into())),
        };
        Ok(Self { offset, kind, swapped })
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match (self.swapped, cfg!(target_endian = "little")) {
            (false, _) => "",
            (true, true) => "be",
            (true, false) => "le",
        };
        write!(f, "{}:{}{order}", self.offset, self.type_name())
    }
}

impl Cell {
    /// Where it lies.
    #[must_use]
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// How wide it is.
    #[must_use]
    pub const fn width(self) -> Width {
        match self.kind {
            Kind::Signed(width) | Kind::Unsigned(width) => width,
            Kind::Single => Width::Four,
            Kind::Double => Width::Eight,
        }
    }

    /// Whether the processor reads and changes it in one step.
    #[must_use]
    pub const fn is_aligned(self) -> bool {
        self.offset.is_multiple_of(self.width().bytes() as u64)
    }

    /// Whether somebody can sleep on it: an aligned cell of 32 bits.
    #[must_use]
    pub const fn is_futex(self) -> bool {
        matches!(self.width(), Width::Four) && self.is_aligned()
    }

    fn type_name(self) -> String {
        let bits = self.width().bits();
        match self.kind {
            Kind::Signed(_) => format!("i{bits}"),
            Kind::Unsigned(_) => format!("u{bits}"),
            Kind::Single | Kind::Double => format!("f{bits}"),
        }
    }

    /// Reads a value of this cell's type: decimal, or `0x…` where it is an integer.
    pub fn parse(self, text: &str) -> Result<Value, CellError> {
        let value = match self.kind {
            Kind::Signed(_) => signed(text).map(Value::Signed),
            Kind::Unsigned(_) => unsigned(text).map(Value::Unsigned),
            Kind::Single => float(text, f32::is_infinite).map(Value::Single),
            Kind::Double => float(text, f64::is_infinite).map(Value::Double),
        };
        value.filter(|&value| self.holds(value)).ok_or_else(|| CellError(format!("no value of {}", self.type_name())))
    }

    /// Reads a number to add: an unsigned cell takes a negative one, too.
    pub fn parse_addend(self, text: &str) -> Result<Value, CellError> {
        match (self.kind, signed(text)) {
            (Kind::Unsigned(_), Some(number @ ..0)) => Ok(Value::Signed(number)),
            _ => self.parse(text),
        }
    }

    /// Whether a value of the cell's family fits into its width.
    fn holds(self, value: Value) -> bool {
        let spare = 64 - self.width().bits();
        match value {
            Value::Signed(number) => number << spare >> spare == number,
            Value::Unsigned(number) => number << spare >> spare == number,
            Value::Single(_) | Value::Double(_) => true,
        }
    }

    /// The value of the word in memory.
    fn decode(self, word: u64) -> Value {
        let word = self.in_order(word);
        let spare = 64 - self.width().bits();
        match self.kind {
            Kind::Signed(_) => Value::Signed((word << spare).cast_signed() >> spare),
            Kind::Unsigned(_) => Value::Unsigned(word),
            Kind::Single => Value::Single(f32::from_bits(u32::try_from(word).unwrap_or(u32::MAX))),
            Kind::Double => Value::Double(f64::from_bits(word)),
        }
    }

    /// The word of a value; its bits above the cell's width do not count.
    fn encode(self, value: Value) -> u64 {
        self.in_order(match value {
            Value::Signed(number) => number.cast_unsigned(),
            Value::Unsigned(number) => number,
            Value::Single(number) => number.to_bits().into(),
            Value::Double(number) => number.to_bits(),
        })
    }

    /// The word with its bytes as the machine has them, or back.
    const fn in_order(self, word: u64) -> u64 {
        let spare = 64 - self.width().bits();
        let word = word << spare >> spare;
        if self.swapped { word.swap_bytes() >> spare } else { word }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str) -> Cell {
        text.parse().expect(text)
    }

    #[test]
    fn cells_are_read_and_shown() {
        for text in ["0:i8", "7:u16", "16:i32be", "8:f64", "4294967296:u64"] {
            assert_eq!(cell(text).to_string(), text);
        }
        assert_eq!(cell("0x10:u8").to_string(), "16:u8");
        assert_eq!(cell("0:u32le"), cell("0:u32"));
        for text in [
            "",
            ":",
            "0",
            "0:",
            ":i32",
            "-1:i32",
            "+1:i32",
            "0:i128",
            "0:f16",
            "0:int",
            "0:i32xe",
            "0x:u8",
            "18446744073709551616:u8",
        ] {
            assert!(text.parse::<Cell>().is_err(), "{text}");
        }
    }

    #[test]
    fn values_go_in_and_out() {
        let table = [
            ("0:i8", "-128", 0x80),
            ("0:u8", "0xff", 0xff),
            ("0:i16be", "-2", 0xfeff),
            ("0:u32be", "1", 0x0100_0000),
            ("0:i64", "-9223372036854775808", 1 << 63),
            ("0:u64", "18446744073709551615", u64::MAX),
            ("0:f32", "1.5", 0x3fc0_0000),
            ("0:f32", "inf", 0x7f80_0000),
            ("0:f64be", "-0", 0x80),
        ];
        for (name, text, word) in table {
            let cell = cell(name);
            let value = cell.parse(text).expect(text);
            assert_eq!(cell.encode(value), word, "{name} {text}");
            assert_eq!(cell.decode(word), value, "{name} {text}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        let table = [
            ("0:i8", "128"),
            ("0:i8", "-129"),
            ("0:u8", "256"),
            ("0:u8", "-1"),
            ("0:u64", "18446744073709551616"),
            ("0:i32", "1.5"),
            ("0:f32", "x"),
            ("0:f32", "1e39"),
            ("0:f64", "-1e309"),
            ("0:i32", ""),
            ("0:i32", "-"),
            ("0:i32", "--1"),
        ];
        for (name, text) in table {
            assert!(cell(name).parse(text).is_err(), "{name} {text}");
        }
    }
}

//! Cells as text for a person.

use std::fmt::Write as _;

use super::record::Cell;
use super::{escape_into, local};

/// Writes a cell behind what `text` holds.
pub(super) fn write_cell(text: &mut String, cell: &Cell<'_>) {
    match cell {
        Cell::Number(number) | Cell::Label(number) => text.push_str(itoa::Buffer::new().format(*number)),
        Cell::Signed(number) => text.push_str(itoa::Buffer::new().format(*number)),
        Cell::Real(number) => {
            let _ = write!(text, "{number:.3}");
        }
        Cell::Numbers(numbers) => {
            for (place, number) in numbers.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                text.push_str(itoa::Buffer::new().format(*number));
            }
        }
        Cell::Octal(bits) => text.extend(octal(*bits).map(char::from)),
        Cell::Hex(bits) => text.extend(hex(*bits).map(char::from)),
        Cell::Cells(cells) => {
            for (place, cell) in cells.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { " " });
                write_cell(text, cell);
            }
        }
        Cell::Bool(is_so) => text.push_str(if *is_so { "yes" } else { "no" }),
        Cell::Text(own) => text.push_str(own),
        Cell::Foreign(bytes) => escape_into(text, bytes),
        Cell::Time(seconds) => text.push_str(&local(*seconds)),
        Cell::Words(words, _) if words.is_empty() => text.push('-'),
        Cell::Words(_, short) => text.push_str(short),
        Cell::List(list) => {
            let _ = write!(text, "{}", list.len());
        }
        Cell::None => text.push('-'),
        Cell::Gone => text.push_str("(gone)"),
        Cell::Unknown => text.push('?'),
    }
}

/// `{:04o}` of the lowest twelve bits, in a fifth of the time.
pub(super) fn octal(bits: u32) -> [u8; 4] {
    digits(bits, 3)
}

/// `{:#010x}`
pub(super) fn hex(bits: u32) -> [u8; 10] {
    let mut text = *b"0x00000000";
    text[2..].copy_from_slice(&digits::<8>(bits, 4));
    text
}

/// The lowest `N` digits of `bits`, `shift` bits each.
fn digits<const N: usize>(mut bits: u32, shift: u32) -> [u8; N] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(bits & ((1 << shift) - 1)) as usize];
        bits >>= shift;
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_as_the_formatter_has_them() {
        for bits in [0, 1, 0o640, 0o777, 0x4b, 0x8000_0000, u32::MAX] {
            let mut text = String::new();
            write_cell(&mut text, &Cell::Hex(bits));
            assert_eq!(text, format!("{bits:#010x}"));
            let mut text = String::new();
            write_cell(&mut text, &Cell::Octal(bits & 0o777));
            assert_eq!(text, format!("{:04o}", bits & 0o777));
        }
    }
}

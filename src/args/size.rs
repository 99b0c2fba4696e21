//! Sizes in bytes as util-linux takes them.

/// `4096`, `64K`, `64KiB` (1024-based), `64KB` (1000-based); K, M, G, T, P, E in either case.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    const WRONG: &str =
        "a size is a number of bytes with an optional unit: 4096, 64K, 64KiB (1024-based), 64KB (1000-based)";
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| if number.is_empty() { WRONG } else { "too large a size" })?;
    let (letter, rest) = unit.split_at(unit.chars().next().map_or(0, char::len_utf8));
    let power = match letter.to_ascii_uppercase().as_str() {
        "" | "B" if rest.is_empty() => 0,
        "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        "P" => 5,
        "E" => 6,
        _ => return Err(WRONG.into()),
    };
    let base: u64 = match rest {
        "" | "iB" => 1024,
        "B" => 1000,
        _ => return Err(WRONG.into()),
    };
    base.checked_pow(power).and_then(|unit| number.checked_mul(unit)).ok_or_else(|| "too large a size".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        let table = [
            ("0", 0),
            ("4096", 4096),
            ("7B", 7),
            ("64K", 65_536),
            ("64k", 65_536),
            ("64KiB", 65_536),
            ("64KB", 64_000),
            ("1M", 1 << 20),
            ("2G", 2 << 30),
            ("15E", 15 << 60),
            ("18446744073709551615", u64::MAX),
        ];
        for (text, bytes) in table {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for text in ["", "K", "-1", "+1", "1.5K", "1 K", "1KX", "1Ki", "1BK", "1é", "16E", "18446744073709551616"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

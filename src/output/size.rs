//! Sizes for a person.

/// `17 B`, `64.0 KiB`, `1.25 GiB`.
pub(crate) fn human(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let power = bytes.ilog2() / 10;
    let unit = UNITS[power as usize - 1];
    // Below a power of ten there are two digits behind the point, so that all have three.
    let hundredths = (u128::from(bytes) * 100) >> (10 * power);
    match hundredths {
        ..1000 => format!("{}.{:02} {unit}", hundredths / 100, hundredths % 100),
        1000..10000 => format!("{}.{} {unit}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{} {unit}", hundredths / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        let table = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.00 KiB"),
            (10_300, "10.0 KiB"),
            (1 << 20, "1.00 MiB"),
            (1_500_000_000, "1.39 GiB"),
            (u64::MAX, "15.9 EiB"),
        ];
        for (bytes, text) in table {
            assert_eq!(human(bytes), text);
        }
    }
}

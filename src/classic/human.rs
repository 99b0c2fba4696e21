//! Sizes for people, as util-linux writes them.

/// `100B`, `4K`, `1.5M`, `16E`: the largest unit that the size fills, and one decimal, rounded half up.
pub(super) fn human(bytes: u64) -> String {
    let power = if bytes == 0 { 0 } else { bytes.ilog2() / 10 };
    let letter = char::from(b"BKMGTPE"[power as usize]);
    let unit = 1_u128 << (10 * power);
    let bytes = u128::from(bytes);
    // Thousandths are cut off before they are rounded.
    let tenths = ((bytes % unit) * 1000 / unit + 50) / 100;
    let (whole, tenths) = (bytes / unit + tenths / 10, tenths % 10);
    if tenths == 0 { format!("{whole}{letter}") } else { format!("{whole}.{tenths}{letter}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_as_util_linux_does() {
        let table = [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1K"),
            (1075, "1K"),
            (1076, "1.1K"),
            (5000, "4.9K"),
            (1_048_575, "1024K"),
            (1 << 40, "1T"),
            (18_446_744_073_692_774_399, "16E"),
            (u64::MAX, "16E"),
        ];
        for (bytes, text) in table {
            assert_eq!(human(bytes), text, "{bytes}");
        }
    }
}

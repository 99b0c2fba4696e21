//! Durations as timeout(1) takes them.

use std::time::Duration;

/// A hundred years: so far every clock can count, and nobody sees the end of more.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// `0.5`, `10s`, `2m`, `1h`, `1d`, and `20ms`; without a unit seconds. What is longer than [`LONGEST`] is that.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    const WRONG: &str = "a duration is a number with an optional unit: 0.5, 20ms, 10s, 2m, 1h, 1d";
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "" | "s" => 1.0,
        "ms" => 1e-3,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return Err(WRONG.into()),
    };
    let number: f64 = number.parse().map_err(|_| WRONG)?;
    let duration = Duration::try_from_secs_f64(number * scale).map_err(|_| "too long a duration")?;
    Ok(duration.min(LONGEST))
}

/// The same, for what is done again and again: 0 would be without end.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    parse(text).and_then(|time| if time.is_zero() { Err("0 is too often".into()) } else { Ok(time) })
}

/// A duration as it can be typed: `0.2s`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn durations_are_read() {
        let table =
            [("0", 0), ("0.5", 500), (".5", 500), ("10s", 10_000), ("2m", 120_000), ("20ms", 20), ("1h", 3_600_000)];
        for (text, millis) in table {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("2d"), Ok(Duration::from_hours(48)));
        assert_eq!(parse("9223372036854775807"), Ok(LONGEST));
        assert!(Instant::now().checked_add(LONGEST).and_then(|end| end.checked_add(LONGEST)).is_some());
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "s", "-1", "1e3", "inf", "nan", "1 s", "1w", "1.2.3", "0x1", "99999999999999999999d"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}

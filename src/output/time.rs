//! Times as the user's clock shows them.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-21 09:30:05` in the local time zone; the bare seconds where no calendar reaches.
pub(crate) fn local(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds).ok().map(|time| zone().to_datetime(time));
    let Some(time) = time.filter(|time| time.year() >= 0) else { return seconds.to_string() };
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(i16::from);
    // By hand: a long list has thousands of them, and the formatter takes ten times as long.
    let mut text = String::with_capacity(19);
    for (behind, number) in [("", time.year() / 100), ("", time.year() % 100), ("-", month), ("-", day)] {
        push(&mut text, behind, number);
    }
    for (behind, number) in [(" ", hour), (":", minute), (":", second)] {
        push(&mut text, behind, number);
    }
    text
}

/// Puts a number of two digits behind a sign.
fn push(text: &mut String, sign: &str, number: i16) {
    text.push_str(sign);
    for digit in [number / 10, number % 10] {
        text.extend(u8::try_from(digit).map(|digit| char::from(b'0' + digit)));
    }
}

/// The local time zone, looked up once: that of TZ, else that of the machine, UTC where neither can be had.
///
/// This reads one file; jiff's own way looks through all time zones that there are first.
pub(crate) fn zone() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| {
        match env::var_os("TZ") {
            Some(wanted) => of_variable(wanted.as_bytes()),
            None => of_file(Path::new("/etc/localtime")),
        }
        .unwrap_or(TimeZone::UTC)
    })
}

/// A value of TZ, as tzset(3) reads it: a file, below the directory of time zones unless its path says otherwise,
/// or a rule such as `CET-1CEST`.
fn of_variable(wanted: &[u8]) -> Option<TimeZone> {
    let wanted = wanted.strip_prefix(b":").unwrap_or(wanted);
    if wanted.is_empty() {
        return None;
    }
    let directory = env::var_os("TZDIR").unwrap_or_else(|| "/usr/share/zoneinfo".into());
    let file = Path::new(&directory).join(OsString::from_vec(wanted.to_vec()));
    of_file(&file).or_else(|| TimeZone::posix(std::str::from_utf8(wanted).ok()?).ok())
}

fn of_file(path: &Path) -> Option<TimeZone> {
    let mut rules = Vec::new();
    // The longest have some kilobytes; TZ may name anything.
    File::open(path).ok()?.take(1 << 20).read_to_end(&mut rules).ok()?;
    TimeZone::tzif("", &rules).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_nineteen_characters_where_a_calendar_reaches() {
        for (seconds, expected) in [(1_795_246_838, "2026-11-21 07:40:38"), (3, "1970-01-01 00:00:03")] {
            let east = zone().to_offset(Timestamp::from_second(seconds).expect("a time")).seconds();
            assert_eq!(local(seconds - i64::from(east)), expected);
        }
        assert_eq!(local(i64::MAX), "9223372036854775807");
        assert_eq!(local(-100_000_000_000), "-100000000000");
    }

    #[test]
    fn a_zone_is_a_file_or_a_rule() {
        let offset = |zone: Option<TimeZone>| {
            zone.map(|zone| zone.to_offset(Timestamp::from_second(1_795_246_838).expect("a time")).seconds())
        };
        assert_eq!(offset(of_variable(b"XYZ3:30")), Some(-12_600));
        assert_eq!(offset(of_variable(b"")), None);
        assert_eq!(offset(of_variable(b"Nowhere/Bad")), None);
        if Path::new("/usr/share/zoneinfo/Asia/Kolkata").exists() {
            assert_eq!(offset(of_variable(b"Asia/Kolkata")), Some(19_800));
            assert_eq!(offset(of_variable(b"/dev/zero")), None);
            assert_eq!(offset(of_variable(b":/usr/share/zoneinfo/Asia/Kolkata")), Some(19_800));
        }
    }
}

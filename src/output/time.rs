//! Times as the user's clock shows them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `2026-11-21 09:30:05` in the local time zone; the bare seconds where no calendar reaches.
pub(crate) fn local(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(
        |_| seconds.to_string(),
        |time| time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

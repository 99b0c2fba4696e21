//! Times as ctime(3) and util-linux write them, in the time zone of the process.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::output::zone;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The clock on the wall, of the local time zone unless it has another.
#[derive(Debug, Default)]
pub(super) struct Clock {
    zone: Option<TimeZone>,
    today: Option<DateTime>,
}

impl Clock {
    /// `Sat Nov 21 07:40:38 2026`: the 24 characters of ctime(3); the bare seconds where no calendar reaches.
    pub(super) fn full(&mut self, seconds: i64) -> String {
        let Some((time, _)) = self.local(seconds) else { return seconds.to_string() };
        let (day, month) = names(time);
        format!(
            "{day} {month} {:2} {:02}:{:02}:{:02} {}",
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.year()
        )
    }

    /// `2026-11-21T07:40:38+00:00`.
    pub(super) fn iso(&mut self, seconds: i64) -> String {
        let Some((time, offset)) = self.local(seconds) else { return seconds.to_string() };
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        );
        let east = offset.seconds();
        let sign = if east < 0 { '-' } else { '+' };
        let _ = write!(text, "{sign}{:02}:{:02}", east.abs() / 3600, east.abs() / 60 % 60);
        text
    }

    /// `07:40` today, `Nov20` this year, `2025-Nov20` before and after.
    pub(super) fn short(&mut self, seconds: i64) -> String {
        let Some((time, _)) = self.local(seconds) else { return seconds.to_string() };
        let (_, month) = names(time);
        let today = self.today();
        if time.date() == today.date() {
            return format!("{:02}:{:02}", time.hour(), time.minute());
        }
        let date = format!("{month}{:02}", time.day());
        if time.year() == today.year() { date } else { format!("{}-{date}", time.year()) }
    }

    fn local(&self, seconds: i64) -> Option<(DateTime, Offset)> {
        let time = Timestamp::from_second(seconds).ok()?;
        let offset = self.zone().to_offset(time);
        Some((offset.to_datetime(time), offset))
    }

    fn today(&mut self) -> DateTime {
        if let Some(today) = self.today {
            return today;
        }
        let now = self.zone().to_datetime(Timestamp::now());
        *self.today.insert(now)
    }

    fn zone(&self) -> &TimeZone {
        self.zone.as_ref().unwrap_or_else(|| zone())
    }
}

fn names(time: DateTime) -> (&'static str, &'static str) {
    let day = usize::try_from(time.weekday().to_monday_zero_offset()).unwrap_or(0);
    let month = usize::try_from(time.month() - 1).unwrap_or(0);
    (DAYS[day], MONTHS[month])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_c_does() {
        let mut clock = Clock { zone: Some(TimeZone::UTC), today: None };
        assert_eq!(clock.full(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(clock.full(1_795_246_838), "Sat Nov 21 07:40:38 2026");
        assert_eq!(clock.full(i64::MAX), "9223372036854775807");
        let west = TimeZone::fixed(jiff::tz::offset(-3));
        clock = Clock { zone: Some(west), today: None };
        assert_eq!(clock.iso(0), "1969-12-31T21:00:00-03:00");
    }

    #[test]
    fn short_times_tell_as_much_as_is_needed() {
        let mut clock = Clock { zone: Some(TimeZone::UTC), today: Some(DateTime::constant(2026, 11, 21, 9, 0, 0, 0)) };
        assert_eq!(clock.short(1_795_246_838), "07:40");
        assert_eq!(clock.short(1_795_246_838 - 86_400), "Nov20");
        assert_eq!(clock.short(1_795_246_838 - 365 * 86_400), "2025-Nov21");
    }
}

//! What a monitoring system wants to hear of limits: one line, performance data, and a status.

use std::fmt::Write as _;
use std::io::Write as _;

use super::limits::{LimitRow, Measured};
use crate::app::Context;
use crate::exit::{Status, UsageError, words};
use crate::ipc::limits::{Consumer, Limit};
use crate::output::{Cell, escape};

/// From how many percent on it is a warning, and from how many on critical.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thresholds {
    warn: u64,
    critical: u64,
}

/// `80` or `80:95`; without the second it is critical that a limit is reached.
pub(super) fn thresholds(text: &str) -> Result<Thresholds, String> {
    let (warn, critical) = text.split_once(':').unwrap_or((text, "100"));
    let percent = |text: &str| text.strip_suffix('%').unwrap_or(text).parse().ok().filter(|percent| *percent <= 100);
    match (percent(warn), percent(critical)) {
        (Some(warn), Some(critical)) if warn <= critical => Ok(Thresholds { warn, critical }),
        _ => Err("two numbers of percent, the second not below the first, such as 80:95".into()),
    }
}

/// How bad it is, as monitoring systems number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok,
    Warning,
    Critical,
    Unknown,
}

impl Level {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    fn of(limit: &Limit, thresholds: Thresholds) -> Self {
        let percent = limit.percent().unwrap_or(0);
        match percent {
            _ if percent >= thresholds.critical => Self::Critical,
            _ if percent >= thresholds.warn => Self::Warning,
            _ => Self::Ok,
        }
    }
}

/// Writes the line, whatever happened: a check that could not look says so on standard output, too.
pub(super) fn write(
    context: &mut Context,
    limits: anyhow::Result<Vec<Measured>>,
    thresholds: Thresholds,
    all_namespaces: bool,
) -> anyhow::Result<Status> {
    let (level, line) = match limits {
        Ok(limits) => judge(limits, thresholds, all_namespaces),
        Err(error) if error.is::<UsageError>() => return Err(error),
        Err(error) => {
            let reason =
                error.root_cause().downcast_ref().map_or_else(String::new, |cause| format!(": {}", words(cause)));
            (Level::Unknown, format!("{error}{reason}"))
        }
    };
    writeln!(context.out, "IPC {}: {line}", level.word())?;
    Ok(Status::Verdict(level as u8))
}

/// How bad it is, and the line behind the word for it.
fn judge(limits: Vec<Measured>, thresholds: Thresholds, all_namespaces: bool) -> (Level, String) {
    let (seen, mut unseen): (Vec<_>, Vec<_>) = limits.into_iter().partition(|one| one.limit.runs_out());
    unseen.retain(|one| one.limit.is_unseen());
    let unseen: Vec<_> = LimitRow::all(unseen).iter().map(|row| format!("{}{}", row.limit.name, place(row))).collect();
    let mut rows = LimitRow::all(seen);
    let data: Vec<String> = rows.iter().map(|row| data(row, thresholds, all_namespaces)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.limit.percent()));
    let levels = rows.iter().map(|row| Level::of(&row.limit, thresholds));
    let level = levels.max().unwrap_or(Level::Unknown);
    let told: Vec<String> = match level {
        Level::Unknown => vec!["none of these limits can be seen to run out".into()],
        Level::Ok => rows.iter().take(1).map(|row| format!("most used is {}", told(row))).collect(),
        _ => rows.iter().filter(|row| Level::of(&row.limit, thresholds) > Level::Ok).map(told).collect(),
    };
    let mut line = told.join(", ");
    if !unseen.is_empty() {
        let _ = write!(line, "; not seen: {}", unseen.join(", "));
    }
    if !data.is_empty() {
        let _ = write!(line, " | {}", data.join(" "));
    }
    (level, line)
}

/// `SEMMNI 85% (27200 of 32000 sets)`.
fn told(row: &LimitRow) -> String {
    let limit = &row.limit;
    let (percent, used, bound) = (limit.percent(), limit.used(), limit.bound());
    let by = consumer(row).map_or_else(String::new, |by| format!(" of {by}"));
    let [percent, used, bound] = [percent, used, bound].map(|number| number.unwrap_or(0));
    format!("{}{by}{} {percent}% ({used} of {bound} {})", limit.name, place(row), limit.unit)
}

/// ` in namespace 4026531839 (docker:4f1c0d6b2a3e)`, where one was asked for.
fn place(row: &LimitRow) -> String {
    let Some(namespace) = &row.namespace else { return String::new() };
    let container = namespace.container.as_ref().map(|name| format!(" ({})", shown(name.as_bytes())));
    format!(" in namespace {}{}", namespace.number, container.unwrap_or_default())
}

/// What others chose, as it may stand in the line: a bar would begin the performance data.
fn shown(bytes: &[u8]) -> String {
    escape(bytes).replace('|', "_")
}

/// `'SEMMNI'=27200;25600;30400;0;32000`: value, the two thresholds, and the range. Of several namespaces the
/// label has the number: `'SEMMNI@4026531839'`.
fn data(row: &LimitRow, thresholds: Thresholds, all_namespaces: bool) -> String {
    let limit = &row.limit;
    let [used, bound] = [limit.used(), limit.bound()].map(|number| number.unwrap_or(0));
    let at = |percent: u64| u128::from(bound) * u128::from(percent) / 100;
    // The object that is fullest changes, and a label must not.
    let by = match limit.consumer() {
        Some(Consumer::User(_)) => consumer(row).map_or_else(String::new, |by| format!(":{by}")),
        _ => String::new(),
    };
    let namespace = row.namespace.as_ref().filter(|_| all_namespaces);
    let place = namespace.map_or_else(String::new, |namespace| format!("@{}", namespace.number));
    let label = format!("{}{by}{place}", limit.name).replace(['\'', '=', '|'], "_");
    let unit = if limit.unit == "bytes" { "B" } else { "" };
    format!("'{label}'={used}{unit};{};{};0;{bound}", at(thresholds.warn), at(thresholds.critical))
}

/// Who takes the most.
fn consumer(row: &LimitRow) -> Option<String> {
    match row.by() {
        Cell::Label(number) => Some(number.to_string()),
        Cell::Foreign(bytes) => Some(shown(&bytes)),
        Cell::Text(text) => Some(shown(text.as_bytes())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipc::limits::{Bound, Setting, Use};
    use crate::ipc::namespace::Namespace;

    fn limit(name: &'static str, used: Use, bound: u64) -> Measured {
        let limit = Limit { name, what: "", unit: "sets", used, bound: Bound::At(bound), setting: Setting::Fixed };
        Measured { limit, raise: None, namespace: None }
    }

    #[test]
    fn thresholds_are_percents_in_order() {
        let read = |warn, critical| Ok(Thresholds { warn, critical });
        assert_eq!(thresholds("80"), read(80, 100));
        assert_eq!(thresholds("80:95"), read(80, 95));
        assert_eq!(thresholds("80%:80%"), read(80, 80));
        assert_eq!(thresholds("0:0"), read(0, 0));
        for text in ["", ":", "80:", ":95", "95:80", "101", "-1", "1:2:3", "a"] {
            assert!(thresholds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_worst_decides_and_all_that_are_bad_are_told() {
        let thresholds = Thresholds { warn: 80, critical: 95 };
        let judged = |limits| judge(limits, thresholds, false);
        let a = limit("A", Use::Total(79), 100);
        let b = limit("B", Use::Total(85), 100);
        let c = limit("C", Use::Total(100), 100);
        let largest = limit("L", Use::Largest(100, None), 100);
        let (level, line) = judged(vec![a.clone(), largest.clone()]);
        assert_eq!((level, line.as_str()), (Level::Ok, "most used is A 79% (79 of 100 sets) | 'A'=79;80;95;0;100"));
        let (level, line) = judged(vec![a.clone(), b.clone()]);
        assert_eq!(level, Level::Warning);
        assert_eq!(line, "B 85% (85 of 100 sets) | 'A'=79;80;95;0;100 'B'=85;80;95;0;100");
        let (level, line) = judged(vec![a, b, c, limit("D", Use::Unknown, 5)]);
        assert_eq!(level, Level::Critical);
        assert!(line.starts_with("C 100% (100 of 100 sets), B 85% (85 of 100 sets); not seen: D | "), "{line}");
        assert_eq!(judged(vec![largest]).0, Level::Unknown);
    }

    #[test]
    fn each_namespace_is_named() {
        let thresholds = Thresholds { warn: 80, critical: 95 };
        let at = |number, container: Option<&str>, one: Measured| {
            let namespace = Namespace { number, pid: 1, container: container.map(str::to_owned) };
            Measured { namespace: Some(namespace.into()), ..one }
        };
        let full = at(7, Some("a|b"), limit("A", Use::Total(99), 100));
        let unseen = at(8, None, limit("A", Use::Unknown, 100));
        let (level, line) = judge(vec![full.clone(), unseen], thresholds, true);
        assert_eq!(level, Level::Critical);
        let told = "A in namespace 7 (a_b) 99% (99 of 100 sets); not seen: A in namespace 8 | 'A@7'=99;80;95;0;100";
        assert_eq!(line, told);
        // Of one namespace the label stays when its container is started again.
        assert!(judge(vec![full], thresholds, false).1.ends_with(" | 'A'=99;80;95;0;100"));
    }
}

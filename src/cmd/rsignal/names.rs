//! `rsignal names`: the signals there are.

use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::exit::{Status, UsageError};
use crate::ipc::signal::{Signal, SignalSet, entry};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column, escape};

#[derive(Debug, Args)]
pub(super) struct SignalNames {
    /// Only these: names (TERM), numbers (15), exit statuses (143), masks as in /proc (0x4002)
    #[arg(value_name = "SIGNALS")]
    signals: Vec<String>,

    #[command(flatten)]
    list: ListArgs,
}

impl Verb for SignalNames {
    const NAME: &'static str = "names";
    const ABOUT: &'static str = "List the signals, or look some up by name, number, exit status or mask";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.list.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.list)?;
        let mut signals: Vec<Signal> = Vec::new();
        for word in &self.signals {
            signals.extend(look_up(word).ok_or_else(|| {
                let word = escape(word.as_bytes());
                UsageError(format!("'{word}' is no signal, no exit status of one, and no mask of signals"))
            })?);
        }
        if self.signals.is_empty() {
            // The two below are the C library's.
            signals.extend(Signal::all().filter(|signal| entry(*signal).is_some() || signal.is_real_time()));
        }
        rows::write_list(context, &self.list, &columns, &signals)?;
        Ok(Status::Done)
    }
}

fn look_up(word: &str) -> Option<Vec<Signal>> {
    if let Some(mask) = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        let plain = mask.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = u64::from_str_radix(mask, 16).ok().filter(|_| plain)?;
        return Some(SignalSet::of_bits(bits).iter().collect());
    }
    let signal = Signal::parse(word).ok().or_else(|| Signal::of_status(word.parse().ok()?))?;
    Some(vec![signal])
}

/// Every column of a signal.
static COLUMNS: &[Column<Signal>] = &[
    column("number", "its number", Right, |signal: &Signal| Cell::Signed(signal.number().into())),
    column("name", "its name, without SIG", Left, |signal| Cell::shown(signal)),
    column("alias", "another name", Left, |signal| {
        Cell::or_none(entry(*signal).and_then(|entry| entry.alias), Cell::text)
    }),
    column("action", "what it does to a process that leaves it alone", Left, |signal| {
        Cell::text(entry(*signal).map_or("terminate", |entry| entry.action.word()))
    }),
    column("meaning", "what it tells", Left, |signal| {
        Cell::text(match entry(*signal) {
            Some(entry) => entry.meaning,
            None if signal.is_real_time() => "real-time: queued, with a value",
            None => "the C library's own, for its threads",
        })
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_looked_up() {
        let names =
            |word| look_up(word).map(|signals| signals.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        for (word, found) in
            [("TERM", "TERM"), ("9", "KILL"), ("137", "KILL"), ("192", "RTMAX"), ("0x4002", "INT TERM"), ("0x0", "")]
        {
            assert_eq!(names(word).as_deref(), Some(found), "{word}");
        }
        for word in ["", "0", "65", "128", "193", "0x", "0x1g", "0x10000000000000000", "-1", "0x+1", "4002"] {
            assert_eq!(look_up(word), None, "{word}");
        }
    }
}

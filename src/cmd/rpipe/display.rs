//! How much has passed, and how fast: shown by a thread of its own, so that it goes on when nothing flows.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::output::{Cell, human, write_object};
use crate::sys::{fd, siginfo};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Bytes,
    Lines,
}

/// What is shown, and how.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub unit: Unit,
    /// How much there will be, where that is known.
    pub whole: Option<u64>,
    /// How often it is shown; without it, only at the end.
    pub interval: Option<Duration>,
    pub json: bool,
    /// One line that is written over and over: on a terminal.
    pub rewrite: bool,
}

/// Shows it on standard error until its end.
#[derive(Debug)]
pub(super) struct Display {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    form: Form,
    started: Instant,
    done: AtomicU64,
    over: AtomicBool,
}

/// A moment: how much had passed, and how fast it was just then.
#[derive(Debug, Clone, Copy)]
struct Moment {
    elapsed: Duration,
    done: u64,
    /// Units per second since the moment before.
    now: f64,
    is_last: bool,
}

impl Display {
    pub(super) fn start(form: Form) -> io::Result<Self> {
        let shared =
            Arc::new(Shared { form, started: Instant::now(), done: AtomicU64::new(0), over: AtomicBool::new(false) });
        let thread = shared.form.interval.map(|interval| {
            let shared = Arc::clone(&shared);
            // Signals are for the thread that moves the bytes: they have to interrupt its call.
            let before = siginfo::block(u64::MAX)?;
            let thread = thread::Builder::new().spawn(move || shared.show_again_and_again(interval));
            siginfo::set_mask(before)?;
            thread
        });
        Ok(Self { shared, thread: thread.transpose()? })
    }

    /// So much more has passed.
    pub(super) fn add(&self, count: u64) {
        self.shared.done.fetch_add(count, Relaxed);
    }

    /// Shows the last of it.
    pub(super) fn end(self) {
        self.shared.over.store(true, Relaxed);
        if let Some(thread) = self.thread {
            thread.thread().unpark();
            // A thread that panicked has said so.
            let _ = thread.join();
        }
        let (elapsed, done) = (self.shared.started.elapsed(), self.shared.done.load(Relaxed));
        self.shared.show(Moment { elapsed, done, now: per_second(done, elapsed), is_last: true });
    }
}

impl Shared {
    fn show_again_and_again(&self, interval: Duration) {
        let (mut next, mut before) = (interval, (Duration::ZERO, 0));
        while !self.over.load(Relaxed) {
            let elapsed = self.started.elapsed();
            if elapsed < next {
                thread::park_timeout(next.saturating_sub(elapsed));
                continue;
            }
            next = elapsed + interval;
            let done = self.done.load(Relaxed);
            let now = per_second(done - before.1, elapsed.saturating_sub(before.0));
            self.show(Moment { elapsed, done, now, is_last: false });
            before = (elapsed, done);
        }
    }

    fn show(&self, moment: Moment) {
        let line = if self.form.json { self.object(moment) } else { self.line(moment).into_bytes() };
        // Where it cannot be shown, nobody looks.
        let _ = fd::write(fd::stderr(), &line);
    }

    /// `rpipe: 1.25 GiB in 0:00:05, 245 MiB/s now, 250 MiB/s mean, 45 %, 0:00:06 to go`
    fn line(&self, moment: Moment) -> String {
        let Form { unit, whole, rewrite, .. } = self.form;
        let mean = per_second(moment.done, moment.elapsed);
        let mut parts = vec![format!("rpipe: {} in {}", unit.show(moment.done), clock(moment.elapsed))];
        if !moment.is_last {
            parts.push(format!("{}/s now", unit.show(rounded(moment.now))));
        }
        parts.push(format!("{}/s mean", unit.show(rounded(mean))));
        if let Some(whole) = whole {
            parts.push(format!("{} %", percent(moment.done, whole)));
            let left = left(moment.done, whole, mean).filter(|_| !moment.is_last);
            parts.extend(left.map(|left| format!("{} to go", clock(left))));
        }
        let text = parts.join(", ");
        match (rewrite, moment.is_last) {
            (true, false) => format!("\r{text}\x1b[K"),
            (true, true) if self.form.interval.is_some() => format!("\r{text}\x1b[K\n"),
            _ => text + "\n",
        }
    }

    fn object(&self, moment: Moment) -> Vec<u8> {
        let Form { unit, whole, .. } = self.form;
        let mean = per_second(moment.done, moment.elapsed);
        let seconds = |time: Duration| Cell::Real((time.as_secs_f64() * 1000.0).round() / 1000.0);
        let fields = [
            (unit.name(), Cell::Number(moment.done)),
            ("elapsed", seconds(moment.elapsed)),
            ("rate", Cell::Number(rounded(moment.now))),
            ("mean", Cell::Number(rounded(mean))),
            ("size", Cell::or_none(whole, Cell::Number)),
            ("percent", Cell::or_none(whole, |whole| Cell::Number(percent(moment.done, whole)))),
            ("eta", Cell::or_none(whole.and_then(|whole| left(moment.done, whole, mean)), seconds)),
            ("final", Cell::Bool(moment.is_last)),
        ];
        let mut line = Vec::new();
        // Memory is never full.
        let _ = write_object(&mut line, &fields);
        line
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Lines => "lines",
        }
    }

    fn show(self, count: u64) -> String {
        match self {
            Self::Bytes => human(count),
            Self::Lines => crate::output::counted(count, "line"),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a rate is not exact to the byte")]
fn per_second(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64().max(1e-9)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive, and `as` saturates")]
fn rounded(rate: f64) -> u64 {
    rate.round() as u64
}

fn percent(done: u64, whole: u64) -> u64 {
    u64::try_from(u128::from(done) * 100 / u128::from(whole.max(1))).unwrap_or(u64::MAX)
}

/// How long the rest takes at this rate; `None` while nothing has come.
#[allow(clippy::cast_precision_loss, reason = "nobody waits to the microsecond")]
fn left(done: u64, whole: u64, rate: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(whole.saturating_sub(done) as f64 / rate).ok()
}

/// `0:00:05`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(unit: Unit, whole: Option<u64>, rewrite: bool) -> Shared {
        let form = Form { unit, whole, interval: Some(Duration::from_secs(1)), json: false, rewrite };
        Shared { form, started: Instant::now(), done: AtomicU64::new(0), over: AtomicBool::new(false) }
    }

    #[test]
    fn a_line_tells_how_far_it_has_come() {
        let moment = Moment { elapsed: Duration::from_secs(4), done: 4 << 20, now: 524_288.0, is_last: false };
        let text = "rpipe: 4.00 MiB in 0:00:04, 512 KiB/s now, 1.00 MiB/s mean, 40 %, 0:00:06 to go";
        assert_eq!(shared(Unit::Bytes, Some(10 << 20), true).line(moment), format!("\r{text}\x1b[K"));
        let moment = Moment { elapsed: Duration::from_secs(4000), done: 1, now: 0.0, is_last: true };
        assert_eq!(shared(Unit::Lines, None, false).line(moment), "rpipe: 1 line in 1:06:40, 0 lines/s mean\n");
    }

    #[test]
    fn an_object_has_null_for_what_is_not_known() {
        let moment = Moment { elapsed: Duration::from_millis(500), done: 0, now: 0.0, is_last: true };
        let object = |whole| String::from_utf8(shared(Unit::Bytes, whole, false).object(moment)).expect("text");
        assert_eq!(
            object(None),
            "{\"bytes\":0,\"elapsed\":0.5,\"rate\":0,\"mean\":0,\"size\":null,\"percent\":null,\"eta\":null,\"final\":true}\n"
        );
        assert!(object(Some(10)).contains("\"size\":10,\"percent\":0,\"eta\":null,"), "nobody knows when");
    }
}

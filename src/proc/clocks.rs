//! The kernel's clocks, and the times of day that they stand for.

use nix::time::{ClockId, clock_gettime};

/// The kernel's clocks, to tell times of day from what it counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clocks {
    /// When the machine started, in nanoseconds since the epoch.
    boot: i128,
    /// What the clock of the scheduler showed a moment ago, and the time then.
    scheduler: Option<(f64, f64)>,
}

impl Clocks {
    pub(crate) fn read() -> Self {
        let nanoseconds = |clock| {
            let time = clock_gettime(clock).map_or((0, 0), |time| (time.tv_sec(), time.tv_nsec()));
            i128::from(time.0) * 1_000_000_000 + i128::from(time.1)
        };
        let now = nanoseconds(ClockId::CLOCK_REALTIME);
        let boot = now - nanoseconds(ClockId::CLOCK_BOOTTIME);
        let own_run = std::fs::read("/proc/self/sched").ok().and_then(|text| last_run(&text));
        #[allow(clippy::cast_precision_loss, reason = "milliseconds are enough")]
        let seconds = now as f64 / 1e9;
        Self { boot, scheduler: own_run.map(|run| (run, seconds)) }
    }

    /// When a process started, in seconds since the epoch, from the ticks of its `stat`.
    pub(crate) fn started(&self, ticks: u64) -> i64 {
        let since_boot = i128::from(ticks) * i128::from(1_000_000_000 / super::stat::TICKS);
        i64::try_from((self.boot + since_boot) / 1_000_000_000).unwrap_or(i64::MAX)
    }

    /// Since when a thread has not run that [`Walker::last_run`](super::walk::Walker::last_run) tells of: for one that sleeps, when it fell
    /// asleep.
    pub(crate) fn asleep_since(&self, run: f64) -> Option<i64> {
        let (own_run, now) = self.scheduler?;
        let asleep = ((own_run - run) / 1000.0).max(0.0);
        #[allow(clippy::cast_possible_truncation, reason = "a time of day in seconds")]
        Some((now - asleep) as i64)
    }
}

/// The line `se.exec_start : 4711.001234` in a thread's `sched`.
pub(super) fn last_run(text: &[u8]) -> Option<f64> {
    let begin = memchr::memmem::find(text, b"\nse.exec_start")?;
    let line = text[begin + 1..].split(|&byte| byte == b'\n').next()?;
    std::str::from_utf8(line).ok()?.rsplit(' ').next()?.parse().ok()
}

//! Seeing processes end: waiting, and asking more firmly.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::app::Context;
use crate::args;
use crate::exit::{GaveUp, Status};
use crate::ipc::signal::{Process, Signal, wait_for_any};
use crate::sys::errno;

/// What is done about processes that are still there.
#[derive(Debug)]
pub(super) struct Escalation<'a> {
    /// Each signal, and how long after the one before it.
    pub steps: &'a [(Duration, Signal)],
    /// How long to wait in all.
    pub limit: Option<Duration>,
}

impl Escalation<'_> {
    /// Waits until all of them have ended.
    pub(super) fn see_off(&self, context: &mut Context, mut left: Vec<Process>) -> anyhow::Result<Status> {
        let mut status = Status::Done;
        let started = Instant::now();
        let mut before = Duration::ZERO;
        for (delay, signal) in self.steps {
            before = before.saturating_add(*delay);
            if self.limit.is_some_and(|limit| limit < before) {
                break;
            }
            wait_until(&mut left, Some((started, before)))?;
            for process in &left {
                match process.send(Some(*signal)) {
                    // It ended between the look and the signal.
                    Err(error) if errno::is(&error, errno::ESRCH) => {}
                    sent => {
                        let sent =
                            sent.with_context(|| format!("cannot send {signal} to {}", super::describe(process.pid())));
                        status = sent.err().map_or(status, |error| status.max(context.report(&error)));
                    }
                }
            }
        }
        wait_until(&mut left, self.limit.map(|limit| (started, limit)))?;
        for process in &left {
            let limit = args::seconds(self.limit.unwrap_or_default());
            let told = GaveUp(format!("{} still runs after {limit}", super::describe(process.pid())));
            status = status.max(context.report(&told.into()));
        }
        Ok(status)
    }
}

/// Waits until all have ended or the time is over; those that are left stay.
fn wait_until(left: &mut Vec<Process>, deadline: Option<(Instant, Duration)>) -> anyhow::Result<()> {
    while !left.is_empty() {
        let rest = deadline.map(|(started, limit)| limit.saturating_sub(started.elapsed()));
        let ended = wait_for_any(left, rest).context("cannot wait for processes")?;
        for index in ended.iter().rev() {
            left.swap_remove(*index);
        }
        if ended.is_empty() && rest == Some(Duration::ZERO) {
            return Ok(());
        }
    }
    Ok(())
}

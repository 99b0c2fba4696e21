//! `rsignal list`: processes by what they do with signals.

use anyhow::Context as _;
use clap::Args;

use super::rows::{COLUMNS, SignalRow};
use super::targets::{self, Operand, OperandParser};
use crate::app::{Context, Verb};
use crate::args::{self, ListArgs};
use crate::cmd::rows;
use crate::exit::Status;
use crate::ipc::signal::{Dispositions, Process, SignalSet};
use crate::proc::stat;

#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these: user:USER, name:COMMAND, PID, tree:PID and whatever else send takes
    #[arg(value_name = "TARGETS", value_parser = OperandParser)]
    targets: Vec<Operand>,

    /// Those that have a handler for all of these signals
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    catching: Option<SignalSet>,

    /// Those that ignore all of these
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    ignoring: Option<SignalSet>,

    /// Those that block all of these, in every thread
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    blocking: Option<SignalSet>,

    /// Those for whom, or for a thread of whom, all of these are pending
    #[arg(long, value_name = "SIGS", value_parser = args::signals)]
    pending: Option<SignalSet>,

    #[command(flatten)]
    table: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List processes by what they do with signals";

    fn run(mut self, context: &mut Context) -> anyhow::Result<Status> {
        if self.table.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.table)?;
        let mut pids: Vec<i32> = Vec::new();
        let mut status = Status::Done;
        if self.targets.is_empty() {
            // The kernel's own threads take no signals.
            let all = stat::all().context("cannot list processes")?;
            pids = all.iter().filter(|stat| !stat.of_kernel).map(|stat| stat.pid).collect();
        } else {
            let targets = targets::all(std::mem::take(&mut self.targets))?;
            status = context.for_each(&targets, |_, target| {
                pids.extend(targets::hold(target)?.iter().map(Process::pid));
                Ok(())
            });
        }
        pids.sort_unstable();
        pids.dedup();
        // One that has ended meanwhile does nothing with signals any more.
        let all = pids.into_iter().filter_map(|pid| Dispositions::of(pid).ok()).filter(|of| self.wants(of));
        rows::write_list(context, &self.table, &columns, &SignalRow::all(all.collect()))?;
        Ok(status)
    }
}

impl List {
    fn wants(&self, of: &Dispositions) -> bool {
        let has = |wanted: Option<SignalSet>, set: SignalSet| wanted.is_none_or(|wanted| set.contains_all(wanted));
        has(self.catching, of.caught)
            && has(self.ignoring, of.ignored)
            && has(self.blocking, of.blocked)
            && (has(self.pending, of.pending.union(of.shared)) || has(self.pending, pending_for_any(of)))
    }
}

/// What is pending for the process or any of its threads.
fn pending_for_any(of: &Dispositions) -> SignalSet {
    let threads = Dispositions::of_threads(of.id).unwrap_or_default();
    threads.iter().fold(of.shared, |set, thread| set.union(thread.pending))
}

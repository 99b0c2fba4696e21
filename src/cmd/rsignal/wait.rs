//! `rsignal wait`: block until processes end, and tell how they did.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::targets::{self, Operand, OperandParser};
use crate::app::{Context, Verb};
use crate::args::WaitArgs;
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::Wait as Patience;
use crate::ipc::signal::{Ending, Process, wait_for_any};
use crate::output::{Cell, counted, write_object};

#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Processes: PID, PID:INODE, group:PGID, session:SID, tree:PID, name:COMMAND, match:REGEX, user:USER,
    /// cgroup:PATH, pidfile:PATH, @FILE or - for one a line
    #[arg(value_name = "TARGETS", value_parser = OperandParser, required = true)]
    targets: Vec<Operand>,

    /// Wait until one has ended, not all
    #[arg(short, long, conflicts_with = "count")]
    any: bool,

    /// Wait until N have ended, not all
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    count: Option<u32>,

    #[command(flatten)]
    patience: WaitArgs,

    /// Write each end as a JSON object on a line of its own
    #[arg(long)]
    json: bool,

    /// Do not print how they ended, nor say that they did not; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Wait {
    const NAME: &'static str = "wait";
    const ABOUT: &'static str = "Wait until processes have ended, and print how each did";

    fn run(mut self, context: &mut Context) -> anyhow::Result<Status> {
        let targets = targets::all(std::mem::take(&mut self.targets))?;
        let mut left: Vec<Process> = Vec::new();
        let status = context.for_each(&targets, |_, target| {
            for process in targets::hold(target)? {
                if left.iter().all(|other| other.pid() != process.pid()) {
                    left.push(process);
                }
            }
            Ok(())
        });
        let wanted = match (self.any, self.count) {
            (true, _) => 1,
            (_, Some(count)) => count as usize,
            _ => left.len(),
        };
        if wanted > left.len() && status == Status::Done {
            bail!(UsageError(format!("--count is more than the {} there", counted_processes(left.len()))));
        }
        let spare = left.len().saturating_sub(wanted);
        let started = Instant::now();
        while left.len() > spare {
            let rest = match self.patience.wait() {
                Patience::Forever => None,
                Patience::Never => Some(Duration::ZERO),
                Patience::For(limit) => Some(limit.saturating_sub(started.elapsed())),
            };
            let ended = wait_for_any(&left, rest).context("cannot wait for processes")?;
            for index in ended.iter().rev() {
                self.tell(context, &left.remove(*index))?;
            }
            if ended.is_empty() && rest == Some(Duration::ZERO) {
                return self.give_up(&left).map(|gave_up| status.max(gave_up));
            }
        }
        Ok(status)
    }
}

impl Wait {
    /// `1234 0`, `1234 KILL`, `1234 ended`: at once, as whoever reads may wait for it.
    fn tell(&self, context: &mut Context, process: &Process) -> anyhow::Result<()> {
        let pid = process.pid();
        let ending = process.ending().with_context(|| format!("cannot ask how process {pid} ended"))?;
        if !self.quiet {
            write_ending(context, pid, ending, self.json)?;
            context.out.flush()?;
        }
        Ok(())
    }

    fn give_up(&self, left: &[Process]) -> anyhow::Result<Status> {
        /// How many are named.
        const FEW: usize = 5;
        match left {
            _ if self.quiet => Ok(Status::GaveUp),
            [one] => bail!(GaveUp(format!("{} still runs", super::describe(one.pid())))),
            _ => {
                let mut pids: Vec<String> = left.iter().take(FEW).map(|process| process.pid().to_string()).collect();
                pids.extend((left.len() > FEW).then(|| "…".to_owned()));
                bail!(GaveUp(format!("{} still run: {}", counted_processes(left.len()), pids.join(" "))))
            }
        }
    }
}

fn counted_processes(number: usize) -> String {
    counted(number as u64, "process")
}

fn write_ending(context: &mut Context, pid: i32, ending: Ending, json: bool) -> io::Result<()> {
    let out = &mut context.out;
    if !json {
        return match ending {
            Ending::Exited(status) => writeln!(out, "{pid} {status}"),
            Ending::Killed(signal) => writeln!(out, "{pid} {signal}"),
            Ending::Unknown => writeln!(out, "{pid} ended"),
        };
    }
    let (status, signal) = match ending {
        Ending::Exited(status) => (Cell::Number(status.into()), Cell::None),
        Ending::Killed(signal) => (Cell::None, Cell::shown(signal)),
        Ending::Unknown => (Cell::Unknown, Cell::Unknown),
    };
    write_object(out, &[("pid", Cell::Signed(pid.into())), ("status", status), ("signal", signal)])
}

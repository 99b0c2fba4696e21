//! `rsignal show`: everything about the signals of a process, and what one would do to it.

use std::io;

use anyhow::Context as _;
use clap::Args;

use super::rows::{COLUMNS, SignalRow};
use super::targets::{self, Operand, OperandParser};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::signal::{Action, Dispositions, Effect, Signal};
use crate::output::{Cell, Column, write_details, write_object, write_table};

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Processes: PID, PID:INODE, group:PGID, session:SID, tree:PID, name:COMMAND, match:REGEX, user:USER,
    /// cgroup:PATH, pidfile:PATH, @FILE or - for one a line
    #[arg(value_name = "TARGETS", value_parser = OperandParser, required = true)]
    targets: Vec<Operand>,

    /// Say what this signal would do
    #[arg(short, long, value_name = "SIG", default_value = "TERM", value_parser = args::signal)]
    signal: Signal,

    /// Show each thread, too
    #[arg(long)]
    threads: bool,

    /// Write a JSON object per process
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show the signals of a process, and what one would do to it";

    fn run(mut self, context: &mut Context) -> anyhow::Result<Status> {
        let targets = targets::all(std::mem::take(&mut self.targets))?;
        Ok(context.for_each(&targets, |context, target| {
            for process in targets::hold(target)? {
                let cannot = || format!("cannot look at {target}");
                let of = Dispositions::of(process.pid()).with_context(cannot)?;
                let threads =
                    if self.threads { Dispositions::of_threads(of.id).with_context(cannot)? } else { Vec::new() };
                let inode = process.inode().with_context(cannot)?;
                self.write(context, of, inode, threads)?;
            }
            Ok(())
        }))
    }
}

/// The columns of a thread; the others are the process's.
const OF_THREAD: [&str; 5] = ["pid", "command", "state", "own_pending", "blocked"];

impl Show {
    fn write(
        &self,
        context: &mut Context,
        of: Dispositions,
        inode: Option<u64>,
        threads: Vec<Dispositions>,
    ) -> io::Result<()> {
        let effect = sentence(&of, self.signal);
        let row = SignalRow::all(vec![of]).remove(0);
        let columns: Vec<&Column<_>> = COLUMNS.iter().filter(|column| column.name != "pending").collect();
        let mut fields: Vec<_> = columns.iter().map(|column| (column.name, (column.get)(&row))).collect();
        fields.insert(1, ("inode", Cell::or_none(inode, Cell::Number)));
        fields.push(("signal", Cell::shown(self.signal)));
        fields.push(("effect", Cell::shown(effect)));
        let columns: Vec<&Column<_>> = COLUMNS.iter().filter(|column| OF_THREAD.contains(&column.name)).collect();
        let rows = SignalRow::all(threads);
        if self.json {
            if self.threads {
                fields.retain(|(name, _)| *name != "threads");
                let cells = |row| columns.iter().map(|column| (column.name, (column.get)(row))).collect();
                fields.push(("threads", Cell::List(rows.iter().map(cells).collect())));
            }
            return write_object(&mut context.out, &fields);
        }
        write_details(&mut context.out, &fields)?;
        if rows.is_empty() { Ok(()) } else { write_table(&mut context.out, &columns, &rows, true) }
    }
}

/// What a signal would do to a process, and why perhaps nothing.
fn sentence(of: &Dispositions, signal: Signal) -> String {
    let is_pending = of.pending.union(of.shared).contains(signal);
    let more = if is_pending { "; one is pending" } else { "" };
    match of.effect(signal) {
        Effect::Ended => format!("{signal} does nothing: the process has ended, and waits for its parent to notice"),
        Effect::Ignored => format!("{signal} does nothing: the process ignores it"),
        Effect::Blocked => format!("{signal} waits: every thread of the process blocks it{more}"),
        Effect::Stopped => {
            format!("{signal} waits: the process is stopped, and takes signals when it goes on (CONT){more}")
        }
        Effect::Uninterruptible => {
            format!("{signal} waits: the process is in a system call that nothing interrupts (state D){more}")
        }
        Effect::Init => format!(
            "{signal} does nothing: the process is init of its pid namespace and has no handler for it (from outside KILL and STOP work)"
        ),
        Effect::Caught => format!("{signal} is caught: the handler of the process decides what happens"),
        Effect::Default(Action::Terminate) => format!("{signal} ends the process"),
        Effect::Default(Action::Core) => format!("{signal} ends the process and may leave a core dump"),
        Effect::Default(Action::Ignore) => format!("{signal} does nothing: that is its default action"),
        Effect::Default(Action::Stop) => format!("{signal} stops the process"),
        Effect::Default(Action::Continue) => format!("{signal} lets the process go on if it is stopped"),
    }
}

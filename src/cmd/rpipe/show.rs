//! `rpipe show`: everything about a pipe, and the pipeline around it.

use anyhow::Context as _;
use clap::Args;

use super::chain::{self, StageRow};
use super::target::{self, Target};
use crate::app::{Context, Verb};
use crate::cmd::rows::pipe::{COLUMNS, END_COLUMNS, EndRow, PipeRow};
use crate::cmd::rows::{self, user};
use crate::exit::Status;
use crate::ipc::pipe::inventory::{Chain, Inventory, Pipe};
use crate::output::{Cell, write_details, write_object};

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The pipes: PID:FD, PID, pipe:[INODE], or the path of a FIFO
    #[arg(value_name = "PIPES", value_parser = target::parse, required = true)]
    pipes: Vec<Target>,

    /// Write a JSON object per pipe
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about a pipe, and where its pipeline stalls";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let found = Inventory::read().context("cannot list processes")?;
        let status = context.for_each(&self.pipes, |context, target| {
            let pipes = target.find(&found).with_context(|| format!("cannot look at pipe {target}"))?;
            for &identity in &pipes {
                let unused = Pipe::unused(identity);
                self.write(context, &found, found.get(identity).unwrap_or(&unused))?;
            }
            if !self.json {
                let chain = match target.process(&found) {
                    Some(pid) => Chain::of_process(&found, pid),
                    None => Chain::around(&found, &pipes),
                };
                write_chain(context, &found, &chain)?;
            }
            Ok(())
        });
        user::tell_hidden(context, found.hidden + found.hidden_sleepers);
        Ok(status)
    }
}

impl Show {
    /// A pipe and its ends; in JSON the pipeline, too.
    fn write(&self, context: &mut Context, found: &Inventory, pipe: &Pipe) -> anyhow::Result<()> {
        let row = PipeRow::new(found, pipe);
        let ends = EndRow::all(found, pipe);
        let mut fields = rows::details(COLUMNS, &row, &[]);
        if !self.json {
            // The table below has them.
            fields.retain(|(name, _)| !["writers", "readers", "blocked"].contains(name));
            write_details(&mut context.out, &fields)?;
            return Ok(rows::write_records(context, END_COLUMNS, &ends)?);
        }
        let chain = Chain::around(found, &[pipe.identity]);
        let stages = StageRow::all(found, &chain);
        let stalls = chain.stalls.iter().map(|stall| Cell::shown(chain::explain(found, stall)));
        fields.push(("processes", rows::records(END_COLUMNS, &ends)));
        fields.push(("chain", rows::records(chain::COLUMNS, &stages)));
        fields.push(("stalls", Cell::List(stalls.map(|stall| vec![("stall", stall)]).collect())));
        Ok(write_object(&mut context.out, &fields)?)
    }
}

/// The pipeline, and where it stalls.
fn write_chain(context: &mut Context, found: &Inventory, chain: &Chain) -> anyhow::Result<()> {
    let stages = StageRow::all(found, chain);
    rows::write_records(context, chain::COLUMNS, &stages)?;
    let stalls: Vec<_> =
        chain.stalls.iter().map(|stall| ("stall", Cell::shown(chain::explain(found, stall)))).collect();
    Ok(write_details(&mut context.out, &stalls)?)
}

//! `rlock list`: who holds which lock, and who waits.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::quoted;
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::cmd::rows::lock::{COLUMNS, LockRow};
use crate::exit::Status;
use crate::ipc::lock::{FileId, inventory};

#[derive(Debug, Args)]
pub(super) struct List {
    /// Those of these files alone
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Those that this process holds or waits for
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Vec<i32>,

    #[command(flatten)]
    table: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List the locks that are held or waited for, and who waits for whom";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.table.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.table)?;
        let mut files: Vec<(FileId, &PathBuf)> = Vec::new();
        let status = context.for_each(&self.files, |_, path| {
            let file = FileId::of_path(path).with_context(|| format!("cannot look at {}", quoted(path)))?;
            files.push((file, path));
            Ok(())
        });
        if files.is_empty() && !self.files.is_empty() {
            return Ok(status);
        }
        let inventory = inventory().context("cannot read the locks")?;
        let mut all = LockRow::all(&inventory);
        all.retain_mut(|row| {
            let named = files.iter().find(|(file, _)| *file == row.lock.file);
            if let (Some((_, path)), None) = (named, &row.lock.path) {
                row.lock.path = Some((*path).clone());
            }
            let of_file = self.files.is_empty() || named.is_some();
            let of_process = self.pid.is_empty() || row.lock.holders.iter().any(|at| self.pid.contains(&at.pid));
            of_file && of_process
        });
        rows::write_list(context, &self.table, &columns, &all)?;
        Ok(status)
    }
}

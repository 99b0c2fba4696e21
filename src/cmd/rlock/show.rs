//! `rlock show`: everything about the locks of a file or a process.

use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::quoted;
use crate::app::{Context, Verb};
use crate::cmd::rows::lock::{HOLDER_COLUMNS, HolderRow, LockRow, device, tell_hidden};
use crate::cmd::rows::{records, write_records};
use crate::exit::Status;
use crate::ipc::lock::{FileId, Inventory, inventory};
use crate::output::{Cell, escape, write_details, write_object};
use crate::proc::process;
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The files
    #[arg(value_name = "FILE", required_unless_present = "pid")]
    files: Vec<PathBuf>,

    /// The locks of this process on any file
    #[arg(short, long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Vec<i32>,

    /// Write a JSON object for each
    #[arg(long)]
    json: bool,
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show the locks of a file or process, every holder and waiter, and circles of them";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let inventory = inventory().context("cannot read the locks")?;
        let of_files = context.for_each(&self.files, |context, path| {
            let file = FileId::of_path(path).with_context(|| format!("cannot look at {}", quoted(path)))?;
            let mut rows = LockRow::all(&inventory);
            rows.retain(|row| row.lock.file == file);
            for row in &mut rows {
                row.lock.path = Some(path.clone());
            }
            let fields = vec![
                ("path", Cell::Foreign(path.as_os_str().as_bytes().into())),
                ("device", Cell::shown(device(file.device))),
                ("inode", Cell::Number(file.inode)),
            ];
            self.write(context, &inventory, fields, rows)
        });
        let of_processes = context.for_each(&self.pid, |context, &pid| {
            let gone = || format!("cannot look at process {pid}");
            let command = process::command(pid).ok_or(errno::error(errno::ESRCH)).with_context(gone)?;
            let mut rows = LockRow::all(&inventory);
            rows.retain(|row| row.lock.holders.iter().any(|holder| holder.pid == pid));
            let fields = vec![("pid", Cell::Signed(pid.into())), ("command", Cell::Foreign(command.as_bytes().into()))];
            self.write(context, &inventory, fields, rows)
        });
        Ok(of_files.max(of_processes))
    }
}

impl Show {
    fn write(
        &self,
        context: &mut Context,
        inventory: &Inventory,
        fields: Vec<(&'static str, Cell<'_>)>,
        rows: Vec<LockRow>,
    ) -> anyhow::Result<()> {
        let is_here = |pid: &i32| rows.iter().any(|row| row.lock.holders.iter().any(|holder| holder.pid == *pid));
        let cycles: Vec<_> = inventory.cycles().into_iter().filter(|cycle| cycle.iter().any(is_here)).collect();
        let sentences: Vec<_> = cycles.iter().map(|cycle| sentence(cycle)).collect();
        tell_hidden(context, inventory, &rows);
        let locks = rows.len();
        let places = HolderRow::all(rows);
        let mut fields: Vec<(&'static str, Cell<'_>)> = fields;
        if self.json {
            fields.push(("locks", records(HOLDER_COLUMNS, &places)));
            let numbers = |cycle: &Vec<i32>| cycle.iter().map(|pid| u64::from(pid.unsigned_abs())).collect();
            let circles = cycles.iter().map(|cycle| vec![("processes", Cell::Numbers(numbers(cycle)))]).collect();
            fields.push(("cycles", Cell::List(circles)));
            return Ok(write_object(&mut context.out, &fields)?);
        }
        fields.push(("locks", Cell::Number(locks as u64)));
        fields.extend(sentences.into_iter().map(|sentence| ("cycle", Cell::shown(sentence))));
        write_details(&mut context.out, &fields)?;
        Ok(write_records(context, HOLDER_COLUMNS, &places)?)
    }
}

/// `10 (make) waits for 11 (cc), which waits for 10`.
fn sentence(cycle: &[i32]) -> String {
    let called = |pid: &i32| match process::command(*pid) {
        Some(command) => format!("{pid} ({})", escape(command.as_bytes())),
        None => pid.to_string(),
    };
    let last = cycle.first().map_or_else(String::new, ToString::to_string);
    let mut names: Vec<String> = cycle.iter().map(called).collect();
    names.push(last);
    let first = names.remove(0);
    format!("{first} waits for {}", names.join(", which waits for "))
}

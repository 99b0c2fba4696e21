//! `rfifo list`: the FIFOs below directories, or those that processes have open.

use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::quoted;
use super::rows::{COLUMNS, FifoRow, Found};
use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::exit::{Status, words};
use crate::ipc::fifo;
use crate::ipc::pipe::inventory::{Identity, Inventory, Pipe};

#[derive(Debug, Args)]
pub(super) struct List {
    /// Where to look, and below; other file systems are not entered
    #[arg(value_name = "DIRECTORIES", default_value = ".")]
    directories: Vec<PathBuf>,

    /// List all FIFOs that a process has open or sleeps in opening, wherever they are
    #[arg(long, conflicts_with = "directories")]
    open: bool,

    #[command(flatten)]
    output: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List the FIFOs below a directory, or all that are open";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.output.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.output)?;
        let (found, status) = if self.open {
            (open(&Inventory::read()?), Status::Done)
        } else {
            let mut files = Vec::new();
            let status =
                context.for_each(&self.directories, |context, directory| below(context, directory, &mut files));
            (with_processes(files)?, status)
        };
        if status != Status::Done && found.is_empty() {
            return Ok(status);
        }
        let rows = FifoRow::all(found);
        rows::write_list(context, &self.output, &columns, &rows)?;
        Ok(status)
    }
}

/// All that somebody has open.
fn open(inventory: &Inventory) -> Vec<Found> {
    let fifos = inventory.pipes.iter().filter_map(|pipe| Some((pipe.path.clone()?, pipe)));
    let file = |path: &Path, pipe: &Pipe| {
        // Another FIFO may be there by now, and the path is the one that the other process sees.
        fifo::look(path, fifo::Links::Follow).ok().filter(|file| fifo::identity(file) == pipe.identity)
    };
    let mut found: Vec<Found> = fifos.map(|(path, pipe)| (path.clone(), file(&path, pipe), pipe.clone())).collect();
    found.sort_by(|one, other| one.0.cmp(&other.0));
    found
}

/// The FIFOs of a directory and those below it; what cannot be read is told and passed over.
fn below(context: &mut Context, directory: &Path, found: &mut Vec<(PathBuf, Metadata)>) -> anyhow::Result<()> {
    let cannot = |path: &Path| format!("cannot look into {}", quoted(path));
    let explain = |error: io::Error| anyhow::Error::from(error).context(cannot(directory));
    let device = fs::metadata(directory).map_err(explain)?.dev();
    let mut next = vec![directory.to_owned()];
    let mut is_first = true;
    while let Some(here) = next.pop() {
        let mut entries = match fs::read_dir(&here) {
            Ok(entries) => entries.flatten().collect::<Vec<_>>(),
            Err(error) if is_first => return Err(explain(error)),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    context.note(&format!("{}: {}", cannot(&here), words(&error)));
                }
                continue;
            }
        };
        is_first = false;
        entries.sort_by_key(fs::DirEntry::file_name);
        let mut deeper = Vec::new();
        for entry in entries {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_fifo() {
                found.extend(entry.metadata().ok().map(|file| (entry.path(), file)));
            } else if kind.is_dir() && entry.metadata().is_ok_and(|file| file.dev() == device) {
                deeper.push(entry.path());
            }
        }
        next.extend(deeper.into_iter().rev());
    }
    Ok(())
}

/// Who is at these; nobody is asked where there are none.
fn with_processes(files: Vec<(PathBuf, Metadata)>) -> io::Result<Vec<Found>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let inventory = Inventory::read()?;
    let by_identity: HashMap<Identity, &Pipe> = inventory.pipes.iter().map(|pipe| (pipe.identity, pipe)).collect();
    let found = files.into_iter().map(|(path, file)| {
        let identity = fifo::identity(&file);
        let pipe = by_identity.get(&identity).map_or_else(|| Pipe::unused(identity), |pipe| (*pipe).clone());
        (path, Some(file), pipe)
    });
    Ok(found.collect())
}

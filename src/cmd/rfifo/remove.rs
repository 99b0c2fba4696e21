//! `rfifo remove`: remove FIFOs, and nothing else.

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::quoted;
use crate::app::{Context, Verb};
use crate::exit::Status;
use crate::ipc::fifo;

#[derive(Debug, Args)]
pub(super) struct Remove {
    /// The FIFOs
    #[arg(value_name = "PATHS", required = true)]
    paths: Vec<PathBuf>,

    /// A FIFO that does not exist is no failure
    #[arg(long)]
    if_exists: bool,
}

impl Verb for Remove {
    const NAME: &'static str = "remove";
    const ALIAS: Option<&'static str> = Some("rm");
    const ABOUT: &'static str = "Remove FIFOs and nothing else; whoever has one open keeps it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        Ok(context.for_each(&self.paths, |_, path| match fifo::remove(path) {
            Err(error) if self.if_exists && error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.with_context(|| format!("cannot remove {}", quoted(path))),
        }))
    }
}

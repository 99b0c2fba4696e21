//! `rfifo create`: make FIFOs and print their paths.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use nix::sys::stat::{Mode as Bits, umask};

use super::quoted;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::fifo::{self, Links};
use crate::ipc::{Mode, ModeChange};

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Where they shall be
    #[arg(value_name = "PATHS", required = true)]
    paths: Vec<PathBuf>,

    /// Permissions, octal (640) or as a change to 600 (g+r); the umask does not count
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Make the directories above them that are missing
    #[arg(short, long)]
    parents: bool,

    /// A FIFO that is there already is no failure, and stays as it is
    #[arg(long)]
    exist_ok: bool,
}

impl Verb for Create {
    const NAME: &'static str = "create";
    const ABOUT: &'static str = "Make FIFOs and print their paths";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let mode = self.mode.as_ref().map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE));
        Ok(context.for_each(&self.paths, |context, path| {
            self.make(path, mode).with_context(|| format!("cannot create FIFO {}", quoted(path)))?;
            Ok(context.out.foreign_line(path.as_os_str().as_bytes())?)
        }))
    }
}

impl Create {
    fn make(&self, path: &Path, mode: Mode) -> io::Result<()> {
        if let Some(parent) = path.parent().filter(|_| self.parents) {
            fs::create_dir_all(parent)?;
        }
        let before = umask(Bits::empty());
        let made = fifo::create(path, mode);
        umask(before);
        match made {
            // What is there must be what others would open.
            Err(error) if self.exist_ok && error.kind() == io::ErrorKind::AlreadyExists => {
                fifo::look(path, Links::Follow).map(drop)
            }
            made => made,
        }
    }
}

//! `rshm run`: memory for one command and what it starts, gone with them.

use std::ffi::OsString;
use std::fs::{File, Permissions};
use std::io::{self, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::Args;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::limits;
use crate::app::{Context, Verb};
use crate::args;
use crate::command::{Supervised, become_it, of_words};
use crate::exit::{Status, UsageError};
use crate::ipc::Mode;
use crate::ipc::shm::object::Object;
use crate::ipc::shm::sysv::{self, Shape};
use crate::ipc::shm::{Access, Segment, transfer};
use crate::sys::signal;

/// Where the memory's descriptor is put: behind those that scripts use by number.
const DESCRIPTOR: i32 = 10;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Bytes it shall have (4096, 64K, 1M)
    #[arg(short, long, value_parser = args::size, required_unless_present = "from")]
    size: Option<u64>,

    /// Fill it from a file; without --size it is as long as that
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Let nobody change it any more, neither content nor size
    #[arg(long, requires = "from", conflicts_with = "sysv")]
    seal: bool,

    /// A System V segment without a key instead of a memfd
    #[arg(long)]
    sysv: bool,

    /// The command: it has the name of the memory in RSHM and its size in RSHM_SIZE
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for Run {
    const NAME: &'static str = "run";
    const ABOUT: &'static str = "Run a command with memory that is gone when it has ended";
    const RUNS_COMMAND: bool = true;

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        if self.size == Some(0) {
            bail!(UsageError("shared memory has at least 1 byte".into()));
        }
        let content = self
            .from
            .as_ref()
            .map(|path| File::open(path).with_context(|| format!("cannot open '{}'", path.display())));
        let content = content.transpose()?;
        if self.sysv {
            let content = content.map(|content| self.memfd(Some(&content))).transpose();
            return self.with_segment(content.context("cannot hold the content")?.as_ref());
        }
        let memory = self.memfd(content.as_ref()).context("cannot make memory")?;
        if self.seal {
            let all = SealFlag::F_SEAL_SEAL | SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_WRITE;
            fcntl(&memory, FcntlArg::F_ADD_SEALS(all)).map_err(io::Error::from).context("cannot seal memory")?;
        }
        // F_DUPFD, unlike F_DUPFD_CLOEXEC, leaves the copy open for the command.
        let shared = fcntl(&memory, FcntlArg::F_DUPFD(DESCRIPTOR)).map_err(io::Error::from);
        let shared = shared.context("cannot pass memory on")?;
        let size = memory.metadata().context("cannot ask for the size of memory")?.len();
        Err(become_it(self.command(&format!("file:/dev/fd/{shared}"), size)))
    }
}

impl Run {
    /// Memory without a name, filled.
    fn memfd(&self, content: Option<&File>) -> anyhow::Result<File> {
        let _survived = signal::survive_file_limit();
        let memory = File::from(memfd_create(c"rshm", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?);
        memory.set_permissions(Permissions::from_mode(Mode::PRIVATE.bits().into()))?;
        let object = Object::from(memory.try_clone()?);
        if let Some(size) = self.size {
            // No file system limits it: room for it all at once could take all memory that there is. As a
            // segment does, it takes a page when that is touched.
            memory.set_len(size).map_err(|error| limits::explain_object(error, "/dev/shm/".as_ref(), Some(size)))?;
        }
        let Some(content) = content else { return Ok(memory) };
        let most = self.size.unwrap_or(u64::MAX);
        let filled = transfer::into_object(content.as_fd(), &object, 0, most, &mut |_| {})?;
        if filled == 0 && self.size.is_none() {
            bail!("the content is empty, and shared memory has at least 1 byte");
        }
        if filled == most && transfer::has_more(content.as_fd())? {
            bail!("the content has more than {most} bytes");
        }
        (&memory).rewind()?;
        Ok(memory)
    }

    /// Runs the command beside a segment that is marked for removal from its start: whatever ends us and
    /// all who have it attached, nothing is left.
    fn with_segment(&self, content: Option<&File>) -> anyhow::Result<Status> {
        let length = content.map(File::metadata).transpose().context("cannot ask for the size of the content")?;
        let size = length.map(|length| length.len()).or(self.size).unwrap_or(0);
        let shape = Shape { size, mode: Mode::PRIVATE, huge: None, reserve: true };
        let held = signal::hold_endings();
        let segment = sysv::Segment::create(None, &shape).map_err(|error| limits::explain_segment(error, &shape));
        let segment = segment.context("cannot make a segment")?;
        let memory = Segment::SystemV(segment).memory(0, size, Access::Write);
        segment.remove().with_context(|| format!("cannot mark segment {} for removal", segment.id()))?;
        drop(held);
        let memory = memory.with_context(|| format!("cannot attach segment {}", segment.id()))?;
        if let Some(content) = content {
            transfer::into_memory(content.as_fd(), &memory, &mut |_| {}).context("cannot fill a segment")?;
        }
        // As long as we have it attached, others can attach it by its identifier.
        let status = Supervised::start(self.command(&segment.id().to_string(), size))?.wait()?;
        drop(memory);
        Ok(status)
    }

    fn command(&self, name: &str, size: u64) -> Command {
        let mut command = of_words(&self.command);
        command.env("RSHM", name).env("RSHM_SIZE", size.to_string());
        command
    }
}

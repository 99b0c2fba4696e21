//! `rshm read`: bytes out of shared memory.

use anyhow::{Context as _, bail};
use clap::Args;

use super::{attach, check_part, explain, open, size_of};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{OutputError, Status};
use crate::ipc::Name;
use crate::ipc::shm::{Access, Memory, Segment, transfer};
use crate::output::HexDump;
use crate::sys::{errno, fd};

#[derive(Debug, Args)]
pub(super) struct Read {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// Begin at this byte
    #[arg(long, value_name = "SIZE", value_parser = args::size, default_value = "0")]
    offset: u64,

    /// Read this many bytes; without it, up to the end
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    length: Option<u64>,

    /// Write them as hexdump -C does
    #[arg(long)]
    hex: bool,

    /// Hand the pages themselves to a pipe: quicker, but what is written to them meanwhile shows
    #[arg(long, conflicts_with = "hex")]
    splice: bool,
}

impl Verb for Read {
    const NAME: &'static str = "read";
    const ABOUT: &'static str = "Write what is in it to standard output";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let segment = open(&self.name, Access::Read)?;
        let size = size_of(&self.name, &segment)?;
        let length = self.length.unwrap_or(size.saturating_sub(self.offset));
        check_part(&self.name, size, self.offset, length)?;
        if length == 0 {
            return Ok(Status::Done);
        }
        let memory = attach(&self.name, &segment, self.offset, length, Access::Read)?;
        if self.hex {
            self.dump(context, &segment, &memory)?;
        } else {
            self.copy(context, &segment, &memory)?;
        }
        Ok(Status::Done)
    }
}

impl Read {
    fn copy(&self, context: &mut Context, segment: &Segment, memory: &Memory) -> anyhow::Result<()> {
        let mut progress = context.progress(Some(memory.len() as u64));
        let copied = transfer::out_of_memory(memory, fd::stdout(), self.splice, &mut |done| progress.tell(done));
        drop(progress);
        match copied {
            Err(error) if errno::is(&error, errno::EFAULT) => Err(explain(error, &self.name, segment)),
            Err(error) if self.splice && errno::is(&error, errno::EBADF) => {
                bail!("standard output is no pipe: --splice has no place to hand pages to")
            }
            copied => copied.context(OutputError),
        }
    }

    fn dump(&self, context: &mut Context, segment: &Segment, memory: &Memory) -> anyhow::Result<()> {
        let mut dump = HexDump::at(self.offset);
        let mut buffer = vec![0; 64 * 1024];
        for offset in (0..memory.len()).step_by(buffer.len()) {
            let part = buffer.len().min(memory.len() - offset);
            let bytes = &mut buffer[..part];
            memory.copy_out(offset, bytes).map_err(|error| explain(error, &self.name, segment))?;
            dump.write(&mut context.out, bytes)?;
        }
        Ok(dump.finish(&mut context.out)?)
    }
}

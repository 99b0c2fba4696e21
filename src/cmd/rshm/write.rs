//! `rshm write`: bytes into shared memory.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Called, SEALED, attach, check_part, explain, limits, open, size_of};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{Status, UsageError};
use crate::ipc::Name;
use crate::ipc::shm::{Access, Memory, Segment, object, transfer};
use crate::output::counted;
use crate::sys::{errno, fd, signal};

#[derive(Debug, Args)]
pub(super) struct Write {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// What to write, as it stands; without it, or with -, standard input is written
    #[arg(conflicts_with = "fill")]
    text: Option<OsString>,

    /// Begin at this byte
    #[arg(long, value_name = "SIZE", value_parser = args::size, default_value = "0")]
    offset: u64,

    /// Write at most this many bytes
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    length: Option<u64>,

    /// Write this byte (0 to 255) instead, --length times or up to the end
    #[arg(long, value_name = "BYTE", value_parser = byte)]
    fill: Option<u8>,

    /// Make a POSIX object or a file longer where it is too short
    #[arg(long)]
    grow: bool,
}

/// A byte as a number, decimal or hexadecimal.
fn byte(text: &str) -> Result<u8, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u8::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|_| "a byte is a number from 0 to 255 or from 0x0 to 0xff".into())
}

impl Verb for Write {
    const NAME: &'static str = "write";
    const ABOUT: &'static str = "Write a text, standard input, or one byte many times";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.length.is_some() && self.text.as_ref().is_some_and(|text| text != "-") {
            bail!(UsageError("a text is written as it stands: --length is for standard input and --fill".into()));
        }
        let _survived = signal::survive_file_limit();
        let segment = open(&self.name, Access::Write)?;
        let size = size_of(&self.name, &segment)?;
        match (&self.text, self.fill) {
            (Some(text), _) if text != "-" => {
                let room = self.make_room(&segment, size, Some(text.len() as u64))?;
                if let Some(memory) = self.memory(&segment, room)? {
                    memory.copy_in(0, text.as_bytes()).map_err(|error| explain(error, &self.name, &segment))?;
                }
            }
            (_, Some(byte)) => {
                let length = self.length.unwrap_or(size.saturating_sub(self.offset));
                let room = self.make_room(&segment, size, Some(length))?;
                if let Some(memory) = self.memory(&segment, room)? {
                    let mut progress = context.progress(Some(length));
                    let filled = transfer::fill(&memory, byte, &mut |done| progress.tell(done));
                    filled.map_err(|error| explain(error, &self.name, &segment))?;
                }
            }
            _ => self.copy(context, &segment, size)?,
        }
        Ok(Status::Done)
    }
}

impl Write {
    /// Makes sure that so many bytes have room before the first is written: how many may be, where that
    /// shows only at their end.
    fn make_room(&self, segment: &Segment, size: u64, length: Option<u64>) -> anyhow::Result<u64> {
        let object = match segment {
            Segment::Object(object) if self.grow => object,
            Segment::SystemV(_) if self.grow => {
                bail!(UsageError("--grow is for POSIX objects and files: a System V segment keeps its size".into()))
            }
            _ => {
                check_part(&self.name, size, self.offset, length.unwrap_or(0))?;
                return Ok(length.unwrap_or_else(|| self.length.unwrap_or(u64::MAX).min(size - self.offset)));
            }
        };
        let Some(length) = length else { return Ok(self.length.unwrap_or(u64::MAX)) };
        let end = self.offset.checked_add(length).ok_or_else(|| errno::error(errno::EFBIG));
        let grown = end.and_then(|end| if end > size { object.resize(end) } else { Ok(()) });
        grown.map_err(|error| self.no_room(error, Some(length)).context(self.cannot()))?;
        Ok(length)
    }

    fn cannot(&self) -> String {
        format!("cannot write to {}", Called(&self.name))
    }

    fn no_room(&self, error: std::io::Error, length: Option<u64>) -> anyhow::Error {
        match object::path_of(&self.name) {
            Some(_) if errno::is(&error, errno::EPERM) => anyhow::Error::from(error).context(SEALED),
            Some(path) => limits::explain_object(error, &path, length),
            None => error.into(),
        }
    }

    /// What is to be written to; `None` for no byte, which cannot be mapped.
    fn memory(&self, segment: &Segment, length: u64) -> anyhow::Result<Option<Memory>> {
        let memory = || attach(&self.name, segment, self.offset, length, Access::Write);
        (length > 0).then(memory).transpose()
    }

    /// Copies standard input.
    fn copy(&self, context: &mut Context, segment: &Segment, size: u64) -> anyhow::Result<()> {
        let input = fd::stdin();
        let left = transfer::unread(input).context("cannot read standard input")?.map(|(_, left)| left);
        let length = left.map(|left| self.length.unwrap_or(u64::MAX).min(left));
        let most = self.make_room(segment, size, length)?;
        let mut done = 0;
        let mut progress = context.progress(length);
        let mut tell = |count| {
            done = count;
            progress.tell(count);
        };
        let copied = match segment {
            Segment::Object(object) => transfer::into_object(input, object, self.offset, most, &mut tell),
            Segment::SystemV(_) => match self.memory(segment, most)? {
                Some(memory) => transfer::into_memory(input, &memory, &mut tell),
                None => Ok(0),
            },
        };
        drop(progress);
        let written = |done| format!("{} written, then", counted(done, "byte"));
        let copied = copied.map_err(|error| self.no_room(error, None).context(written(done)).context(self.cannot()))?;
        if self.length.is_none() && copied == most && transfer::has_more(input).context("cannot read standard input")? {
            let end = format!("{} ends here and standard input goes on", Called(&self.name));
            bail!("{end}: {} written", counted(copied, "byte"));
        }
        Ok(())
    }
}

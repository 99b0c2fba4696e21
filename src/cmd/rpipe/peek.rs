//! `rpipe peek`: what lies unread in a pipe, and stays there.

use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, bail};
use clap::Args;
use nix::fcntl::{SpliceFFlags, tee};

use super::target::{self, Target};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::pipe::inventory::{self, Inventory};
use crate::ipc::pipe::{Pipe, capacity, resize};
use crate::output::{Cell, HexDump, escape, payload, write_object};
use crate::sys::{errno, fd};

#[derive(Debug, Args)]
pub(super) struct Peek {
    /// The pipe: PID:FD, PID where that has one, pipe:[INODE], or the path of a FIFO
    #[arg(value_parser = target::parse)]
    pipe: Target,

    /// Show at most SIZE bytes
    #[arg(short, long, value_name = "SIZE", value_parser = args::size)]
    size: Option<u64>,

    /// Write it as a dump: offset, bytes, text
    #[arg(long, conflicts_with = "json")]
    hex: bool,

    /// Write a JSON object with text or base64
    #[arg(long)]
    json: bool,
}

impl Verb for Peek {
    const NAME: &'static str = "peek";
    const ABOUT: &'static str = "Show what lies unread in a pipe, and leave it there";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let found = Inventory::read().context("cannot list processes")?;
        let cannot = || format!("cannot peek into pipe {}", self.pipe);
        let pipe = self.pipe.find_one(&found).with_context(cannot)?;
        let most = self.size.map_or(usize::MAX, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let seen = look(pipe, most).with_context(cannot)?;
        if self.hex {
            let mut dump = HexDump::at(0);
            dump.write(&mut context.out, &seen)?;
            dump.finish(&mut context.out)?;
        } else if self.json {
            let size = Cell::Number(seen.len() as u64);
            let fields = [("inode", Cell::Number(pipe.identity.inode())), ("size", size), payload(&seen)];
            write_object(&mut context.out, &fields)?;
        } else if fd::is_terminal(fd::stdout()) {
            for line in seen.split_inclusive(|&byte| byte == b'\n') {
                writeln!(context.out, "{}", escape(line.strip_suffix(b"\n").unwrap_or(line)))?;
            }
        } else {
            context.out.write_all(&seen)?;
        }
        Ok(Status::Done)
    }
}

/// A copy of what is in it: tee(2) into a pipe of our own.
fn look(pipe: &inventory::Pipe, most: usize) -> anyhow::Result<Vec<u8>> {
    let mut why = None;
    for end in pipe.readers() {
        let descriptor = match inventory::open(pipe.identity, end) {
            Ok(descriptor) => descriptor,
            Err(error) => {
                why.get_or_insert(error);
                continue;
            }
        };
        let copy = Pipe::new(false)?;
        // Else we see as much as our own takes.
        let _ = resize(&copy.writer, capacity(&descriptor)?);
        let seen = match tee(&descriptor, &copy.writer, most.min(i32::MAX as usize), SpliceFFlags::SPLICE_F_NONBLOCK) {
            Err(nix::Error::EAGAIN) => 0,
            seen => seen.map_err(io::Error::from)?,
        };
        let mut bytes = vec![0; seen];
        std::fs::File::from(copy.reader).read_exact(&mut bytes)?;
        return Ok(bytes);
    }
    match why {
        Some(error) if errno::is(&error, errno::ENXIO) => bail!("nobody reads it any more"),
        Some(error) => Err(error.into()),
        None => bail!("nobody has it open to read"),
    }
}

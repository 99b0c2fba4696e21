//! `rshm watch`: print what changes.

use std::io::Write as _;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{Called, attach, check_part, explain, open, size_of};
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::Name;
use crate::ipc::shm::{Access, Memory, Segment};
use crate::output::{Cell, counted, payload, write_object};
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// The memory: identifier (42), key (0x4b, key:75, ftok:PATH), POSIX name (/data) or file:PATH
    #[arg(value_parser = args::segment())]
    name: Name,

    /// Begin at this byte
    #[arg(long, value_name = "SIZE", value_parser = args::size, default_value = "0")]
    offset: u64,

    /// Watch this many bytes; without it, up to the end
    #[arg(long, value_name = "SIZE", value_parser = args::size)]
    length: Option<u64>,

    /// Look this often
    #[arg(short, long, value_name = "DURATION", value_parser = args::interval, default_value = "0.1")]
    interval: Duration,

    /// End after N changed ranges
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,

    /// End after DURATION (0.5, 10s, 2m), with status 124 unless --count was reached
    #[arg(short, long, value_name = "DURATION", value_parser = args::duration)]
    timeout: Option<Duration>,

    /// Write a JSON object per changed range
    #[arg(long)]
    json: bool,
}

impl Verb for Watch {
    const NAME: &'static str = "watch";
    const ABOUT: &'static str = "Print the ranges that change, and what is there now";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let segment = open(&self.name, Access::Read)?;
        let size = size_of(&self.name, &segment)?;
        let length = self.length.unwrap_or(size.saturating_sub(self.offset));
        check_part(&self.name, size, self.offset, length)?;
        if length == 0 {
            bail!("there is no byte to watch: {} has {}", Called(&self.name), counted(size, "byte"));
        }
        let memory = attach(&self.name, &segment, self.offset, length, Access::Read)?;
        let mut before = vec![0; memory.len()];
        self.look(&segment, &memory, &mut before)?;
        let (mut now, mut printed) = (before.clone(), 0);
        let started = Instant::now();
        let was_removed = segment.is_removed().unwrap_or(false);
        loop {
            let left = self.timeout.map(|limit| limit.saturating_sub(started.elapsed()));
            if left == Some(Duration::ZERO) {
                return Ok(Status::GaveUp);
            }
            thread::sleep(left.map_or(self.interval, |left| left.min(self.interval)));
            self.look(&segment, &memory, &mut now)?;
            for range in changed(&before, &now) {
                self.print(context, range.start, &now[range])?;
                printed += 1;
                if self.count == Some(printed) {
                    return Ok(Status::Done);
                }
            }
            context.out.flush()?;
            std::mem::swap(&mut before, &mut now);
            if !was_removed && segment.is_removed().unwrap_or(false) {
                return Err(errno::error(errno::EIDRM)).with_context(|| format!("cannot watch {}", Called(&self.name)));
            }
        }
    }
}

impl Watch {
    fn look(&self, segment: &Segment, memory: &Memory, bytes: &mut [u8]) -> anyhow::Result<()> {
        memory.copy_out(0, bytes).map_err(|error| explain(error, &self.name, segment))
    }

    fn print(&self, context: &mut Context, start: usize, bytes: &[u8]) -> std::io::Result<()> {
        let offset = self.offset + start as u64;
        if self.json {
            let size = Cell::Number(bytes.len() as u64);
            return write_object(&mut context.out, &[("offset", Cell::Number(offset)), ("size", size), payload(bytes)]);
        }
        write!(context.out, "{offset:08x} ")?;
        bytes.iter().try_for_each(|byte| write!(context.out, " {byte:02x}"))?;
        writeln!(context.out)
    }
}

/// Most of it is equal most of the time: blocks of this size are compared as wholes.
const BLOCK: usize = 4096;

/// The ranges in which two looks of the same length differ.
fn changed(before: &[u8], now: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (index, (old, new)) in before.chunks(BLOCK).zip(now.chunks(BLOCK)).enumerate() {
        if old == new {
            continue;
        }
        for at in (0..new.len()).filter(|&at| old[at] != new[at]).map(|at| index * BLOCK + at) {
            match ranges.last_mut() {
                Some(last) if last.end == at => last.end = at + 1,
                _ => ranges.push(at..at + 1),
            }
        }
    }
    ranges
}

//! `rmsgq peek`: look at messages and leave them where they are.

use anyhow::{Context as _, bail};
use clap::Args;

use super::inbox::{Inbox, label_of};
use crate::app::{Context, Verb};
use crate::args::{self, FramingOut};
use crate::exit::{GaveUp, OutputError, Status};
use crate::framing::Writer;
use crate::ipc::Name;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::Access;
use crate::ipc::msgq::sysv::HEADER;
use crate::sys::{errno, fd};

#[derive(Debug, Args)]
pub(super) struct Peek {
    /// The queue: identifier (42) or key (0x4b, key:75, ftok:PATH)
    #[arg(value_parser = args::queue())]
    name: Name,

    /// Begin with message N; the oldest is 0
    #[arg(short, long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=i64::from(i32::MAX)))]
    index: u32,

    /// Look at N messages
    #[arg(short, long, value_name = "N", default_value_t = 1, conflicts_with = "all")]
    count: u32,

    /// Look at all messages from there on
    #[arg(short, long)]
    all: bool,

    #[command(flatten)]
    framing: FramingOut,
}

impl Verb for Peek {
    const NAME: &'static str = "peek";
    const ABOUT: &'static str = "Look at messages without taking them (System V)";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let queue = super::open(&self.name, Access::Receive)?;
        let Queue::SystemV(system_v) = queue else {
            bail!("cannot peek into queue {}: the kernel shows a POSIX message only to who takes it", self.name);
        };
        let mut inbox = Inbox::new(queue, None)?;
        let mut writer = Writer::new(fd::stdout(), self.framing.framing(), label_of(&self.name));
        let last = if self.all { i32::MAX as u32 } else { self.index.saturating_add(self.count) };
        for index in self.index..last {
            let seen = inbox.with_room(|_, room| {
                writer.receive_with(HEADER, room, |slot| {
                    system_v.peek(slot, index).map(|seen| (seen.length, seen.kind.get()))
                })
            });
            match seen {
                Ok(()) if writer.is_full() => writer.flush().context(OutputError)?,
                Ok(()) => {}
                Err(error) if errno::is(&error, errno::ENOMSG) && self.all => break,
                Err(error) => {
                    writer.flush().context(OutputError)?;
                    return Err(self.explain(error, index));
                }
            }
        }
        writer.flush().context(OutputError)?;
        Ok(Status::Done)
    }
}

impl Peek {
    fn explain(&self, error: std::io::Error, index: u32) -> anyhow::Error {
        if errno::is(&error, errno::ENOMSG) {
            return GaveUp(format!("no message {index} in queue {}", self.name)).into();
        }
        let hint = match error.raw_os_error() {
            Some(errno::ENOSYS) => " (it takes CONFIG_CHECKPOINT_RESTORE)",
            Some(errno::EMSGSIZE) => " (no message longer than kernel.msgmax can be copied)",
            _ => "",
        };
        anyhow::Error::from(error).context(format!("cannot peek into queue {}{hint}", self.name))
    }
}

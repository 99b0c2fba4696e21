//! `rsock send-fd`: give open descriptors to another process.

use std::ffi::OsString;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, bail};
use clap::Args;

use super::listen::{place, setup};
use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs, TimeoutArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::ModeChange;
use crate::ipc::socket::{Address, Deadline, Socket, Type};
use crate::sys::{errno, fd, signal, socket as sys};

#[derive(Debug, Args)]
pub(super) struct SendFd {
    /// Where somebody takes them: unix:PATH, unix:@NAME, exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// The numbers of the descriptors, as they are open here: 0, 3 …
    #[arg(value_name = "FD", required = true, num_args = 1.., value_parser = clap::value_parser!(i32).range(0..))]
    descriptors: Vec<i32>,

    /// What to send with them; one NUL byte unless stated
    #[arg(long, value_name = "TEXT", value_parser = text)]
    message: Option<OsString>,

    /// Wait at the address for somebody who connects, instead of connecting
    #[arg(short, long)]
    listen: bool,

    /// Permissions of the socket's file with --listen, 0600 unless stated
    #[arg(short, long, value_parser = args::mode, requires = "listen")]
    mode: Option<ModeChange>,

    #[command(flatten)]
    reach: ReachArgs,
}

/// Something.
fn text(text: &str) -> Result<OsString, String> {
    if text.is_empty() { Err("at least one byte travels".into()) } else { Ok(text.into()) }
}

impl Verb for SendFd {
    const NAME: &'static str = "send-fd";
    const ABOUT: &'static str = "Give open descriptors to another process";

    fn run(self, _context: &mut Context) -> anyhow::Result<Status> {
        if let Address::Tcp(_) = self.address {
            bail!(UsageError("descriptors do not leave the machine".into()));
        }
        let most = sys::MOST_DESCRIPTORS;
        if self.descriptors.len() > most {
            bail!(UsageError(format!("one message carries {most} descriptors")));
        }
        let own = |&number| fd::duplicate_from(number, 3, true).with_context(|| format!("descriptor {number}"));
        let held: Vec<OwnedFd> = self.descriptors.iter().map(own).collect::<anyhow::Result<_>>()?;
        if self.listen {
            let socket = come(&self.address, self.reach.kind.kind, self.mode.as_ref(), self.reach.patience)?;
            self.give(&socket, &held)?;
        } else {
            super::converse(&self.address, &self.reach, |socket| self.give(&socket, &held))?;
        }
        Ok(Status::Done)
    }
}

impl SendFd {
    fn give(&self, socket: &Socket, held: &[OwnedFd]) -> anyhow::Result<()> {
        let message = self.message.as_ref().map_or(&b"\0"[..], |text| text.as_bytes());
        let borrowed: Vec<_> = held.iter().map(|fd| fd.as_fd()).collect();
        match socket.send_descriptors(message, &borrowed, Deadline::of(self.reach.patience.wait())) {
            Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.reach.patience.timeout.is_some() => {
                bail!(GaveUp(format!("{} took nothing until the timeout", self.address)))
            }
            sent => sent.with_context(|| format!("cannot send descriptors to {}", self.address)),
        }
    }
}

/// The one who comes to this address, where nobody else finds us then.
pub(super) fn come(
    address: &Address,
    kind: Type,
    mode: Option<&ModeChange>,
    patience: TimeoutArgs,
) -> anyhow::Result<Socket> {
    if kind == Type::Datagram {
        bail!(UsageError("nobody connects to a socket of datagrams".into()));
    }
    // The file shall go when a signal ends us.
    signal::catch_endings().context("cannot catch signals")?;
    let mut listener = place(address, kind, setup(mode, Some(1)))?;
    match listener.accept(Deadline::of(patience.wait())) {
        Err(error) if errno::is(&error, errno::ETIMEDOUT) && patience.timeout.is_some() => {
            bail!(GaveUp(format!("nobody came to {address} until the timeout")))
        }
        accepted => {
            listener.withdraw();
            accepted.with_context(|| format!("cannot accept at {address}"))
        }
    }
}

//! `rsock recv`: receive records one way.

use std::io;

use anyhow::{Context as _, anyhow};
use clap::Args;

use super::listen::setup;
use super::records::{self, Inbox};
use crate::app::{Context, Verb};
use crate::args::{self, FramingOut, ReachArgs};
use crate::exit::{GaveUp, Status};
use crate::framing::{Label, Line, Writer};
use crate::ipc::ModeChange;
use crate::ipc::socket::{Address, Deadline, Listener, Socket, Type};
use crate::output::counted;
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Recv {
    /// Where to connect, or, for datagrams, where they come to: unix:PATH, unix:@NAME, tcp:HOST:PORT,
    /// exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// End after N records; without it after one datagram, or at the end of the connection
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "follow")]
    count: Option<u64>,

    /// Take datagrams until a signal comes
    #[arg(short, long)]
    follow: bool,

    /// Permissions of the socket's file that datagrams come to, 0600 unless stated
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    #[command(flatten)]
    framing: FramingOut,

    #[command(flatten)]
    reach: ReachArgs,

    /// Do not say that nothing came; the status says it
    #[arg(short, long)]
    quiet: bool,
}

impl Verb for Recv {
    const NAME: &'static str = "recv";
    const ABOUT: &'static str = "Receive records and write them to standard output";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        super::check_type(&self.address, self.reach.kind.kind)?;
        let bind = self.reach.kind.kind == Type::Datagram && matches!(self.address, Address::Unix(_));
        let received = if bind {
            // The file shall go when a signal ends us.
            signal::catch_endings().context("cannot catch signals")?;
            let listener = Listener::new(&self.address, Type::Datagram, setup(self.mode.as_ref(), None))
                .with_context(|| format!("cannot receive at {}", self.address))?;
            self.receive(context, listener.socket())
        } else {
            super::converse(&self.address, &self.reach, |socket| self.receive(context, &socket))
        };
        match received {
            Err(error) if self.quiet && error.is::<GaveUp>() => Ok(Status::GaveUp),
            received => received.map(|()| Status::Done),
        }
    }
}

impl Recv {
    fn receive(&self, context: &mut Context, socket: &Socket) -> anyhow::Result<()> {
        let framing = self.framing.framing();
        if socket.kind() != Type::Stream {
            socket.ask_for_senders().context("cannot ask for the senders of packets")?;
        }
        let one = (socket.kind() == Type::Datagram && !self.follow).then_some(1);
        let most = self.count.or(one);
        let mut writer = records::output(framing, Label::Sender);
        let mut inbox = Inbox::new(socket, framing);
        let mut taken = 0;
        while most.is_none_or(|most| taken < most) {
            match inbox.take(&mut writer, Deadline::of(self.reach.patience.wait())) {
                Ok(true) => taken += 1,
                Ok(false) => break,
                Err(error) => return Err(self.explain(error)),
            }
            if let Err(error) = records::flush(&mut writer) {
                tell_lost(context, &writer, socket.kind());
                return Err(error);
            }
        }
        match self.count {
            Some(count) if taken < count => {
                let came = counted(taken, "record");
                Err(anyhow!("the connection to {} ended after {came} of {count}", self.address))
            }
            _ => Ok(()),
        }
    }

    fn explain(&self, error: io::Error) -> anyhow::Error {
        if errno::is(&error, errno::ETIMEDOUT) && self.reach.patience.timeout.is_some() {
            return GaveUp(format!("nothing came from {} until the timeout", self.address)).into();
        }
        anyhow::Error::from(error).context(format!("cannot receive from {}", self.address))
    }
}

/// Packets that were taken and that nobody read, as `send --json` takes them.
fn tell_lost(context: &mut Context, writer: &Writer<'_>, kind: Type) {
    if kind != Type::Stream {
        for (tag, record) in writer.undelivered() {
            context.note(&format!("lost: {}", Line::of(record, Label::Sender, tag)));
        }
    }
}

//! `rsock connect`: standard input and output become a conversation.

use clap::Args;

use super::records;
use super::talk::{Patience, Talk};
use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs};
use crate::exit::Status;
use crate::framing::{Framing, Label};
use crate::ipc::socket::{Address, Socket, Type};

#[derive(Debug, Args)]
pub(super) struct Connect {
    /// Where somebody listens: unix:PATH, unix:@NAME, tcp:HOST:PORT, exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    #[command(flatten)]
    framing: PacketFraming,

    /// End when the other side has ended its sending, whatever is left of standard input
    #[arg(short, long)]
    end_with_peer: bool,

    #[command(flatten)]
    reach: ReachArgs,
}

/// How packets are told apart on standard input and output.
#[derive(Debug, Clone, Copy, clap::Args)]
#[group(multiple = false)]
struct PacketFraming {
    /// Packets end with a NUL byte here, instead of the end of the line
    #[arg(short = '0', long)]
    null: bool,

    /// Packets are behind their length here: 4 bytes, most significant first
    #[arg(long)]
    length_prefixed: bool,

    /// Packets are JSON objects here, each on a line
    #[arg(long)]
    json: bool,
}

impl Verb for Connect {
    const NAME: &'static str = "connect";
    const ABOUT: &'static str = "Talk to a socket: standard input to it, and what it says to standard output";

    fn run(self, _context: &mut Context) -> anyhow::Result<Status> {
        super::converse(&self.address, &self.reach, |socket| self.talk(socket))
    }
}

impl Connect {
    fn talk(&self, socket: Socket) -> anyhow::Result<Status> {
        let framing = match (socket.kind(), self.framing) {
            (Type::Stream, _) => Framing::Whole,
            (_, PacketFraming { null: true, .. }) => Framing::Null,
            (_, PacketFraming { length_prefixed: true, .. }) => Framing::LengthPrefixed,
            (_, PacketFraming { json: true, .. }) => Framing::Json,
            _ => Framing::Lines,
        };
        if socket.kind() == Type::SeqPacket {
            // A packet without bytes would look like the end.
            socket.ask_for_senders()?;
        }
        let mut writer = records::output(framing, Label::Nothing);
        let patience = Patience::Idle(self.reach.patience.timeout);
        let talk = Talk { patience, ends_with_peer: self.end_with_peer, framing_in: framing };
        talk.run(socket, &mut writer, framing)?;
        Ok(Status::Done)
    }
}

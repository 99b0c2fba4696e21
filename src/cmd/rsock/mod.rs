//! `rsock`: sockets, on this machine and between machines. One file per verb.

use anyhow::{Context as _, bail};

use crate::app::{Tool, VerbEntry};
use crate::exit::{GaveUp, UsageError};
use crate::ipc::Wait;
use crate::ipc::socket::{Address, Deadline, Socket, Type};
use crate::sys::errno;

mod ask;
mod call;
mod connect;
mod list;
mod listen;
mod pair;
mod peer;
mod print;
mod records;
mod recv;
mod recv_fd;
mod rpc_server;
mod send;
mod send_fd;
mod serve;
mod show;
mod talk;
mod workers;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rsock",
    about: "Sockets from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<listen::Listen>(),
        VerbEntry::of::<send::Send>(),
        VerbEntry::of::<recv::Recv>(),
        VerbEntry::of::<connect::Connect>(),
        VerbEntry::of::<ask::Ask>(),
        VerbEntry::of::<call::Call>(),
        VerbEntry::of::<serve::Serve>(),
        VerbEntry::of::<send_fd::SendFd>(),
        VerbEntry::of::<recv_fd::RecvFd>(),
        VerbEntry::of::<pair::Pair>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<peer::Peer>(),
    ],
};

/// Connects, or says why not.
fn connect(address: &Address, kind: Type, wait: Wait) -> anyhow::Result<Socket> {
    check_type(address, kind)?;
    match Socket::connect(address, kind, Deadline::of(wait)) {
        Err(error) if errno::is(&error, errno::ETIMEDOUT) && wait != Wait::Forever => {
            bail!(GaveUp(format!("no connection to {address} until the timeout")))
        }
        connected => connected.with_context(|| format!("cannot connect to {address}")),
    }
}

/// Refuses what no kernel has.
fn check_type(address: &Address, kind: Type) -> anyhow::Result<()> {
    if matches!(address, Address::Tcp(_)) && kind != Type::Stream {
        bail!(UsageError(format!("tcp: is a stream; --type {kind} is for sockets of this machine")));
    }
    Ok(())
}

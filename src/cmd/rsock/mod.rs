//! `rsock`: sockets, on this machine and between machines. One file per verb.

use std::io;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::app::{Tool, VerbEntry};
use crate::args::ReachArgs;
use crate::exit::{GaveUp, UsageError};
use crate::ipc::signal::{self as signals, Signal};
use crate::ipc::socket::{Address, Deadline, Socket, Type};
use crate::sys::{errno, signal};

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

/// How soon an address is tried again where nobody listens yet.
const AGAIN: Duration = Duration::from_millis(5);

/// Connects, or says why not.
fn connect(address: &Address, reach: &ReachArgs) -> anyhow::Result<Socket> {
    let kind = reach.kind.kind;
    check_type(address, kind)?;
    let deadline = Deadline::of(reach.patience.wait());
    if let Address::Exec(_) = address {
        // Else its pid would be free for another process as soon as it ends.
        signal::keep_ended_children();
    }
    loop {
        match Socket::connect(address, kind, deadline) {
            Err(error) if errno::is(&error, errno::ETIMEDOUT) && deadline.left().is_some() => {
                bail!(GaveUp(format!("no connection to {address} until the timeout")))
            }
            Err(error) if reach.wait && is_nobody(&error) => match deadline.left() {
                Some(Duration::ZERO) => bail!(GaveUp(format!("nobody listened at {address} until the timeout"))),
                left => thread::sleep(left.unwrap_or(AGAIN).min(AGAIN)),
            },
            connected => return connected.with_context(|| format!("cannot connect to {address}")),
        }
    }
}

/// Connects and talks. The command of `exec:` ends by itself once it has been told all, but who gives up,
/// or is ended by a signal, ends it, too.
fn converse<T>(
    address: &Address,
    reach: &ReachArgs,
    talk: impl FnOnce(Socket) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let socket = connect(address, reach)?;
    let Some(command) = socket.command() else { return talk(socket) };
    signal::end_together(command).context("cannot catch signals")?;
    talk(socket).inspect_err(|_| drop(signals::send(command, Some(Signal::TERM))))
}

/// Whether it is only that nobody listens there.
fn is_nobody(error: &io::Error) -> bool {
    [errno::ENOENT, errno::ECONNREFUSED].iter().any(|&code| errno::is(error, code))
}

/// Refuses what no kernel has.
fn check_type(address: &Address, kind: Type) -> anyhow::Result<()> {
    if matches!(address, Address::Tcp(_)) && kind != Type::Stream {
        bail!(UsageError(format!("tcp: is a stream; --type {kind} is for sockets of this machine")));
    }
    Ok(())
}

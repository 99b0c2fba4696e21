//! `rsock peer`: who is at the other end.

use anyhow::{Context as _, bail};
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs};
use crate::exit::{Status, UsageError};
use crate::ipc::socket::inventory::{self, Name};
use crate::ipc::socket::{Address, Socket};
use crate::ipc::users::{Database, Names};
use crate::output::{Cell, escape, write_details, write_object};
use crate::proc::process;
use crate::sys::errno;

#[derive(Debug, Args)]
pub(super) struct Peer {
    /// Where to connect (unix:PATH, unix:@NAME, tcp:HOST:PORT), or fd:N for what is open here; standard input
    /// unless stated
    #[arg(value_parser = args::address())]
    address: Option<Address>,

    #[command(flatten)]
    reach: ReachArgs,

    /// Write a JSON object
    #[arg(long)]
    json: bool,
}

impl Verb for Peer {
    const NAME: &'static str = "peer";
    const ABOUT: &'static str = "Show who is at the other end of a connection";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let socket = match &self.address {
            None => match Socket::inherited(0) {
                Err(error) if !errno::is(&error, errno::EMFILE) => {
                    bail!(UsageError("standard input is no socket: name an address".into()))
                }
                opened => opened.context("cannot look at standard input")?,
            },
            Some(address) => super::connect(address, &self.reach)?,
        };
        let fields = if socket.is_unix() { local(&socket)? } else { remote(&socket)? };
        if self.json {
            write_object(&mut context.out, &fields)?;
        } else {
            write_details(&mut context.out, &fields)?;
        }
        Ok(Status::Done)
    }
}

/// What the kernel keeps of the other end on this machine.
fn local(socket: &Socket) -> anyhow::Result<Vec<(&'static str, Cell<'static>)>> {
    let peer = socket.peer().context("cannot ask for the other end")?;
    let users = Names::of(Database::Users, [peer.uid]);
    let groups = Names::of(Database::Groups, [peer.gid]);
    let name = |names: &Names, number: u32| {
        let known = names.get(number).map(|name| Cell::Foreign(name.as_bytes().to_vec().into()));
        known.unwrap_or_else(|| Cell::shown(number))
    };
    let command = process::command(peer.pid);
    Ok(vec![
        ("pid", if peer.pid == 0 { Cell::Unknown } else { Cell::Signed(peer.pid.into()) }),
        ("command", command.map_or(Cell::Gone, |name| Cell::Foreign(name.into_bytes().into()))),
        ("user", name(&users, peer.uid)),
        ("uid", Cell::Number(peer.uid.into())),
        ("group", name(&groups, peer.gid)),
        ("gid", Cell::Number(peer.gid.into())),
        ("groups", Cell::Numbers(peer.groups.iter().map(|&group| group.into()).collect())),
        ("process", Cell::or_none(peer.pidfd_inode, |inode| Cell::shown(format!("{}:{inode}", peer.pid)))),
        ("address", address(socket)),
    ])
}

/// Of TCP, the address; and the process, where that is on this machine and we may see it.
fn remote(socket: &Socket) -> anyhow::Result<Vec<(&'static str, Cell<'static>)>> {
    let Some(address) = socket.peer_address() else { bail!("the socket is not connected") };
    let sockets = inventory::tcp().context("cannot list sockets")?;
    let is_it = |name: Option<&Name>| name.is_some_and(|name| name.to_bytes() == address.as_bytes());
    let own = socket.own_address();
    let ours = |name: Option<&Name>| {
        name.is_some_and(|name| Some(name.to_bytes()) == own.as_ref().map(|own| own.clone().into_bytes()))
    };
    let other = sockets.iter().find(|socket| is_it(socket.name.as_ref()) && ours(socket.peer_name.as_ref()));
    let holders = match other {
        Some(other) => inventory::holders().context("cannot look at the processes")?.0.remove(&other.inode),
        None => None,
    };
    let words = |holder: &inventory::Holder| {
        format!("{}:{} {}", holder.pid, holder.descriptor, escape(holder.command.as_bytes()))
    };
    let holders: Vec<String> = holders.unwrap_or_default().iter().map(words).collect();
    let short = holders.join(", ");
    let uid = other.and_then(|other| other.uid);
    Ok(vec![
        ("address", Cell::Foreign(address.into_bytes().into())),
        ("uid", Cell::or_none(uid, |uid| Cell::Number(uid.into()))),
        ("holders", Cell::Words(holders, short)),
    ])
}

fn address(socket: &Socket) -> Cell<'static> {
    Cell::or_none(socket.peer_address(), |address| Cell::Foreign(address.into_bytes().into()))
}

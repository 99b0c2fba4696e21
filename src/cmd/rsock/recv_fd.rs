//! `rsock recv-fd`: take open descriptors from another process.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, bail};
use clap::Args;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::listen::setup;
use super::send_fd::come;
use super::workers::tell_peer;
use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs};
use crate::command::{become_it, of_words};
use crate::exit::{GaveUp, Status, UsageError};
use crate::ipc::ModeChange;
use crate::ipc::socket::{Address, Deadline, Listener, Packet, Socket, Type};
use crate::output::Align::Left;
use crate::output::{Cell, Column, column, payload, write_object, write_table};
use crate::sys::{errno, fd, signal, socket as sys};

#[derive(Debug, Args)]
pub(super) struct RecvFd {
    /// Where somebody sends them to: unix:PATH, unix:@NAME, or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// Connect to the address, instead of waiting there
    #[arg(short, long)]
    connect: bool,

    /// Permissions of the socket's file, 0600 unless stated
    #[arg(short, long, value_parser = args::mode, conflicts_with = "connect")]
    mode: Option<ModeChange>,

    #[command(flatten)]
    reach: ReachArgs,

    /// Write what came as a JSON object
    #[arg(long, conflicts_with = "command")]
    json: bool,

    /// Become this command: it has the descriptors from 3 on, LISTEN_FDS and LISTEN_PID as sd_listen_fds(3)
    /// reads them, and RSOCK_MESSAGE in its environment
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Verb for RecvFd {
    const NAME: &'static str = "recv-fd";
    const ABOUT: &'static str = "Take open descriptors from another process, for a command";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        match self.receive(context) {
            // With a command, a failure of ours is not to be mistaken for one of the command's.
            Err(error) if !self.command.is_empty() && signal::caught().is_none() => Ok(context.report(&error).of_run()),
            done => done,
        }
    }
}

impl RecvFd {
    fn receive(&self, context: &mut Context) -> anyhow::Result<Status> {
        if let Address::Tcp(_) = self.address {
            bail!(UsageError("descriptors do not leave the machine".into()));
        }
        if self.is_bound() {
            signal::catch_endings().context("cannot catch signals")?;
            let bound = Listener::new(&self.address, Type::Datagram, setup(self.mode.as_ref(), None))
                .with_context(|| format!("cannot receive at {}", self.address))?;
            return self.receive_from(context, bound.socket());
        }
        let is_open = matches!(self.address, Address::Descriptor(number) if !listens(number)?);
        if self.connect || is_open {
            return super::converse(&self.address, &self.reach, |socket| self.receive_from(context, &socket));
        }
        let socket = come(&self.address, self.reach.kind.kind, self.mode.as_ref(), self.reach.patience)?;
        self.receive_from(context, &socket)
    }

    /// Whether datagrams come to a place that we make.
    fn is_bound(&self) -> bool {
        !self.connect && self.reach.kind.kind == Type::Datagram && matches!(self.address, Address::Unix(_))
    }

    fn receive_from(&self, context: &mut Context, socket: &Socket) -> anyhow::Result<Status> {
        let mut message = vec![0; 64 * 1024];
        let packet = self.take(socket, &mut message)?;
        message.truncate(packet.length);
        if self.command.is_empty() {
            show(context, self.json, &message, &packet.descriptors)?;
            return Ok(Status::Done);
        }
        let mut command = of_words(&self.command);
        command.env("RSOCK_MESSAGE", OsStr::from_bytes(message.strip_suffix(b"\0").unwrap_or(&message)));
        tell_peer(&mut command, socket);
        if self.is_bound() {
            fs::remove_file(self.path()).ok();
        }
        hand_over(&mut command, packet.descriptors).context("cannot hand the descriptors over")?;
        Err(become_it(command))
    }

    fn path(&self) -> &std::path::Path {
        match &self.address {
            Address::Unix(crate::ipc::socket::UnixName::Path(path)) => path,
            _ => std::path::Path::new(""),
        }
    }

    /// One message and its descriptors.
    fn take(&self, socket: &Socket, message: &mut [u8]) -> anyhow::Result<Packet> {
        let packet = match socket.take_descriptors(message, Deadline::of(self.reach.patience.wait())) {
            Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.reach.patience.timeout.is_some() => {
                bail!(GaveUp(format!("nothing came to {} until the timeout", self.address)))
            }
            taken => taken.with_context(|| format!("cannot receive descriptors at {}", self.address))?,
        };
        match packet {
            Some(packet) if packet.descriptors_lost => {
                bail!("not all descriptors fit into this process: Too many open files (RLIMIT_NOFILE)")
            }
            Some(packet) if !packet.descriptors.is_empty() => Ok(packet),
            Some(_) => bail!("what came to {} brought no descriptor", self.address),
            None => bail!("the other side at {} left without sending a descriptor", self.address),
        }
    }
}

fn listens(number: i32) -> anyhow::Result<bool> {
    Ok(Socket::inherited(number).with_context(|| format!("descriptor {number}"))?.is_listening())
}

/// Puts the descriptors at 3 and on, where sd_listen_fds(3) looks for them.
fn hand_over(command: &mut std::process::Command, descriptors: Vec<OwnedFd>) -> std::io::Result<()> {
    let count = i32::try_from(descriptors.len()).map_err(std::io::Error::other)?;
    // First out of the way of each other.
    let above: Vec<OwnedFd> =
        descriptors.iter().map(|fd| fd::duplicate_from(fd.as_raw_fd(), 3 + count, true)).collect::<Result<_, _>>()?;
    // What stands there, ours included, is not needed any more.
    std::mem::forget(descriptors);
    for (number, fd) in (3..).zip(&above) {
        sys::place(fd, number)?;
    }
    command.env("LISTEN_FDS", count.to_string()).env("LISTEN_PID", std::process::id().to_string());
    command.env("LISTEN_FDNAMES", vec!["received"; above.len()].join(":"));
    // They are closed on exec; an error before that ends us, too.
    std::mem::forget(above);
    Ok(())
}

/// A descriptor that came.
struct Received {
    target: Vec<u8>,
    access: &'static str,
}

static COLUMNS: &[Column<Received>] = &[
    column("access", "what may be done through it", Left, |row: &Received| Cell::text(row.access)),
    column("target", "what it is open on", Left, |row| Cell::Foreign(row.target.as_slice().into())),
];

/// Tells what came; the descriptors are closed then.
fn show(context: &mut Context, json: bool, message: &[u8], descriptors: &[OwnedFd]) -> anyhow::Result<()> {
    let rows: Vec<Received> = descriptors.iter().map(look).collect();
    if !json {
        return Ok(write_table(&mut context.out, &COLUMNS.iter().collect::<Vec<_>>(), &rows, true)?);
    }
    let cells = |row| COLUMNS.iter().map(|column| (column.name, (column.get)(row))).collect();
    let list = Cell::List(rows.iter().map(cells).collect());
    Ok(write_object(&mut context.out, &[payload(message), ("descriptors", list)])?)
}

fn look(fd: &OwnedFd) -> Received {
    let target = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd())).unwrap_or_default();
    let flags = fcntl(fd, FcntlArg::F_GETFL).map_or(OFlag::empty(), OFlag::from_bits_truncate);
    let access = match flags & OFlag::O_ACCMODE {
        OFlag::O_WRONLY => "write",
        OFlag::O_RDWR => "both",
        _ => "read",
    };
    Received { target: target.as_os_str().as_bytes().to_vec(), access }
}

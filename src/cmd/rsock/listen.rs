//! `rsock listen`: a place where others connect.

use std::ffi::OsString;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;

use super::print::Printer;
use super::workers::Server;
use crate::app::{Context, Verb};
use crate::args::{self, FramingOut, TimeoutArgs, TypeArgs};
use crate::exit::{Status, UsageError};
use crate::ipc::socket::{Address, Listener, Setup, Type};
use crate::ipc::{Mode, ModeChange};
use crate::output::escape;
use crate::sys::signal;

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Listen {
    /// The place: unix:PATH, unix:@NAME, tcp:HOST:PORT or fd:N; without one the sockets that were
    /// handed over to us (LISTEN_FDS)
    #[arg(value_parser = args::address())]
    address: Option<Address>,

    #[command(flatten)]
    kind: TypeArgs,

    #[command(flatten)]
    place: PlaceArgs,

    /// Accept one connection, or take one datagram; from then on nobody finds the place
    #[arg(long)]
    once: bool,

    /// Print 'ready ADDRESS' first, once others can connect
    #[arg(short, long)]
    ready: bool,

    #[command(flatten)]
    framing: FramingOut,

    #[command(flatten)]
    patience: TimeoutArgs,

    /// Run up to N commands at a time, 64 unless stated; other connections wait
    #[arg(short, long, value_name = "N", requires = "exec", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// Run this command for each connection instead of printing what comes: the connection is its standard
    /// input and output, and RSOCK_CONNECTION, RSOCK_PEER, RSOCK_PID, RSOCK_UID and RSOCK_GID are in its
    /// environment. Ends the options: all that follows belongs to it
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, conflicts_with_all = ["lines", "null", "raw", "length_prefixed", "json"])]
    exec: Vec<OsString>,
}

/// The place where others find us.
#[derive(Debug, Args)]
pub(super) struct PlaceArgs {
    /// Permissions of the socket's file, octal or symbolic: 0600 unless stated
    #[arg(short, long, value_parser = args::mode)]
    mode: Option<ModeChange>,

    /// Let N connections wait to be accepted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    backlog: Option<u16>,
}

impl PlaceArgs {
    pub(super) fn setup(&self) -> Setup {
        setup(self.mode.as_ref(), self.backlog)
    }
}

/// How a place is made that the options do not say otherwise.
pub(super) fn setup(mode: Option<&ModeChange>, backlog: Option<u16>) -> Setup {
    let mode = mode.map_or(Mode::PRIVATE, |change| change.apply(Mode::PRIVATE));
    Setup { mode, backlog: backlog.unwrap_or(4096) }
}

/// The place that an address names, or why it cannot be had.
pub(super) fn place(address: &Address, kind: Type, setup: Setup) -> anyhow::Result<Listener> {
    super::check_type(address, kind)?;
    if let Address::Exec(_) = address {
        bail!(UsageError("nobody can connect to exec:".into()));
    }
    let listener = Listener::new(address, kind, setup).with_context(|| format!("cannot listen at {address}"))?;
    if listener.socket().kind() != Type::Datagram && !listener.socket().is_listening() {
        bail!(UsageError(format!("{address} does not listen: 'rsock recv' reads from a connection")));
    }
    Ok(listener)
}

impl Verb for Listen {
    const NAME: &'static str = "listen";
    const ABOUT: &'static str = "Accept connections: print what comes, or run a command for each";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        // What we made shall go when a signal ends us.
        signal::catch_endings().context("cannot catch signals")?;
        let listeners = self.listeners()?;
        if self.ready {
            for listener in &listeners {
                let address = listener.socket().own_address().unwrap_or_else(|| "unix:".into());
                writeln!(context.out, "ready {}", escape(address.as_bytes()))?;
            }
            context.out.flush()?;
        }
        if self.exec.is_empty() {
            let mut printer = Printer::new(listeners, self.framing.framing(), self.patience.timeout, self.once);
            return printer.serve(context).map(|()| Status::Done);
        }
        let jobs = usize::from(self.jobs.unwrap_or(64));
        Server::new(listeners, self.exec, jobs, self.patience.timeout).serve(context, self.once)
    }
}

impl Listen {
    fn listeners(&self) -> anyhow::Result<Vec<Listener>> {
        if let Some(address) = &self.address {
            return Ok(vec![place(address, self.kind.kind, self.place.setup())?]);
        }
        let handed_over = Listener::handed_over().context("cannot use the sockets of LISTEN_FDS")?;
        if handed_over.is_empty() {
            bail!(UsageError("no socket was handed over (LISTEN_FDS): name an address".into()));
        }
        Ok(handed_over)
    }
}

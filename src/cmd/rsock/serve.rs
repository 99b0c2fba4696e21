//! `rsock serve`: commands as the methods of a JSON-RPC server.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use super::listen::{PlaceArgs, place};
use super::rpc_server::Server;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::{Status, UsageError};
use crate::ipc::Wait;
use crate::ipc::socket::{Address, Deadline, Type};
use crate::output::escape;
use crate::sys::{errno, signal};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The place: unix:PATH, unix:@NAME, tcp:HOST:PORT or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// A method and the shell command that does it, add='jq add': the params are its standard input, what it
    /// prints is the result, and RSOCK_METHOD, RSOCK_ID and RSOCK_PEER are in its environment
    #[arg(long, value_name = "NAME=COMMAND", required = true)]
    method: Vec<OsString>,

    /// Run up to N commands at a time; other calls wait
    #[arg(short, long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,

    #[command(flatten)]
    place: PlaceArgs,

    /// Accept one connection, and end with it
    #[arg(long)]
    once: bool,

    /// Print 'ready ADDRESS' first, once others can connect
    #[arg(short, long)]
    ready: bool,
}

impl Verb for Serve {
    const NAME: &'static str = "serve";
    const ABOUT: &'static str = "Answer JSON-RPC calls with the output of commands";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let server = Arc::new(Server::new(self.methods()?, usize::from(self.jobs)));
        // What we made shall go when a signal ends us.
        signal::catch_endings().context("cannot catch signals")?;
        let mut listener = place(&self.address, Type::Stream, self.place.setup())?;
        if self.ready {
            let address = listener.socket().own_address().unwrap_or_else(|| "unix:".into());
            writeln!(context.out, "ready {}", escape(address.as_bytes()))?;
            context.out.flush()?;
        }
        loop {
            let socket = match listener.accept(Deadline::of(Wait::Forever)) {
                // There may be room again later.
                Err(error) if [errno::EMFILE, errno::ENOMEM].iter().any(|&code| errno::is(&error, code)) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                    continue;
                }
                accepted => accepted.context("cannot accept")?,
            };
            if self.once {
                listener.withdraw();
                return server.talk_once(socket).context("cannot talk").map(|()| Status::Done);
            }
            server.begin(socket, context);
        }
    }
}

impl Serve {
    /// The commands, by their methods.
    fn methods(&self) -> anyhow::Result<BTreeMap<String, OsString>> {
        let mut methods = BTreeMap::new();
        for text in &self.method {
            let bytes = text.as_bytes();
            let equals = bytes.iter().position(|&byte| byte == b'=').filter(|&at| at > 0 && at + 1 < bytes.len());
            let name = equals.and_then(|at| OsStr::from_bytes(&bytes[..at]).to_str());
            let (Some(at), Some(name)) = (equals, name) else {
                bail!(UsageError(format!("'{}' is not NAME=COMMAND", escape(bytes))));
            };
            if methods.insert(name.to_owned(), OsString::from_vec(bytes[at + 1..].to_vec())).is_some() {
                bail!(UsageError(format!("method '{}' is there twice", escape(name.as_bytes()))));
            }
        }
        Ok(methods)
    }
}

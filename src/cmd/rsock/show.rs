//! `rsock show`: everything about a socket, and who has it.

use std::ffi::OsStr;
use std::io;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::TypedValueParser;

use crate::app::{Context, Verb};
use crate::cmd::rows;
use crate::cmd::rows::socket::{COLUMNS, SocketRow};
use crate::cmd::rows::user::{self, UserRow};
use crate::exit::{Status, UsageError};
use crate::ipc::User;
use crate::ipc::socket::inventory::{self, Inventory, Name, Status as Socket};
use crate::ipc::socket::{Address, UnixName};

#[derive(Debug, Args)]
pub(super) struct Show {
    /// The sockets: unix:PATH, unix:@NAME, tcp:HOST:PORT, PID:FD or inode:N
    #[arg(value_name = "SOCKET", value_parser = TargetParser, required = true)]
    sockets: Vec<Target>,

    /// Write a JSON object per socket
    #[arg(long)]
    json: bool,
}

/// Which sockets.
#[derive(Debug, Clone)]
enum Target {
    /// All that have this address.
    Address(Address),
    /// What a process has under this number.
    Descriptor(i32, i32),
    Inode(u64),
}

#[derive(Debug, Clone)]
struct TargetParser;

impl TypedValueParser for TargetParser {
    type Value = Target;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Target, clap::Error> {
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        let short = value.to_str().and_then(|text| text.split_once(':')).and_then(|(what, rest)| {
            if what == "inode" {
                return number(rest).map(Target::Inode);
            }
            let (pid, descriptor) = (i32::try_from(number(what)?).ok()?, i32::try_from(number(rest)?).ok()?);
            Some(Target::Descriptor(pid, descriptor))
        });
        match short {
            Some(target) => Ok(target),
            None => crate::args::address().parse_ref(command, argument, value).map(Target::Address),
        }
    }
}

impl Verb for Show {
    const NAME: &'static str = "show";
    const ABOUT: &'static str = "Show everything about a socket, and who has it";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let inventory = Inventory::new().context("cannot list sockets")?;
        // That one may have it whom we may not look at is worth a word where nobody is seen to have it.
        let mut is_nobodys = false;
        let status = context.for_each(&self.sockets, |context, target| {
            let sockets = target.sockets(&inventory)?;
            for row in SocketRow::all(&inventory, sockets) {
                is_nobodys |= row.holders.is_empty();
                let fields = rows::details(COLUMNS, &row, &[]);
                let holders = row.holders.iter().map(|holder| User {
                    pid: holder.pid,
                    command: holder.command.clone(),
                    uid: holder.uid,
                    how: holder.descriptor,
                });
                let users = UserRow::all(holders.collect(), |descriptor| format!("descriptor {descriptor}"));
                rows::write_object_and_users(context, self.json, fields, user::COLUMNS, &users)?;
            }
            Ok(())
        });
        if is_nobodys {
            user::tell_hidden(context, inventory.hidden);
        }
        Ok(status)
    }
}

impl Target {
    /// Those that are meant, of which there is at least one.
    fn sockets<'a>(&self, inventory: &'a Inventory) -> anyhow::Result<Vec<&'a Socket>> {
        let none = || io::Error::from(io::ErrorKind::NotFound);
        let (found, what) = match self {
            Self::Address(address) => (named(inventory, address)?, address.to_string()),
            Self::Inode(inode) => (inventory.socket(*inode).into_iter().collect(), format!("inode {inode}")),
            Self::Descriptor(pid, descriptor) => {
                let what = format!("descriptor {descriptor} of process {pid}");
                let inode = inventory::inode_of(*pid, *descriptor).with_context(|| format!("cannot look at {what}"))?;
                (inode.and_then(|inode| inventory.socket(inode)).into_iter().collect(), what)
            }
        };
        if found.is_empty() {
            return Err(none()).with_context(|| format!("no socket of this network namespace is {what}"));
        }
        Ok(found)
    }
}

/// The sockets that have an address.
fn named<'a>(inventory: &'a Inventory, address: &Address) -> anyhow::Result<Vec<&'a Socket>> {
    // Whatever the processes call it, the file is the same; one that is removed has only its name left.
    if let Address::Unix(UnixName::Path(path)) = address
        && let Some(file) = inventory::file_of(path)
    {
        return Ok(inventory.sockets.iter().filter(|socket| socket.file == Some(file)).collect());
    }
    let is_it: Box<dyn Fn(&Name) -> bool> = match address {
        Address::Unix(wanted) => Box::new(move |name| matches!(name, Name::Unix(name) if name == wanted)),
        Address::Tcp(wanted) => {
            let any = wanted.host == "*";
            let numbers = wanted.addresses().with_context(|| format!("cannot look for {address}"))?;
            let port = wanted.port;
            Box::new(move |name| match name {
                Name::Tcp(own) if any => own.port() == port,
                // One that takes all addresses of this machine takes this one, too.
                Name::Tcp(own) => numbers.contains(own) || (own.ip().is_unspecified() && own.port() == port),
                Name::Unix(_) => false,
            })
        }
        Address::Exec(_) | Address::Descriptor(_) => {
            bail!(UsageError("unix:PATH, unix:@NAME, tcp:HOST:PORT, PID:FD or inode:N is shown".into()))
        }
    };
    Ok(inventory.sockets.iter().filter(|socket| socket.name.as_ref().is_some_and(&is_it)).collect())
}

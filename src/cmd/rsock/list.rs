//! `rsock list`: the sockets, both ends of each.

use anyhow::Context as _;
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::ListArgs;
use crate::cmd::rows;
use crate::cmd::rows::socket::{COLUMNS, SocketRow};
use crate::exit::Status;
use crate::ipc::socket::inventory::{Inventory, State};
use crate::ipc::users;

#[derive(Debug, Args)]
pub(super) struct List {
    /// List the TCP sockets of other users, too
    #[arg(short, long)]
    all: bool,

    /// List only those that others can connect to
    #[arg(short, long)]
    listening: bool,

    #[command(flatten)]
    args: ListArgs,
}

impl Verb for List {
    const NAME: &'static str = "list";
    const ALIAS: Option<&'static str> = Some("ls");
    const ABOUT: &'static str = "List the unix sockets of this network namespace, and our TCP sockets";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        if self.args.wants_help() {
            return rows::write_help(context, COLUMNS);
        }
        let columns = rows::chosen(COLUMNS, &self.args)?;
        let inventory = Inventory::new().context("cannot list sockets")?;
        let own = users::effective();
        let sockets = inventory.sockets.iter().filter(|socket| {
            let is_ours = !socket.is_tcp || self.all || socket.uid == Some(own);
            is_ours && (!self.listening || socket.state == State::Listening)
        });
        rows::write_list(context, &self.args, &columns, &SocketRow::all(&inventory, sockets))?;
        Ok(Status::Done)
    }
}

//! `rsignal`: signals and the end of processes. One file per verb.

use crate::app::{Tool, VerbEntry};
use crate::ipc::users::{Database, Names};
use crate::output::escape;
use crate::proc::signals;

mod escalation;
mod list;
mod names;
mod recv;
mod rows;
mod run;
mod send;
mod show;
mod spelling;
mod targets;
mod wait;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rsignal",
    about: "Signals and the end of processes from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<send::Send>(),
        VerbEntry::of::<recv::Recv>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<names::SignalNames>(),
        VerbEntry::of::<run::Run>(),
    ],
};

/// A process for an error: its pid, and while it lives what it is called and whose it is.
fn describe(pid: i32) -> String {
    match signals::of(pid) {
        Ok(seen) => format!("process {pid} ({}, of {})", escape(seen.command.as_bytes()), user(seen.uid)),
        Err(_) => format!("process {pid}"),
    }
}

/// The name of a user, or the number of one that nobody knows.
fn user(uid: u32) -> String {
    Names::of(Database::Users, [uid]).get(uid).map_or_else(|| uid.to_string(), |name| escape(name.as_bytes()))
}

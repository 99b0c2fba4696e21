//! `rlock`: locks on files. One file per verb.

use std::path::Path;

use crate::app::{Tool, VerbEntry};
use crate::output::escape;

mod convert;
mod list;
mod request;
mod run;
mod show;
mod wait;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rlock",
    about: "Locks on files from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<run::Run>(),
        VerbEntry::of::<convert::Convert>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
    ],
};

/// Tells the command of `run` which descriptor its lock is held by.
const DESCRIPTOR: &str = "RLOCK_FD";

/// `'/var/lock/job'`.
fn quoted(path: &Path) -> String {
    format!("'{}'", escape(path.as_os_str().as_encoded_bytes()))
}

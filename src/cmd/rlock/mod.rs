//! `rlock`: locks on files. One file per verb.

use std::path::Path;

use crate::app::{Tool, VerbEntry};
use crate::output::escape;

mod list;
mod show;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rlock",
    about: "Locks on files from the shell",
    bare: None,
    verbs: &[VerbEntry::of::<list::List>(), VerbEntry::of::<show::Show>()],
};

/// `'/var/lock/job'`.
fn quoted(path: &Path) -> String {
    format!("'{}'", escape(path.as_os_str().as_encoded_bytes()))
}

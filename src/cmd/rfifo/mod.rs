//! `rfifo`: FIFOs, pipes with a name. One file per verb.

use std::path::Path;

use crate::app::{Tool, VerbEntry};
use crate::ipc::fifo::Links;
use crate::output::escape;

mod create;
mod intake;
mod list;
mod nest;
mod recv;
mod remove;
mod request;
mod rows;
mod run;
mod send;
mod serve;
mod show;
mod wait;

/// The tool.
pub const TOOL: Tool = Tool {
    name: "rfifo",
    about: "FIFOs, pipes with a name, from the shell",
    bare: None,
    verbs: &[
        VerbEntry::of::<create::Create>(),
        VerbEntry::of::<send::Send>(),
        VerbEntry::of::<recv::Recv>(),
        VerbEntry::of::<wait::Wait>(),
        VerbEntry::of::<list::List>(),
        VerbEntry::of::<show::Show>(),
        VerbEntry::of::<run::Run>(),
        VerbEntry::of::<serve::Serve>(),
        VerbEntry::of::<remove::Remove>(),
    ],
};

/// What a verb does with a symbolic link.
#[derive(Debug, Clone, Copy, clap::Args)]
struct LinkArgs {
    /// Refuse a path that is a symbolic link
    #[arg(long)]
    no_follow: bool,
}

impl LinkArgs {
    fn links(self) -> Links {
        if self.no_follow { Links::Refuse } else { Links::Follow }
    }
}

/// A path in a message.
fn quoted(path: &Path) -> String {
    format!("'{}'", escape(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())))
}

//! How long a verb waits: `--timeout` and `--nowait`, with one meaning everywhere.

use std::time::Duration;

use crate::ipc::Wait;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WaitArgs {
    /// Give up after DURATION (0.5, 10s, 2m) of waiting, with status 124
    #[arg(short, long, value_name = "DURATION", value_parser = super::duration::parse, allow_negative_numbers = true, conflicts_with = "nowait")]
    timeout: Option<Duration>,

    /// Give up at once instead of waiting, with status 124
    #[arg(short, long)]
    nowait: bool,
}

impl WaitArgs {
    pub(crate) fn wait(&self) -> Wait {
        match self.timeout {
            _ if self.nowait => Wait::Never,
            Some(Duration::ZERO) => Wait::Never,
            Some(limit) => Wait::For(limit),
            None => Wait::Forever,
        }
    }
}

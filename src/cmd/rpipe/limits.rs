//! Why a pipe cannot be made, or not so large.

use std::io;

use anyhow::anyhow;
use nix::sys::resource::{Resource, getrlimit};

use crate::ipc::pipe::Limits;
use crate::sys::errno;

/// The error of making a pipe, with room for so many bytes where that was asked for.
pub(super) fn explain(error: io::Error, capacity: Option<u64>) -> anyhow::Error {
    let refused = errno::is(&error, errno::EPERM);
    match capacity {
        Some(bytes) if refused => {
            let why =
                Limits::of_system().map_or_else(|_| String::new(), |limits| format!(" ({})", refusal(limits, bytes)));
            anyhow!(error).context(format!("cannot give a pipe room for {bytes} bytes{why}"))
        }
        Some(bytes) if errno::is(&error, errno::EINVAL) => {
            anyhow!(error).context(format!("cannot give a pipe room for {bytes} bytes (none has more than 2 GiB)"))
        }
        _ if errno::is(&error, errno::EMFILE) => {
            let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or_else(|_| "?".into(), |(soft, _)| soft.to_string());
            anyhow!(error).context(format!("cannot make a pipe (ulimit -n allows {limit} descriptors)"))
        }
        _ => anyhow!(error).context("cannot make a pipe"),
    }
}

/// Which limit it was, as far as that can be known: nobody tells how many pages a user has.
fn refusal(limits: Limits, bytes: u64) -> String {
    if bytes > limits.max_size as u64 {
        return format!("/proc/sys/fs/pipe-max-size is {} without CAP_SYS_RESOURCE", limits.max_size);
    }
    format!(
        "all pipes of a user have together at most {} pages before they stay small (pipe-user-pages-soft) and {} before \
         there are no new ones (pipe-user-pages-hard); 0 is no limit",
        limits.soft_pages, limits.hard_pages
    )
}

//! An IPC namespace of our own: the machine's objects are neither touched nor counted.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Behind this word stands the namespace that we came from.
const LEFT: &str = "--left";

/// Starts this program again in a new IPC namespace; there, returns the arguments of the first start.
pub(crate) fn enter(arguments: &[String]) -> anyhow::Result<Vec<String>> {
    let here = current()?;
    if let [first, left, rest @ ..] = arguments
        && first == LEFT
    {
        if *left == here {
            bail!("unshare(1) made no new IPC namespace");
        }
        return Ok(rest.to_vec());
    }
    // Root may do so directly; a user gets the right to it in a user namespace.
    let ways: [&[&str]; 2] = [&["-i"], &["-Ur", "-i", "-m"]];
    let Some(flags) = ways.into_iter().find(|flags| works(flags)) else {
        bail!("nothing is measured: neither `unshare -i` nor `unshare -Ur -i -m` makes an IPC namespace here");
    };
    let program = std::env::current_exe().context("where this program lies")?;
    let mut command = Command::new("unshare");
    command.args(flags).arg("--").arg(program).arg(LEFT).arg(here).args(arguments);
    // Cargo sets it, and the dynamic loader of every peer would look through its directories first.
    let error = command.env_remove("LD_LIBRARY_PATH").exec();
    Err(error).context("cannot run unshare")
}

fn works(flags: &[&str]) -> bool {
    let tried = Command::new("unshare").args(flags).args(["--", "true"]).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// The name of our namespace, as the kernel has it.
fn current() -> anyhow::Result<String> {
    let link = std::fs::read_link("/proc/self/ns/ipc").context("cannot tell the IPC namespace")?;
    Ok(link.display().to_string())
}

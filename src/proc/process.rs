//! Single processes: whether they run, and what they are called.

use std::fs;

/// The command name of a process that runs (proc_pid_comm(5)); `None` when there is none of this pid.
pub(crate) fn command(pid: i32) -> Option<String> {
    let name = fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(name.strip_suffix(b"\n").unwrap_or(&name)).into_owned())
}

//! What pipe is meant: `PID:FD`, `PID`, an inode, or the path of a FIFO.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::exit::UsageError;
use crate::ipc::fifo::{self, Links};
use crate::ipc::pipe::inventory::{Identity, Inventory, Pipe};
use crate::output::escape;
use crate::proc::process;
use crate::sys::errno;

/// A pipe, or the pipes of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// `4711:1`: what a descriptor of a process is open on.
    Descriptor(i32, u32),
    /// `4711`: all that a process has; or an inode, where there is no such process.
    Number(u64),
    /// `pipe:[81726]` as `/proc` has it, or `pipe:81726`.
    Inode(u64),
    /// A path with a slash: a FIFO.
    Path(PathBuf),
}

/// Reads it.
pub(super) fn parse(text: &str) -> Result<Target, String> {
    const WRONG: &str = "a pipe is PID:FD, PID, pipe:[INODE], or the path of a FIFO with a slash in it";
    let number = |text: &str| text.parse().ok().filter(|_| text.starts_with(|first: char| first.is_ascii_digit()));
    if text.contains('/') {
        return Ok(Target::Path(text.into()));
    }
    if let Some(inode) = text.strip_prefix("pipe:") {
        let inode = inode.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(inode);
        return number(inode).map(Target::Inode).ok_or_else(|| WRONG.into());
    }
    let Some((pid, descriptor)) = text.split_once(':') else {
        return number(text).map(Target::Number).ok_or_else(|| WRONG.into());
    };
    let pid = number(pid).and_then(|pid| i32::try_from(pid).ok()).filter(|&pid| pid > 0);
    let descriptor = number(descriptor).and_then(|descriptor| u32::try_from(descriptor).ok());
    pid.zip(descriptor).map(|(pid, descriptor)| Target::Descriptor(pid, descriptor)).ok_or_else(|| WRONG.into())
}

impl Target {
    /// The pipes that are meant, of which there is at least one.
    pub(super) fn find(&self, inventory: &Inventory) -> anyhow::Result<Vec<Identity>> {
        let found: Vec<Identity> = match self {
            Self::Descriptor(pid, descriptor) => match inventory.at(*pid, *descriptor) {
                Some(pipe) => vec![pipe.identity],
                None => return Err(why_not(*pid, Some(*descriptor))),
            },
            Self::Number(number) => match self.process(inventory) {
                Some(pid) => of_process(inventory, pid)?,
                None => of_inode(inventory, *number),
            },
            Self::Inode(inode) => of_inode(inventory, *inode),
            Self::Path(path) => {
                let file = fifo::look(path, Links::Follow)?;
                vec![fifo::identity(&file)]
            }
        };
        if found.is_empty() {
            return Err(nobody().into());
        }
        Ok(found)
    }

    /// The process whose pipes are all meant.
    pub(super) fn process(&self, inventory: &Inventory) -> Option<i32> {
        let Self::Number(number) = self else { return None };
        let pid = i32::try_from(*number).ok()?;
        (inventory.processes.contains_key(&pid) || process::command(pid).is_some()).then_some(pid)
    }

    /// The one pipe that is meant.
    pub(super) fn find_one<'a>(&self, inventory: &'a Inventory) -> anyhow::Result<&'a Pipe> {
        let found = self.find(inventory)?;
        if found.len() > 1 {
            bail!(UsageError(format!("{self} has {} pipes open: say which as PID:FD", found.len())));
        }
        found.first().and_then(|identity| inventory.get(*identity)).ok_or_else(|| nobody().into())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Descriptor(pid, descriptor) => write!(f, "{pid}:{descriptor}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Inode(inode) => write!(f, "pipe:[{inode}]"),
            Self::Path(path) => write!(f, "'{}'", shown(path)),
        }
    }
}

/// A path in a message.
pub(super) fn shown(path: &Path) -> String {
    escape(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()))
}

fn nobody() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no process that we may look at has it open")
}

fn of_inode(inventory: &Inventory, inode: u64) -> Vec<Identity> {
    inventory.pipes.iter().map(|pipe| pipe.identity).filter(|identity| identity.inode() == inode).collect()
}

/// The pipes that a process has open or opens.
fn of_process(inventory: &Inventory, pid: i32) -> anyhow::Result<Vec<Identity>> {
    let is_there = |pipe: &&Pipe| {
        pipe.ends.iter().any(|end| end.pid == pid) || pipe.sleepers.iter().any(|sleeper| sleeper.pid == pid)
    };
    let found: Vec<Identity> = inventory.pipes.iter().filter(is_there).map(|pipe| pipe.identity).collect();
    if found.is_empty() { Err(why_not(pid, None)) } else { Ok(found) }
}

/// Why a process, or a descriptor of it, has no pipe that we see.
fn why_not(pid: i32, descriptor: Option<u32>) -> anyhow::Error {
    if process::command(pid).is_none() {
        return errno::error(errno::ESRCH).into();
    }
    match process::is_open(pid, descriptor) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), "it has no such descriptor").into()
        }
        Err(error) => error.into(),
        Ok(()) if descriptor.is_some() => anyhow::anyhow!("it is no pipe"),
        Ok(()) => anyhow::anyhow!("it has no pipe open"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let table = [
            ("12:3", Target::Descriptor(12, 3)),
            ("12", Target::Number(12)),
            ("pipe:[99]", Target::Inode(99)),
            ("pipe:99", Target::Inode(99)),
            ("./f", Target::Path("./f".into())),
        ];
        for (text, target) in table {
            assert_eq!(parse(text), Ok(target), "{text}");
        }
        for wrong in
            ["", "f", "-1", "+1", "0:1", "1:", ":1", "1:2:3", "1:-2", "pipe:", "pipe:[1", "pipe:x", "2147483648:0"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

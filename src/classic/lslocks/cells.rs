//! The columns of `lslocks`, and what stands in them.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use nix::sys::stat::{major, minor};

use super::super::grid::{Form, Json};
use super::super::human::human;
use super::Wishes;
use crate::ipc::lock::{Claim, Family as Sort, Holder, Kind, Lock, Standing};
use crate::proc::locks::mount_point;

/// A column, by what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Col {
    Command,
    Pid,
    Type,
    Size,
    Inode,
    Device,
    Mode,
    Mandatory,
    Start,
    End,
    Path,
    Blocker,
    Holders,
}

/// What a column is called, how wide it usually is, on which side its values are, and what `--help` says of it.
pub(super) type Words = (Col, &'static str, usize, bool, Json, &'static str);

pub(super) static COLUMNS: [Words; 13] = [
    (Col::Command, "COMMAND", 15, false, Json::String, "command of the process holding the lock"),
    (Col::Pid, "PID", 5, true, Json::Number, "PID of the process holding the lock"),
    (Col::Type, "TYPE", 5, true, Json::String, "kind of lock"),
    (Col::Size, "SIZE", 4, true, Json::String, "size of the lock"),
    (Col::Inode, "INODE", 5, true, Json::Number, "inode number"),
    (Col::Device, "MAJ:MIN", 6, false, Json::String, "major:minor device number"),
    (Col::Mode, "MODE", 5, false, Json::String, "lock access mode"),
    (Col::Mandatory, "M", 1, true, Json::Boolean, "mandatory state of the lock: 0 (none), 1 (set)"),
    (Col::Start, "START", 10, true, Json::Number, "relative byte offset of the lock"),
    (Col::End, "END", 10, true, Json::Number, "ending offset of the lock"),
    (Col::Path, "PATH", 0, false, Json::String, "path of the locked file"),
    (Col::Blocker, "BLOCKER", 0, true, Json::Number, "PID of the process blocking the lock"),
    (Col::Holders, "HOLDERS", 0, false, Json::String, "holders of the lock: PID,COMMAND,FD"),
];

pub(super) const DEFAULT: [Col; 9] =
    [Col::Command, Col::Pid, Col::Type, Col::Size, Col::Mode, Col::Mandatory, Col::Start, Col::End, Col::Path];

/// The process to name: for a lock of an open file description none.
pub(super) fn pid_of(lock: &Lock) -> i32 {
    if lock.family == Sort::Lock(Kind::Ofd) { -1 } else { lock.holder().map_or(0, |holder| holder.pid) }
}

pub(super) fn cell(locks: &[Lock], index: usize, col: Col, wishes: &Wishes) -> Vec<u8> {
    let lock = &locks[index];
    let text = match col {
        Col::Command if lock.family == Sort::Lock(Kind::Ofd) => "(undefined)".into(),
        Col::Command => match lock.holder() {
            Some(Holder { command: Some(command), .. }) => command.clone(),
            Some(_) => "(unknown)".into(),
            None => "(undefined)".into(),
        },
        Col::Pid => pid_of(lock).to_string(),
        Col::Type => type_of(lock).into(),
        Col::Size => size(locks, index)
            .filter(|&size| size > 0)
            .map_or_else(String::new, |size| if wishes.bytes { size.to_string() } else { human(size) }),
        Col::Inode => lock.file.inode.to_string(),
        Col::Device => device(lock.file.device, wishes.form),
        Col::Mode => {
            let mode = if lock.claim == Claim::Exclusive { "WRITE" } else { "READ" };
            format!("{mode}{}", if lock.is_waiting() { "*" } else { "" })
        }
        // None are since Linux 5.15.
        Col::Mandatory => "0".into(),
        Col::Start => lock.range.start.to_string(),
        Col::End => lock.range.last().unwrap_or(0).to_string(),
        Col::Path => return path(lock),
        Col::Blocker => blocker(locks, index).map_or_else(String::new, |pid| pid.to_string()),
        Col::Holders => holders(lock),
    };
    text.into_bytes()
}

fn type_of(lock: &Lock) -> &'static str {
    match lock.family {
        Sort::Lock(Kind::Flock) => "FLOCK",
        Sort::Lock(Kind::Posix) => "POSIX",
        Sort::Lock(Kind::Ofd) => "OFDLCK",
        Sort::Lease => "LEASE",
        Sort::Delegation => "DELEG",
        Sort::Other => "UNKNOWN",
    }
}

fn device(device: u64, form: Form) -> String {
    let (major, minor) = (major(device), minor(device));
    match form {
        Form::Table => format!("{major:3}:{minor:<3}"),
        _ => format!("{major}:{minor}"),
    }
}

/// Bytes of the file, asked through a descriptor of a process that holds the lock.
fn size(locks: &[Lock], index: usize) -> Option<u64> {
    let held = if let Standing::Waits(other) = locks[index].standing { &locks[other] } else { &locks[index] };
    held.holders.iter().find_map(|holder| {
        let file = fs::metadata(format!("/proc/{}/fd/{}", holder.pid, holder.descriptor?)).ok()?;
        Some(file.len())
    })
}

/// The path; where it may not be seen, that of the file system and three dots.
fn path(lock: &Lock) -> Vec<u8> {
    match &lock.path {
        Some(path) => path.as_os_str().as_bytes().to_vec(),
        None => mount_point(lock.file.device).map_or_else(Vec::new, |point| [&point[..], b"..."].concat()),
    }
}

/// The process that holds what is waited for.
fn blocker(locks: &[Lock], mut index: usize) -> Option<i32> {
    if !locks[index].is_waiting() {
        return None;
    }
    while let Standing::Waits(other) = locks[index].standing {
        index = other;
    }
    Some(pid_of(&locks[index]))
}

fn holders(lock: &Lock) -> String {
    let place = |holder: &Holder| {
        let command = holder.command.as_deref().unwrap_or_default();
        Some(format!("{},{command},{}", holder.pid, holder.descriptor?))
    };
    let all: Vec<String> = lock.holders.iter().filter(|_| !lock.is_waiting()).filter_map(place).collect();
    all.join(" ")
}

//! Processes at an object: who uses it, and how.

use std::io;

use crate::proc::process::{self, Neighbours};

/// A process at an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User<H> {
    /// Its pid.
    pub pid: i32,
    /// Its command name.
    pub command: String,
    /// Its effective user.
    pub uid: u32,
    /// What it does there.
    pub how: H,
}

/// The users of an object that we may see.
#[derive(Debug)]
pub struct Users<H> {
    /// Those seen.
    pub seen: Vec<User<H>>,
    /// How many processes may be among them that we may not look at.
    pub hidden: usize,
}

/// Asks of each of these processes what it does; ourselves do not count.
pub(super) fn each<H>(processes: Neighbours, what: impl Fn(i32) -> io::Result<Vec<H>>) -> Users<H> {
    let Neighbours { pids, hidden } = processes;
    let mut users = Users { seen: Vec::new(), hidden };
    let own = std::process::id().cast_signed();
    for pid in pids.into_iter().filter(|&pid| pid != own) {
        let hows = match what(pid) {
            Ok(hows) => hows,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                users.hidden += 1;
                continue;
            }
            // It has ended.
            Err(_) => continue,
        };
        for how in hows {
            // One that ended meanwhile uses nothing any more.
            if let (Some(command), Some(uid)) = (process::command(pid), process::user(pid)) {
                users.seen.push(User { pid, command, uid, how });
            }
        }
    }
    users.seen.sort_by_key(|user| user.pid);
    users
}

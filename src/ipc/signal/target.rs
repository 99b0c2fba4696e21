//! Which processes a user means, and which those are now.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use regex_lite::Regex;

use super::Process;
use super::tree;
use crate::ipc::users::{Database, number_of};
use crate::proc::stat::{self, Stat};
use crate::proc::{process, signals};
use crate::sys::errno;

/// Processes, as a user names them.
#[derive(Debug, Clone)]
pub enum Target {
    /// `1234`: what has this pid.
    Pid(i32),
    /// `1234:INODE`: the one process whose pidfd has this inode.
    Identity(i32, u64),
    /// `group:1234`: a process group.
    Group(i32),
    /// `session:1234`: a session.
    Session(i32),
    /// `tree:1234`: a process and its descendants.
    Tree(i32),
    /// `name:nginx`: those with exactly this command name.
    Name(String),
    /// `match:REGEX`: those whose command line matches.
    Match(Regex),
    /// `user:alice`: those of a real user, without the kernel's threads.
    User(String, u32),
    /// `cgroup:PATH`: those in a control group, and in those below it.
    Cgroup(String),
    /// `pidfile:PATH`: the one whose pid stands in a file, unless it started after that was written.
    PidFile(PathBuf),
}

/// What names no process, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetError(String);

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TargetError {}

/// The bytes of a command name: the rest is cut off by the kernel.
const NAME_BYTES: usize = 15;

impl Target {
    /// Whether it means one process, and not those that there are.
    #[must_use]
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Pid(_) | Self::Identity(..) | Self::PidFile(_))
    }

    /// Reads a target; names of users are looked up at once.
    pub fn parse(text: &OsStr) -> Result<Self, TargetError> {
        const WRONG: &str = "a target is PID, PID:INODE, group:PGID, session:SID, tree:PID, name:COMMAND, match:REGEX, \
                             user:USER, cgroup:PATH, pidfile:PATH, @FILE or -";
        let wrong = || TargetError(WRONG.into());
        if let Some(path) = text.as_bytes().strip_prefix(b"pidfile:") {
            let path = Path::new(OsStr::from_bytes(path));
            return if path.as_os_str().is_empty() { Err(wrong()) } else { Ok(Self::PidFile(path.into())) };
        }
        let text = text.to_str().ok_or_else(wrong)?;
        if let Some(group) = text.strip_prefix('-').filter(|group| !group.is_empty()) {
            return group_number(group).map(Self::Group);
        }
        let Some((kind, rest)) = text.split_once(':') else { return pid(text).map(Self::Pid).ok_or_else(wrong) };
        match kind {
            _ if rest.is_empty() => Err(wrong()),
            "group" => group_number(rest).map(Self::Group),
            "session" => pid(rest).map(Self::Session).ok_or_else(wrong),
            "tree" => pid(rest).map(Self::Tree).ok_or_else(wrong),
            "name" if rest.len() > NAME_BYTES => Err(TargetError(format!(
                "a command name has at most {NAME_BYTES} bytes; match: looks at the whole command line"
            ))),
            "name" => Ok(Self::Name(rest.into())),
            "match" => Regex::new(rest)
                .map(Self::Match)
                .map_err(|error| TargetError(format!("no regular expression: {error}"))),
            "user" => {
                let number = number_of(Database::Users, rest);
                number.map(|uid| Self::User(rest.into(), uid)).ok_or_else(|| TargetError("no user is called so".into()))
            }
            "cgroup" => cgroup(rest),
            number => match (pid(number), rest.parse()) {
                (Some(pid), Ok(inode)) if rest.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Ok(Self::Identity(pid, inode))
                }
                _ => Err(wrong()),
            },
        }
    }

    /// Whether a process that was looked up by its number meets the rest of the target.
    fn is_met_by(&self, stat: &Stat) -> io::Result<bool> {
        Ok(match self {
            Self::Group(group) => stat.group == *group,
            Self::Session(session) => stat.session == *session,
            Self::Name(name) => stat.command == *name,
            Self::Match(regex) => {
                !stat.of_kernel
                    && process::command_line(stat.pid)
                        .is_some_and(|line| regex.is_match(&String::from_utf8_lossy(&line)))
            }
            Self::User(_, uid) => !stat.of_kernel && signals::of(stat.pid)?.uid == *uid,
            Self::Cgroup(path) => {
                let below = |group: &String| {
                    group.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                !stat.of_kernel && stat::cgroups(stat.pid)?.iter().any(below)
            }
            Self::Pid(_) | Self::Identity(..) | Self::Tree(_) | Self::PidFile(_) => true,
        })
    }
}

/// A number that a process can have. 0 and negative ones mean groups to kill(2), and nobody here.
fn pid(text: &str) -> Option<i32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&pid| digits && pid > 0)
}

fn group_number(text: &str) -> Result<i32, TargetError> {
    match pid(text) {
        Some(1) => Err(TargetError("group 1 is every process to kill(2); name them another way".into())),
        Some(group) => Ok(group),
        None => Err(TargetError("a process group is a number above 1".into())),
    }
}

/// As `/proc/PID/cgroup` has it; the usual mount point before it is taken off.
fn cgroup(path: &str) -> Result<Target, TargetError> {
    let path =
        path.strip_prefix("/sys/fs/cgroup").filter(|rest| rest.is_empty() || rest.starts_with('/')).unwrap_or(path);
    let path = path.trim_matches('/');
    if path.is_empty() {
        return Err(TargetError("the root of the control groups has every process in it".into()));
    }
    Ok(Target::Cgroup(format!("/{path}")))
}

/// Holds the processes that are meant. Never ourselves or our ancestors, unless named by number.
///
/// ESRCH when there is none.
pub fn find(target: &Target) -> io::Result<Vec<Process>> {
    match target {
        Target::Pid(pid) => Ok(vec![Process::open(*pid)?]),
        Target::Identity(pid, inode) => Ok(vec![Process::open_identity(*pid, *inode)?]),
        Target::PidFile(path) => Ok(vec![of_pid_file(path)?]),
        Target::Tree(root) => Ok(tree::Tree::open(*root)?.into_processes()),
        _ => {
            let own: Vec<i32> = stat::lineage().iter().map(|stat| stat.pid).collect();
            let mut found = Vec::new();
            for seen in stat::all()?.iter().filter(|stat| !own.contains(&stat.pid)) {
                if target.is_met_by(seen).unwrap_or(false) {
                    found.extend(hold(seen.pid, |stat| target.is_met_by(stat))?);
                }
            }
            if found.is_empty() { Err(errno::error(errno::ESRCH)) } else { Ok(found) }
        }
    }
}

/// Opens a process, and looks at it only then; `None` if it is not what was looked for, or ends.
pub(super) fn hold(pid: i32, is_meant: impl FnOnce(&Stat) -> io::Result<bool>) -> io::Result<Option<Process>> {
    let process = match Process::open(pid) {
        Ok(process) => process,
        Err(error) if errno::is(&error, errno::ESRCH) => return Ok(None),
        Err(error) => return Err(error),
    };
    let meant = stat::of(pid).and_then(|stat| is_meant(&stat)).unwrap_or(false);
    // Running still: so it was this process that we looked at.
    Ok((meant && process.is_running()?).then_some(process))
}

/// The process whose pid, perhaps with its inode, is the first word of a file.
fn of_pid_file(path: &Path) -> io::Result<Process> {
    let invalid = |why: String| io::Error::new(ErrorKind::InvalidData, why);
    let text = fs::read_to_string(path)?;
    let word = text.split_whitespace().next().unwrap_or_default();
    let pid = match Target::parse(OsStr::new(word)) {
        Ok(Target::Identity(pid, inode)) => return Process::open_identity(pid, inode),
        Ok(Target::Pid(pid)) => pid,
        _ => return Err(invalid("no pid stands in it".into())),
    };
    let process = Process::open(pid)?;
    let written = fs::metadata(path)?.modified()?;
    let started = stat::of(pid).ok().and_then(|stat| stat.started());
    if !process.is_running()? {
        return Err(errno::error(errno::ESRCH));
    }
    match started {
        Some(started) if !is_later(started, written) => Ok(process),
        Some(_) => Err(io::Error::new(
            ErrorKind::NotFound,
            format!("process {pid} started after the file was written: it is another one"),
        )),
        None => Err(invalid(format!("process {pid} does not tell when it started"))),
    }
}

/// Later by more than clocks are coarse: a start is known to 10 ms, and files are stamped with the time
/// of the last tick.
fn is_later(started: SystemTime, written: SystemTime) -> bool {
    started.duration_since(written).is_ok_and(|later| later > Duration::from_millis(20))
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pid(pid) => write!(f, "{pid}"),
            Self::Identity(pid, inode) => write!(f, "{pid}:{inode}"),
            Self::Group(group) => write!(f, "group:{group}"),
            Self::Session(session) => write!(f, "session:{session}"),
            Self::Tree(root) => write!(f, "tree:{root}"),
            Self::Name(name) => write!(f, "name:{name}"),
            Self::Match(regex) => write!(f, "match:{regex}"),
            Self::User(name, _) => write!(f, "user:{name}"),
            Self::Cgroup(path) => write!(f, "cgroup:{path}"),
            Self::PidFile(path) => write!(f, "pidfile:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written() {
        let words = "1234 1234:56789 group:7 session:7 tree:7 name:nginx match:^a.*b$ user:root user:0 cgroup:/a/b pidfile:/run/x";
        for text in words.split(' ') {
            assert_eq!(Target::parse(OsStr::new(text)).map(|target| target.to_string()), Ok(text.to_owned()));
        }
        for (text, shown) in
            [("-7", "group:7"), ("007", "7"), ("cgroup:/sys/fs/cgroup/a/", "cgroup:/a"), ("cgroup:a", "cgroup:/a")]
        {
            assert_eq!(Target::parse(OsStr::new(text)).map(|target| target.to_string()), Ok(shown.to_owned()));
        }
    }

    #[test]
    fn what_names_no_process_is_refused() {
        let words = "0 -0 -1 +1 1.5 1e3 0x10 4294967297 2147483648 nginx %1 1: :1 1:x 1:+1 group:0 group:1 group: tree:0 tree:-1 session:x \
                     name: name:sixteen_letters_ user: user:no-such-user match: match:( cgroup:/ cgroup:/sys/fs/cgroup pidfile: pid:1 - --";
        for text in words.split_whitespace().chain(["", " 1", "1 "]) {
            assert!(Target::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_may_be_written_when_its_process_starts() {
        let now = SystemTime::now();
        assert!(!is_later(now, now) && !is_later(now, now + Duration::from_secs(9)));
        assert!(is_later(now + Duration::from_millis(30), now));
    }
}

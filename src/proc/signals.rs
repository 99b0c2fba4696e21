//! What a process and its threads do with signals: proc_pid_status(5).

use std::fs;
use std::io;

/// The lines of `/proc/PID/status` that are about signals. A set has bit 0 for signal 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signals {
    /// The process, or the thread.
    pub id: i32,
    /// The command name.
    pub command: String,
    /// The real user: whom its queued signals are counted for.
    pub uid: u32,
    /// The letter of its state.
    pub state: char,
    /// How many threads the process has.
    pub threads: u64,
    /// Whether it is the first process of a pid namespace.
    pub is_init: bool,
    /// Signals queued for its user, and how many that may be (RLIMIT_SIGPENDING of this process).
    pub queued: u64,
    /// The limit.
    pub limit: u64,
    /// Pending for this thread.
    pub pending: u64,
    /// Pending for the process.
    pub shared: u64,
    /// Blocked by this thread.
    pub blocked: u64,
    /// Ignored by the process.
    pub ignored: u64,
    /// Caught by the process.
    pub caught: u64,
}

/// Those of a process and its main thread.
pub(crate) fn of(pid: i32) -> io::Result<Signals> {
    read(&format!("/proc/{pid}/status"))
}

/// Those of every thread; one that ends meanwhile is left out.
pub(crate) fn of_threads(pid: i32) -> io::Result<Vec<Signals>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))?;
    Ok(threads.filter_map(|thread| read(thread.ok()?.path().join("status").to_str()?).ok()).collect())
}

/// procfs would refuse a command name that is not UTF-8, and anybody may choose one.
fn read(path: &str) -> io::Result<Signals> {
    let text = fs::read(path)?;
    Signals::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| io::Error::other("/proc has another format"))
}

impl Signals {
    fn parse(text: &str) -> Option<Self> {
        let field = |name: &str| {
            let lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.trim())
        };
        let set = |name| u64::from_str_radix(field(name)?, 16).ok();
        let (queued, limit) = field("SigQ")?.split_once('/')?;
        Some(Self {
            id: field("Pid")?.parse().ok()?,
            command: field("Name")?.replace("\\n", "\n").replace("\\\\", "\\"),
            uid: field("Uid")?.split_whitespace().next()?.parse().ok()?,
            state: field("State")?.chars().next()?,
            threads: field("Threads")?.parse().ok()?,
            // Its pid in the innermost namespace stands last.
            is_init: field("NSpid").and_then(|pids| pids.split_whitespace().last()) == Some("1"),
            queued: queued.parse().ok()?,
            limit: limit.parse().ok()?,
            pending: set("SigPnd")?,
            shared: set("ShdPnd")?,
            blocked: set("SigBlk")?,
            ignored: set("SigIgn")?,
            caught: set("SigCgt")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read() {
        let text = "Name:\ta: b\\nc\nState:\tS (sleeping)\nPid:\t20\nUid:\t7\t8\t8\t8\nNSpid:\t20\t1\nThreads:\t3\n\
                    SigQ:\t2/31284\nSigPnd:\t0000000000000001\nShdPnd:\t8000000000000000\nSigBlk:\t0000000000000002\n\
                    SigIgn:\t0000000000001000\nSigCgt:\t0000000180000000\n";
        let signals = Signals::parse(text).expect("a status");
        assert_eq!((signals.id, signals.command.as_str(), signals.uid, signals.state), (20, "a: b\nc", 7, 'S'));
        assert_eq!((signals.is_init, signals.threads, signals.queued, signals.limit), (true, 3, 2, 31284));
        assert_eq!((signals.pending, signals.shared, signals.blocked), (1, 1 << 63, 2));
        assert_eq!(Signals::parse("Name:\tx\n"), None);
    }
}

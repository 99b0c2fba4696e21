//! The mass walk: many processes looked at with as few system calls as it takes.
//!
//! Everything is read relative to the process's directory, which is opened once: should the pid be given
//! out again meanwhile, the new process is not mistaken for the old one.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat};

use super::clocks::last_run;
use super::pids::number;
use super::process::Sleep;
use crate::sys::call::Call;
use crate::sys::directory::{self, Inode};
use crate::sys::errno;
use crate::sys::mapping::{self, Mapped, Wanted};

/// `PF_KTHREAD` of the kernel's <linux/sched.h>.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// The directory of processes, kept open, and memory to read into.
#[derive(Debug)]
pub(crate) struct Walker {
    root: File,
    buffer: Vec<u8>,
}

/// A process, held by its directory.
#[derive(Debug)]
pub(crate) struct Process {
    pub pid: i32,
    directory: OwnedFd,
}

/// What `/proc/PID/stat` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Life {
    /// The command name, exactly.
    pub command: Vec<u8>,
    /// When it started, in ticks since the machine did.
    pub start: u64,
    /// How many threads it has.
    pub threads: u64,
    /// Whether it is a thread of the kernel's, or a process that has ended.
    pub has_nothing: bool,
}

/// A descriptor of a process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Descriptor<'a> {
    /// Its number.
    pub name: &'a CStr,
    /// What it is open on.
    pub inode: Inode,
}

impl Descriptor<'_> {
    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.name.to_str().ok().and_then(|name| name.parse().ok()).unwrap_or(u32::MAX)
    }
}

impl Walker {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { root: File::open("/proc")?, buffer: vec![0; 32 * 1024] })
    }

    /// Every process that there is.
    pub(crate) fn pids(&mut self) -> io::Result<Vec<i32>> {
        let mut pids = Vec::new();
        directory::entries(&self.root, &mut self.buffer, |name| pids.extend(number(name)))?;
        Ok(pids)
    }

    /// Holds a process; `None` when it has ended.
    pub(crate) fn hold(&self, pid: i32) -> Option<Process> {
        let name = CString::new(pid.to_string()).ok()?;
        let directory = open(&self.root, &name, OFlag::O_DIRECTORY | OFlag::O_PATH).ok()?;
        Some(Process { pid, directory })
    }

    /// Reads a file of a process.
    fn read(&mut self, process: &Process, name: &CStr) -> io::Result<&[u8]> {
        let mut file = File::from(open(&process.directory, name, OFlag::O_RDONLY)?);
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            match file.read(&mut self.buffer[filled..])? {
                0 => return Ok(&self.buffer[..filled]),
                // What fits into one read ends with it: nearly all files here.
                count if filled == 0 && count < 4096 => return Ok(&self.buffer[..count]),
                count => filled += count,
            }
        }
    }

    /// What a process is called, when it started.
    pub(crate) fn life(&mut self, process: &Process) -> io::Result<Life> {
        let text = self.read(process, c"stat")?;
        Life::of(text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Its effective user, and its real and saved ones.
    pub(crate) fn users(&mut self, process: &Process) -> io::Result<[u32; 3]> {
        let text = self.read(process, c"status")?;
        let begin = memchr::memmem::find(text, b"\nUid:\t").ok_or(io::ErrorKind::InvalidData)?;
        let line = text[begin + 6..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        let mut numbers = std::str::from_utf8(line).unwrap_or_default().split_ascii_whitespace();
        let mut next = || numbers.next().and_then(|number| number.parse().ok());
        let (real, effective, saved) = (next(), next(), next());
        match (real, effective, saved) {
            (Some(real), Some(effective), Some(saved)) => Ok([effective, real, saved]),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The calls that its threads sleep in, each with its thread.
    ///
    /// EACCES when we may not look: this takes more than to see its descriptors (ptrace(2), Yama).
    pub(crate) fn sleeps(&mut self, process: &Process, threads: u64) -> io::Result<Vec<(i32, Sleep)>> {
        if threads == 1 {
            let sleep = sleep_in(self.read(process, c"syscall")?);
            return Ok(sleep.map(|sleep| (process.pid, sleep)).into_iter().collect());
        }
        let mut ids = Vec::new();
        let tasks = open(&process.directory, c"task", OFlag::O_DIRECTORY)?;
        directory::entries(&tasks, &mut self.buffer, |name| {
            ids.extend(number(name));
        })?;
        let mut sleeps = Vec::new();
        for id in ids {
            let Ok(name) = CString::new(format!("task/{id}/syscall")) else { continue };
            match self.read(process, &name) {
                Ok(text) => sleeps.extend(sleep_in(text).map(|sleep| (id, sleep))),
                Err(error) if errno::is(&error, errno::EACCES) || errno::is(&error, errno::EPERM) => {
                    return Err(error);
                }
                // A thread that has ended sleeps nowhere.
                Err(_) => {}
            }
        }
        Ok(sleeps)
    }

    /// When a thread ran last, in milliseconds of the scheduler's clock; `None` where the kernel keeps no
    /// account.
    pub(crate) fn last_run(&mut self, process: &Process, thread: i32) -> Option<f64> {
        let name = if thread == process.pid {
            c"sched".to_owned()
        } else {
            CString::new(format!("task/{thread}/sched")).ok()?
        };
        last_run(self.read(process, &name).ok()?)
    }

    /// Looks at every descriptor of a process.
    pub(crate) fn descriptors(
        &mut self,
        process: &Process,
        mut each: impl FnMut(&Process, Descriptor<'_>),
    ) -> io::Result<()> {
        let descriptors = open(&process.directory, c"fd", OFlag::O_DIRECTORY)?;
        self.numbers(&descriptors, |name| {
            // One that was closed meanwhile is none.
            if let Ok(inode) = directory::look(&descriptors, name, true) {
                each(process, Descriptor { name, inode });
            }
        })
    }

    /// The numbers of the descriptors of a process, without a look at what they are.
    pub(crate) fn descriptor_names(&mut self, process: &Process, each: impl FnMut(&CStr)) -> io::Result<()> {
        self.numbers(open(&process.directory, c"fdinfo", OFlag::O_DIRECTORY)?, each)
    }

    fn numbers(&mut self, directory: impl AsFd, mut each: impl FnMut(&CStr)) -> io::Result<()> {
        directory::entries(directory, &mut self.buffer, |name| {
            if !name.to_bytes().starts_with(b".") {
                each(name);
            }
        })
    }

    /// Looks at the mappings of files in a process, with the means to ask for their paths.
    pub(crate) fn mappings(
        process: &Process,
        wanted: Wanted,
        mut each: impl FnMut(Mapped, &dyn Fn() -> Vec<u8>),
    ) -> io::Result<()> {
        let maps = open(&process.directory, c"maps", OFlag::O_RDONLY)?;
        let mut address = 0;
        loop {
            match mapping::next(&maps, address, wanted) {
                Ok(Some(mapped)) => {
                    each(mapped, &|| mapping::path(&maps, mapped.range.0).unwrap_or_default());
                    address = mapped.range.1;
                }
                Ok(None) => return Ok(()),
                Err(error) if errno::is(&error, errno::ENOTTY) => break,
                // It has ended.
                Err(error) if errno::is(&error, errno::ESRCH) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        // Before Linux 6.11 there is the text alone.
        for mapping in super::maps::mappings(process.pid)? {
            let super::maps::Mapping { start, end, writable, shared, inode, ref path } = mapping;
            if wanted == Wanted::Shared && !shared {
                continue;
            }
            each(Mapped { range: (start, end), writable, shared, inode }, &|| path.clone());
        }
        Ok(())
    }
}

impl Process {
    /// Its effective user: the owner of its directory, of that alone whether or not it may be dumped
    /// (`task_dump_owner` in the kernel's fs/proc/base.c).
    pub(crate) fn user(&self) -> io::Result<u32> {
        Ok(fstat(&self.directory)?.st_uid)
    }

    /// The number of its IPC namespace.
    pub(crate) fn ipc_namespace(&self) -> io::Result<u64> {
        namespace_in(directory::link(&self.directory, c"ns/ipc", &mut [0; 64])?)
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// What a link of it points to.
    pub(crate) fn link(&self, name: &CStr) -> io::Result<Vec<u8>> {
        // The kernel makes no longer ones in /proc.
        Ok(directory::link(&self.directory, name, &mut [0; 4096])?.to_vec())
    }

    /// What one of its descriptors is open on, as a path.
    pub(crate) fn path_of(&self, descriptor: &CStr) -> Vec<u8> {
        let name = [b"fd/", descriptor.to_bytes()].concat();
        CString::new(name).ok().and_then(|name| self.link(&name).ok()).unwrap_or_default()
    }

    /// The `fdinfo` of one of its descriptors: proc_pid_fdinfo(5).
    pub(crate) fn info_of(&self, descriptor: &CStr) -> io::Result<Vec<u8>> {
        let name = CString::new([b"fdinfo/", descriptor.to_bytes()].concat())?;
        let mut text = Vec::with_capacity(1024);
        File::from(open(&self.directory, &name, OFlag::O_RDONLY)?).read_to_end(&mut text)?;
        Ok(text)
    }

    /// Whether it may read and write through one of its descriptors: the mode of the link tells.
    pub(crate) fn access(&self, descriptor: &CStr) -> (bool, bool) {
        let name = CString::new([b"fd/", descriptor.to_bytes()].concat());
        let link = name.ok().and_then(|name| directory::look(&self.directory, &name, false).ok());
        link.map_or((true, true), |link| link.access())
    }
}

/// The number in `ipc:[4026531839]`.
fn namespace_in(link: &[u8]) -> Option<u64> {
    let number = link.strip_prefix(b"ipc:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// The number of our own IPC namespace, of this thread.
pub(crate) fn own_ipc_namespace() -> io::Result<u64> {
    let link = std::fs::read_link("/proc/thread-self/ns/ipc")?;
    namespace_in(link.as_os_str().as_bytes()).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn open(directory: impl AsFd, name: &CStr, flags: OFlag) -> io::Result<OwnedFd> {
    Ok(openat(directory, name, flags | OFlag::O_CLOEXEC, Mode::empty())?)
}

impl Life {
    /// `PID (command) S …`: a command may have any character, a bracket too.
    fn of(text: &[u8]) -> Option<Self> {
        let (begin, end) = (memchr::memchr(b'(', text)?, memchr::memrchr(b')', text)?);
        let mut fields = std::str::from_utf8(text.get(end + 2..)?).ok()?.split_ascii_whitespace();
        let state = fields.next()?;
        let mut number = |skipped: usize| fields.nth(skipped)?.parse::<u64>().ok();
        // flags is field 9, num_threads 20, starttime 22; state was 3.
        let flags = number(5)?;
        let (threads, start) = (number(10)?, number(1)?);
        let has_nothing = flags & KERNEL_THREAD != 0 || matches!(state, "Z" | "X");
        Some(Self { command: text[begin + 1..end].to_vec(), start, threads, has_nothing })
    }
}

/// `220 0x3 0x7f… …` of proc_pid_syscall(5); `running` and a sleep outside any call are none.
fn sleep_in(text: &[u8]) -> Option<Sleep> {
    let mut words = std::str::from_utf8(text).ok()?.split_ascii_whitespace();
    let number: i64 = words.next()?.parse().ok().filter(|&number| number >= 0)?;
    let mut arguments = [0; 6];
    for argument in &mut arguments {
        *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
    }
    Some(Sleep { call: Call::of(number), arguments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proc::clocks::Clocks;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_command() {
        let text = b"7 (a) b\n(\xff) S 1 7 7 0 -1 4194304 90 0 0 0 1 2 0 0 20 0 3 0 4711 1000 90 ";
        let life = Life::of(text).expect("a line");
        assert_eq!(
            (life.command.as_slice(), life.threads, life.start, life.has_nothing),
            (&b"a) b\n(\xff"[..], 3, 4711, false)
        );
        assert_eq!(Life::of(b"7 (a"), None);
    }

    #[test]
    fn a_sleep_is_read() {
        let sleep = sleep_in(b"0 0x3 0x7ffd 0x1 0x0 0x0 0x0 0x7ffc 0x7f00\n").expect("a sleep");
        assert_eq!(sleep.arguments[..3], [3, 0x7ffd, 1]);
        assert_eq!(sleep_in(b"running\n"), None);
        assert_eq!(sleep_in(b"-1 0x7ffd 0x0\n"), None);
    }

    #[test]
    fn we_are_found_with_what_we_have() {
        let file = File::open("/proc/self/exe").expect("our own");
        let mut walker = Walker::new().expect("/proc");
        let own = std::process::id().cast_signed();
        assert!(walker.pids().expect("/proc").contains(&own));
        let process = walker.hold(own).expect("we run");
        let life = walker.life(&process).expect("a life");
        let age = Clocks::read().started(life.start);
        assert!(age > 1_500_000_000, "{age}");
        let mut files = 0;
        walker.descriptors(&process, |_, found| files += usize::from(found.inode.is_file())).expect("our own");
        let mut paths = Vec::new();
        Walker::mappings(&process, Wanted::Any, |_, path| paths.push(path())).expect("our own");
        let exe = std::fs::read_link("/proc/self/exe").expect("our own");
        assert!(files > 0 && paths.iter().any(|path| path == exe.as_os_str().as_bytes()), "{files} {paths:?}");
        assert_eq!(process.ipc_namespace().expect("our own"), own_ipc_namespace().expect("our own"));
        assert_eq!(process.user().expect("our own"), walker.users(&process).expect("our own")[0]);
        drop(file);
    }
}

//! IPC namespaces: which there are, what they are called, and a look from inside: ipc_namespaces(7).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::thread;

use crate::proc::stat::cgroups;
use crate::proc::walk::{Walker, own_ipc_namespace};
use crate::sys::namespace::{Kind, copy_mounts, enter};
use crate::sys::{errno, mount};

/// Where POSIX shared memory and semaphores lie.
const SHARED_MEMORY: &std::ffi::CStr = c"/dev/shm";

/// An IPC namespace, by one of its processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Its number, as the links in `/proc/PID/ns` show it.
    pub number: u64,
    /// A process that is in it: the one of the lowest pid.
    pub pid: i32,
    /// What the control group of that process calls its container.
    pub container: Option<String>,
}

impl Namespace {
    /// That of a process. ENOENT when there is none of this pid, EACCES when we may not look.
    pub fn of(pid: i32) -> io::Result<Self> {
        let process = Walker::new()?.hold(pid).ok_or_else(|| errno::error(errno::ESRCH))?;
        Ok(Self { number: process.ipc_namespace()?, pid, container: container(pid) })
    }

    /// Every one that has a process we may look at, our own among them; and how many processes we may not
    /// look at.
    pub fn all() -> io::Result<(Vec<Self>, usize)> {
        let mut walker = Walker::new()?;
        let mut first = BTreeMap::new();
        let mut hidden = 0;
        for pid in walker.pids()? {
            let Some(process) = walker.hold(pid) else { continue };
            match process.ipc_namespace() {
                Ok(number) => {
                    let lowest = first.entry(number).or_insert(pid);
                    *lowest = pid.min(*lowest);
                }
                Err(error) if errno::is(&error, errno::EACCES) => {
                    hidden += usize::from(walker.life(&process).is_ok_and(|life| !life.has_nothing));
                }
                Err(_) => {}
            }
        }
        let named = first.into_iter().map(|(number, pid)| Self { number, pid, container: container(pid) });
        Ok((named.collect(), hidden))
    }

    /// Whether it is the one that this thread is in.
    #[must_use]
    pub fn is_own(&self) -> bool {
        own_ipc_namespace().is_ok_and(|own| own == self.number)
    }

    /// Does something inside: with its System V objects and queues, and with the `/dev/shm` of its process.
    ///
    /// A thread of its own enters; everything else, `/proc` and the names of users among it, stays ours. EPERM
    /// without `CAP_SYS_ADMIN` over it, ESRCH when its process has gone meanwhile.
    pub fn within<T: Send>(&self, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
        if self.is_own() && self.mounts_are_ours() {
            return act();
        }
        apart(|| {
            match self.enter() {
                // Whoever we knew in it has gone; it lives on while it has another process.
                Err(error) if errno::is(&error, errno::ESRCH) => self.by_another()?.enter()?,
                entered => entered?,
            }
            act()
        })
    }

    /// Becomes privileged inside, where a user made the namespace in a user namespace of their own: then
    /// [`within`](Self::within) works without root. Only for a process of one thread; nothing happens where
    /// it is not needed.
    pub fn join_users(&self) -> io::Result<()> {
        let [own, theirs] = ["self".to_owned(), self.pid.to_string()].map(|pid| format!("/proc/{pid}/ns/user"));
        if same(&own, &theirs) || has_privilege() {
            return Ok(());
        }
        enter(self.file("user")?, Kind::User)
    }

    /// The same one, by a process that it has now. ESRCH when it has none.
    fn by_another(&self) -> io::Result<Self> {
        let (all, _) = Self::all()?;
        all.into_iter().find(|one| one.number == self.number).ok_or_else(|| errno::error(errno::ESRCH))
    }

    fn mounts_are_ours(&self) -> bool {
        same("/proc/thread-self/ns/mnt", &format!("/proc/{}/ns/mnt", self.pid))
    }

    fn enter(&self) -> io::Result<()> {
        let ipc = self.file("ipc")?;
        // The pid may have been given out again.
        if ipc.metadata()?.ino() != self.number {
            return Err(errno::error(errno::ESRCH));
        }
        if !self.mounts_are_ours() {
            self.take_over_shared_memory()?;
        }
        enter(ipc, Kind::Ipc)
    }

    /// A namespace of its process. ESRCH when that has gone.
    fn file(&self, kind: &str) -> io::Result<File> {
        File::open(format!("/proc/{}/ns/{kind}", self.pid)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => errno::error(errno::ESRCH),
            _ => error,
        })
    }

    /// Puts the `/dev/shm` of the other mount namespace over ours, for this thread alone.
    fn take_over_shared_memory(&self) -> io::Result<()> {
        let theirs = self.file("mnt")?;
        copy_mounts()?;
        mount::keep_to_ourselves()?;
        let ours = File::open("/proc/thread-self/ns/mnt")?;
        enter(theirs, Kind::Mount)?;
        let copy = mount::copy_of(SHARED_MEMORY);
        enter(ours, Kind::Mount)?;
        match copy {
            Ok(copy) => mount::attach(&copy, SHARED_MEMORY),
            // It has none, so nothing of ours shall show.
            Err(error) if error.kind() == io::ErrorKind::NotFound => mount::cover(SHARED_MEMORY),
            Err(error) => Err(error),
        }
    }
}

/// Does something in a thread of its own, which may go into a namespace and ends there.
fn apart<T: Send>(act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let ended = || io::Error::other("the thread inside the namespace ended");
    thread::scope(|scope| scope.spawn(act).join().unwrap_or_else(|_| Err(ended())))
}

/// The network namespace of a process, `None` for our own: its number. EACCES when we may not look.
pub(super) fn network_of(pid: i32) -> io::Result<Option<u64>> {
    let number = |path: &str| fs::metadata(path).map(|link| link.ino());
    let (own, theirs) = (number("/proc/self/ns/net")?, number(&format!("/proc/{pid}/ns/net"))?);
    Ok(Some(theirs).filter(|&theirs| theirs != own))
}

/// Does something inside the network namespace of a process. EPERM without `CAP_SYS_ADMIN` over it.
pub(super) fn within_network<T: Send>(pid: i32, act: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    let network = File::open(format!("/proc/{pid}/ns/net"))?;
    apart(|| {
        enter(network, Kind::Network)?;
        act()
    })
}

fn same(one: &str, other: &str) -> bool {
    let inode = |path| fs::metadata(path).map(|file| (file.dev(), file.ino()));
    inode(one).ok().zip(inode(other).ok()).is_some_and(|(one, other)| one == other)
}

/// Whether we have `CAP_SYS_ADMIN`, in our own user namespace.
fn has_privilege() -> bool {
    const SYS_ADMIN: u32 = 21;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:\t"));
    set.and_then(|set| u64::from_str_radix(set, 16).ok()).is_some_and(|set| set >> SYS_ADMIN & 1 == 1)
}

/// What the control group of a process calls its container.
fn container(pid: i32) -> Option<String> {
    cgroups(pid).ok()?.iter().find_map(|path| container_in(path))
}

/// `docker-4f1c….scope` is `docker:4f1c…` with twelve digits, as that tool shows it; what is no container's
/// group is called as it is.
fn container_in(path: &str) -> Option<String> {
    let last = path.trim_end_matches('/').rsplit('/').find(|part| !matches!(*part, "" | "init" | "payload"))?;
    let name = last.strip_suffix(".scope").or_else(|| last.strip_suffix(".service")).unwrap_or(last);
    let is_long = |id: &str| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_long(name) {
        let maker = path.split('/').find(|part| !part.is_empty()).unwrap_or("container");
        return Some(format!("{maker}:{}", &name[..12]));
    }
    if let Some((maker, id)) = name.rsplit_once('-').filter(|(_, id)| is_long(id)) {
        return Some(format!("{maker}:{}", &id[..12]));
    }
    let name = name.strip_prefix("lxc.payload.").or_else(|| name.strip_prefix("machine-")).unwrap_or(name);
    Some(name.replace("\\x2d", "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_called_as_their_tools_call_them() {
        let id = "4f1c0d6b2a3e".to_owned() + &"0".repeat(52);
        let table = [
            (format!("/system.slice/docker-{id}.scope"), Some("docker:4f1c0d6b2a3e")),
            (format!("/docker/{id}"), Some("docker:4f1c0d6b2a3e")),
            (
                format!("/kubepods.slice/kubepods-pod1.slice/cri-containerd-{id}.scope"),
                Some("cri-containerd:4f1c0d6b2a3e"),
            ),
            (format!("/machine.slice/libpod-{id}.scope/container"), Some("container")),
            ("/machine.slice/machine-deb\\x2d12.scope/payload".into(), Some("deb-12")),
            ("/lxc.payload.web".into(), Some("web")),
            ("/system.slice/cron.service".into(), Some("cron")),
            ("/".into(), None),
        ];
        for (path, name) in table {
            assert_eq!(container_in(&path).as_deref(), name, "{path}");
        }
    }

    #[test]
    fn ours_is_among_all() {
        let (all, _) = Namespace::all().expect("/proc");
        assert_eq!(all.iter().filter(|namespace| namespace.is_own()).count(), 1);
        let own = Namespace::of(std::process::id().cast_signed()).expect("we run");
        assert!(own.is_own() && own.within(|| Ok(7)).expect("our own") == 7);
    }
}

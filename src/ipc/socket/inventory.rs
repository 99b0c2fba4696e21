//! The sockets of this network namespace, both ends of each conversation, and who has them.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use nix::sys::socket::AddressFamily;

use super::{Type, UnixName, diag, of_inet};
use crate::proc::{process, sockets};

/// What a socket does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Others can connect to it.
    Listening,
    /// It has another end.
    Connected,
    /// It has none.
    Unconnected,
    /// It is being made, or given up: tcp(7)'s states in between.
    Changing,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Listening => "listening",
            Self::Connected => "connected",
            Self::Unconnected => "unconnected",
            Self::Changing => "changing",
        }
    }

    /// `TCP_*` of linux/tcp_states.h, which unix sockets use, too.
    const fn of_kernel(state: u8) -> Self {
        match state {
            10 => Self::Listening,
            1 => Self::Connected,
            7 => Self::Unconnected,
            _ => Self::Changing,
        }
    }
}

/// What waits in a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queues {
    /// Of a listener: connections that wait to be accepted, and how many may.
    Backlog {
        /// Those that wait.
        waiting: u32,
        /// `backlog` of listen(2).
        most: u32,
    },
    /// Bytes to be read, and memory that what was sent and not read takes. In a queue of packets the
    /// first is the length of the next packet alone.
    Bytes {
        /// To be read here.
        unread: u32,
        /// Sent from here; for unix sockets in memory, which is more than the bytes.
        unsent: u32,
    },
}

/// The name of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// unix(7).
    Unix(UnixName),
    /// tcp(7).
    Tcp(SocketAddr),
}

impl Name {
    /// As [`Address::parse`](super::Address::parse) takes it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Unix(name) => [b"unix:", name.to_bytes().as_slice()].concat(),
            Self::Tcp(number) => of_inet(number.ip(), number.port()).into_bytes(),
        }
    }
}

/// A socket's file: what the kernel tells of its inode, and its device. Names may mean different files to
/// different processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId((u32, u32));

impl FileId {
    /// That of a file that was looked at.
    pub(in crate::ipc) fn of(file: &fs::Metadata) -> Self {
        Self(diag::file_id(file))
    }
}

/// The file of this name, if it is a socket's.
#[must_use]
pub fn file_of(path: &Path) -> Option<FileId> {
    fs::metadata(path).ok().filter(|file| file.file_type().is_socket()).map(|file| FileId::of(&file))
}

/// A socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// By this its descriptors are known: `socket:[INODE]` in `/proc/PID/fd`.
    pub inode: u64,
    /// Whether it is a TCP socket; else it is a unix socket.
    pub is_tcp: bool,
    /// What travels through it; `None` for a type that has no name here.
    pub kind: Option<Type>,
    /// What it does.
    pub state: State,
    /// Its own name.
    pub name: Option<Name>,
    /// The name of its other end.
    pub peer_name: Option<Name>,
    /// The inode of its other end, where that is on this machine.
    pub peer: Option<u64>,
    /// The effective user who made it, where the kernel tells.
    pub uid: Option<u32>,
    /// What waits in it.
    pub queues: Option<Queues>,
    /// Of a listener: inodes of the ends whose connections wait to be accepted.
    pub waiting: Vec<u64>,
    /// Its file, as far as the kernel tells: compare with [`file_of`].
    pub file: Option<FileId>,
    /// It will not receive any more.
    pub ended_receiving: bool,
    /// It will not send any more.
    pub ended_sending: bool,
}

impl Status {
    /// The sockets that it talks with: its other end, and of a listener those that wait to be accepted.
    pub fn others(&self) -> impl Iterator<Item = u64> {
        self.peer.into_iter().chain(self.waiting.iter().copied())
    }
}

/// A process that has a socket open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its pid.
    pub pid: i32,
    /// The number of the descriptor.
    pub descriptor: i32,
    /// Its command name.
    pub command: String,
    /// Its effective user.
    pub uid: u32,
}

/// All sockets, and who has them.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Unix sockets, then TCP sockets, each by inode.
    pub sockets: Vec<Status>,
    /// Who has the socket of an inode, as far as we may see.
    pub holders: HashMap<u64, Vec<Holder>>,
    /// How many processes we may not look at.
    pub hidden: usize,
}

impl Inventory {
    /// Asks the kernel for its sockets, and walks once over the descriptors of all processes. Our own
    /// descriptors do not count.
    pub fn new() -> io::Result<Self> {
        let mut sockets = unix()?;
        sockets.extend(tcp()?);
        let (holders, hidden) = holders()?;
        Ok(Self { sockets, holders, hidden })
    }

    /// The socket of this inode.
    #[must_use]
    pub fn socket(&self, inode: u64) -> Option<&Status> {
        self.sockets.iter().find(|socket| socket.inode == inode)
    }

    /// Who has it.
    #[must_use]
    pub fn holders(&self, inode: u64) -> &[Holder] {
        self.holders.get(&inode).map_or(&[], Vec::as_slice)
    }
}

/// The device that the inodes of all sockets are on.
pub(in crate::ipc) fn device() -> io::Result<u64> {
    Ok(nix::sys::stat::fstat(super::connect::open(AddressFamily::Unix, Type::Datagram)?)?.st_dev)
}

/// The unix sockets.
pub fn unix() -> io::Result<Vec<Status>> {
    let told = diag::unix()?;
    let names: HashMap<u32, UnixName> =
        told.iter().filter_map(|socket| Some((socket.inode, unix_name(socket.name.as_deref()?)?))).collect();
    let status = |socket: diag::Unix| {
        let state = State::of_kernel(socket.state);
        // An end that waits to be accepted has no inode yet: 0.
        let peer = socket.peer.filter(|&peer| peer != 0);
        Status {
            inode: socket.inode.into(),
            is_tcp: false,
            kind: Type::of_number(socket.kind.into()),
            state: if state == State::Unconnected && socket.peer.is_some() { State::Connected } else { state },
            name: names.get(&socket.inode).cloned().map(Name::Unix),
            peer_name: peer.and_then(|peer| names.get(&peer)).cloned().map(Name::Unix),
            peer: peer.map(Into::into),
            uid: socket.uid,
            queues: socket.queues.map(|queues| Queues::of(state, queues)),
            waiting: socket.waiting.iter().map(|&inode| inode.into()).collect(),
            file: socket.file.map(FileId),
            ended_receiving: socket.shutdown & 1 != 0,
            ended_sending: socket.shutdown & 2 != 0,
        }
    };
    let mut all: Vec<Status> = told.into_iter().map(status).collect();
    all.sort_by_key(|socket| socket.inode);
    Ok(all)
}

/// The TCP sockets that somebody has: the kernel's own, on their way out, have no inode.
pub fn tcp() -> io::Result<Vec<Status>> {
    let told = diag::tcp()?;
    let ends: HashMap<_, u64> =
        told.iter().map(|socket| ((socket.local, socket.remote), u64::from(socket.inode))).collect();
    let status = |socket: &diag::Tcp| {
        let state = State::of_kernel(socket.state);
        // 8 is CLOSE_WAIT: the other side has ended its sending. 4 and 5: this one has.
        let state = if matches!(socket.state, 4 | 5 | 8) { State::Connected } else { state };
        let is_listening = state == State::Listening;
        Status {
            inode: socket.inode.into(),
            is_tcp: true,
            kind: Some(Type::Stream),
            state,
            name: Some(Name::Tcp(socket.local)),
            peer_name: (!is_listening).then_some(Name::Tcp(socket.remote)),
            peer: ends.get(&(socket.remote, socket.local)).copied().filter(|&peer| peer != 0 && !is_listening),
            uid: Some(socket.uid),
            queues: Some(Queues::of(state, socket.queues)),
            waiting: Vec::new(),
            file: None,
            ended_receiving: socket.state == 8,
            ended_sending: matches!(socket.state, 4 | 5),
        }
    };
    let mut all: Vec<Status> = told.iter().filter(|socket| socket.inode != 0).map(status).collect();
    all.sort_by_key(|socket| socket.inode);
    Ok(all)
}

/// Who has the socket of each inode, and how many processes we may not look at.
pub fn holders() -> io::Result<(HashMap<u64, Vec<Holder>>, usize)> {
    let (descriptors, hidden) = sockets::descriptors()?;
    let mut known: HashMap<i32, Option<(String, u32)>> = HashMap::new();
    let mut holders: HashMap<u64, Vec<Holder>> = HashMap::new();
    for sockets::Descriptor { pid, number, inode } in descriptors {
        let who = known.entry(pid).or_insert_with(|| process::command(pid).zip(process::user(pid)));
        // One that ended meanwhile has nothing any more.
        if let Some((command, uid)) = who.clone() {
            holders.entry(inode).or_default().push(Holder { pid, descriptor: number, command, uid });
        }
    }
    for all in holders.values_mut() {
        all.sort_by_key(|holder| (holder.pid, holder.descriptor));
    }
    Ok((holders, hidden))
}

/// The socket that a process has under this number: its inode; `None` where that is no socket.
pub fn inode_of(pid: i32, descriptor: i32) -> io::Result<Option<u64>> {
    let link = fs::read_link(format!("/proc/{pid}/fd/{descriptor}"))?;
    let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
    Ok(inode)
}

impl Queues {
    fn of(state: State, (first, second): (u32, u32)) -> Self {
        match state {
            State::Listening => Self::Backlog { waiting: first, most: second },
            _ => Self::Bytes { unread: first, unsent: second },
        }
    }
}

/// The kernel's bytes of a name: abstract behind a NUL byte, a path perhaps before one.
pub(in crate::ipc) fn unix_name(bytes: &[u8]) -> Option<UnixName> {
    match bytes {
        [] => None,
        [0, name @ ..] => Some(UnixName::Abstract(name.to_vec())),
        path => {
            let end = path.iter().position(|&byte| byte == 0).unwrap_or(path.len());
            Some(UnixName::Path(PathBuf::from(OsStr::from_bytes(&path[..end]))))
        }
    }
}

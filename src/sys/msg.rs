//! System V message queues: msgget(2), msgop(2), msgctl(2).

use std::io;
use std::mem::{MaybeUninit, size_of};

use super::{check, check_len};

pub(crate) use libc::{IPC_CREAT, IPC_EXCL, IPC_NOWAIT, IPC_PRIVATE, MSG_COPY, MSG_EXCEPT, MSG_NOERROR, msqid_ds};

/// `MSG_STAT_ANY` of `<linux/msg.h>`: `MSG_STAT` without the read permission check (Linux 4.17).
const MSG_STAT_ANY: libc::c_int = 13;

/// What stands before the text of a message in memory: its type, a `long` (`struct msgbuf`), which
/// has 64 bits on the machines that ripc is for.
pub(crate) const HEADER: usize = size_of::<i64>();
const _: () = assert!(size_of::<libc::c_long>() == HEADER);

/// `struct msginfo` of `<linux/msg.h>`, as `MSG_INFO` fills it.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
struct MsgInfo {
    /// `MSG_INFO`: number of queues.
    msgpool: libc::c_int,
    /// `MSG_INFO`: messages in all queues.
    msgmap: libc::c_int,
    msgmax: libc::c_int,
    msgmnb: libc::c_int,
    msgmni: libc::c_int,
    msgssz: libc::c_int,
    /// `MSG_INFO`: bytes in all queues.
    msgtql: libc::c_int,
    msgseg: libc::c_ushort,
}

/// The limits of this IPC namespace (`IPC_INFO`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes in one message (`kernel.msgmax`).
    pub msgmax: usize,
    /// Bytes in a new queue (`kernel.msgmnb`).
    pub msgmnb: usize,
    /// Queues (`kernel.msgmni`).
    pub msgmni: usize,
}

/// Gets or makes the queue of `key` (`IPC_PRIVATE` makes a new one).
pub(crate) fn get(key: i32, flags: libc::c_int) -> io::Result<i32> {
    // SAFETY: no pointers.
    check(unsafe { libc::msgget(key, flags) })
}

/// Sends `message`: [`HEADER`] bytes of type in native order, then the text.
///
/// # Panics
/// When `message` is shorter than its header.
pub(crate) fn send(id: i32, message: &[u8], flags: libc::c_int) -> io::Result<()> {
    let length = message.len().checked_sub(HEADER).expect("a message begins with its type");
    // SAFETY: the kernel reads HEADER + length bytes, which is `message`; it asks no alignment.
    check(unsafe { libc::msgsnd(id, message.as_ptr().cast(), length, flags) }).map(drop)
}

/// Receives into `buffer`: [`HEADER`] bytes of type, then the text. Returns the text's length.
///
/// # Panics
/// When `buffer` is shorter than the header.
pub(crate) fn receive(id: i32, buffer: &mut [u8], select: i64, flags: libc::c_int) -> io::Result<usize> {
    let room = buffer.len().checked_sub(HEADER).expect("a message begins with its type");
    // SAFETY: the kernel writes at most HEADER + room bytes, which is `buffer`; it asks no alignment.
    check_len(unsafe { libc::msgrcv(id, buffer.as_mut_ptr().cast(), room, select, flags) })
}

/// The queue's `msqid_ds` (`IPC_STAT`, needs read permission).
pub(crate) fn stat(id: i32) -> io::Result<msqid_ds> {
    control_stat(id, libc::IPC_STAT).map(|(_, stat)| stat)
}

/// Identifier and `msqid_ds` of the queue in slot `index`, whoever owns it (`MSG_STAT_ANY`).
pub(crate) fn stat_any(index: i32) -> io::Result<(i32, msqid_ds)> {
    control_stat(index, MSG_STAT_ANY)
}

fn control_stat(id: i32, command: libc::c_int) -> io::Result<(i32, msqid_ds)> {
    let mut stat = MaybeUninit::zeroed();
    // SAFETY: both commands write one msqid_ds.
    let returned = check(unsafe { libc::msgctl(id, command, stat.as_mut_ptr()) })?;
    // SAFETY: zeroed is a valid msqid_ds (integers only), and the call filled it.
    Ok((returned, unsafe { stat.assume_init() }))
}

/// Sets owner, mode and `msg_qbytes` from `stat` (`IPC_SET`).
pub(crate) fn set(id: i32, stat: &mut msqid_ds) -> io::Result<()> {
    // SAFETY: IPC_SET reads one msqid_ds.
    check(unsafe { libc::msgctl(id, libc::IPC_SET, stat) }).map(drop)
}

/// Removes the queue and wakes whoever sleeps on it with EIDRM (`IPC_RMID`).
pub(crate) fn remove(id: i32) -> io::Result<()> {
    // SAFETY: IPC_RMID ignores the pointer.
    check(unsafe { libc::msgctl(id, libc::IPC_RMID, std::ptr::null_mut()) }).map(drop)
}

/// The highest slot in use, for [`stat_any`]; `None` when there is no queue.
///
/// The kernel answers 0 both for "slot 0" and for "none": the count tells them apart.
pub(crate) fn highest_index() -> io::Result<Option<i32>> {
    let (highest, info) = info(libc::MSG_INFO)?;
    Ok((info.msgpool > 0).then_some(highest))
}

/// The limits of this IPC namespace.
pub(crate) fn limits() -> io::Result<Limits> {
    let (_, info) = info(libc::IPC_INFO)?;
    let bytes = |value: libc::c_int| usize::try_from(value).unwrap_or(0);
    Ok(Limits { msgmax: bytes(info.msgmax), msgmnb: bytes(info.msgmnb), msgmni: bytes(info.msgmni) })
}

/// What there is of queues in this IPC namespace (`MSG_INFO`).
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Queues.
    pub queues: u64,
    /// Messages in all of them.
    pub messages: u64,
    /// Bytes in all of them.
    pub bytes: u64,
}

/// What there is of queues in this IPC namespace.
pub(crate) fn usage() -> io::Result<Usage> {
    let (_, info) = info(libc::MSG_INFO)?;
    let count = |value: libc::c_int| u64::try_from(value).unwrap_or(0);
    Ok(Usage { queues: count(info.msgpool), messages: count(info.msgmap), bytes: count(info.msgtql) })
}

fn info(command: libc::c_int) -> io::Result<(i32, MsgInfo)> {
    let mut info = MaybeUninit::<MsgInfo>::zeroed();
    // SAFETY: IPC_INFO and MSG_INFO write one struct msginfo, whatever the pointer's declared type.
    let highest = check(unsafe { libc::msgctl(0, command, info.as_mut_ptr().cast()) })?;
    // SAFETY: zeroed is a valid MsgInfo (integers only), and the call filled it.
    Ok((highest, unsafe { info.assume_init() }))
}

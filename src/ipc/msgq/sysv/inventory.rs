//! What is known of the System V queues that there are, and the limits they live under: msgctl(2).

use std::io;

use crate::ipc::object::{self, SlotTable, timestamp};
use crate::ipc::{Id, Permissions, Timestamp};
use crate::proc::sysvipc::{Row, Table};
use crate::sys::msg::{self, msqid_ds};

/// Limits of this IPC namespace: sysctl `kernel.msg*`.
#[doc(alias = "msginfo")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in one message: `kernel.msgmax`.
    pub max_message: usize,
    /// Bytes in a new queue: `kernel.msgmnb`.
    pub max_bytes: usize,
    /// Queues: `kernel.msgmni`.
    pub max_queues: usize,
}

/// The limits of this IPC namespace.
#[doc(alias = "IPC_INFO")]
pub fn limits() -> io::Result<Limits> {
    let limits = msg::limits()?;
    Ok(Limits { max_message: limits.msgmax, max_bytes: limits.msgmnb, max_queues: limits.msgmni })
}

pub use crate::sys::msg::Usage;

/// What there is in this IPC namespace, all owners together.
#[doc(alias = "MSG_INFO")]
pub fn usage() -> io::Result<Usage> {
    msg::usage()
}

/// A queue, as `IPC_STAT`, `MSG_STAT_ANY` or `/proc/sysvipc/msg` shows it.
#[doc(alias = "msqid_ds")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueStatus {
    /// Identifier.
    pub id: Id,
    /// Owner, creator, mode, key.
    pub permissions: Permissions,
    /// Bytes of text in it.
    pub bytes: u64,
    /// Messages in it.
    pub messages: u64,
    /// Bytes of text it may hold (`msg_qbytes`); `None` where only `/proc` could be asked.
    pub max_bytes: Option<u64>,
    /// Process that sent last, 0 for none.
    pub last_sender: i32,
    /// Process that received last, 0 for none.
    pub last_receiver: i32,
    /// Last msgsnd(2).
    pub sent: Timestamp,
    /// Last msgrcv(2).
    pub received: Timestamp,
    /// Creation or last `IPC_SET`.
    pub changed: Timestamp,
}

object::system_v_object!(QueueStatus: sent, received);

/// Every queue of this IPC namespace, whoever owns it, in slot order.
pub fn list() -> io::Result<Vec<QueueStatus>> {
    SLOTS.all()
}

/// The kernel's table of queues.
pub(in crate::ipc) static SLOTS: SlotTable<msqid_ds, QueueStatus> =
    SlotTable { highest: msg::highest_index, stat_any: msg::stat_any, status: of_stat, listed: Table::queues, of_row };

pub(super) fn of_stat(id: Id, stat: &msqid_ds) -> QueueStatus {
    QueueStatus {
        id,
        permissions: object::permissions(&stat.msg_perm),
        bytes: stat.__msg_cbytes,
        messages: stat.msg_qnum,
        max_bytes: Some(stat.msg_qbytes),
        last_sender: stat.msg_lspid,
        last_receiver: stat.msg_lrpid,
        sent: timestamp(stat.msg_stime),
        received: timestamp(stat.msg_rtime),
        changed: timestamp(stat.msg_ctime),
    }
}

fn of_row(row: &Row<'_>) -> Option<QueueStatus> {
    let (permissions, _) = object::permissions_of_row(row)?;
    Some(QueueStatus {
        id: Id::new(row.number("msqid")?)?,
        permissions,
        bytes: row.number("cbytes")?,
        messages: row.number("qnum")?,
        max_bytes: None,
        last_sender: row.number("lspid")?,
        last_receiver: row.number("lrpid")?,
        sent: timestamp(row.number("stime")?),
        received: timestamp(row.number("rtime")?),
        changed: timestamp(row.number("ctime")?),
    })
}

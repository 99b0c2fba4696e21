//! Which limit a refusal means, and where it stands.

use std::io;

use crate::ipc::Name;
use crate::ipc::msgq::posix::{self, Capacity};
use crate::ipc::msgq::sysv;
use crate::ipc::users::effective;
use crate::sys::errno;

/// What the error of a create means where it means a limit: a sentence that names it and its value.
pub(super) fn behind(error: &io::Error, name: &Name, capacity: Option<Capacity>) -> Option<String> {
    match name {
        Name::Posix(_) => behind_posix(error, capacity),
        _ if errno::is(error, errno::ENOSPC) => {
            let limits = sysv::limits().ok()?;
            Some(format!("kernel.msgmni allows {} queues, and that many exist", limits.max_queues))
        }
        _ => None,
    }
}

fn behind_posix(error: &io::Error, capacity: Option<Capacity>) -> Option<String> {
    let limits = posix::limits().ok()?;
    let asked = capacity.unwrap_or(limits.default);
    if errno::is(error, errno::ENOSPC) {
        return Some(format!("fs.mqueue.queues_max allows {} queues, and that many exist", limits.max_queues));
    }
    if errno::is(error, errno::EMFILE) {
        return Some(behind_emfile(&limits, asked));
    }
    if !errno::is(error, errno::EINVAL) {
        return None;
    }
    let mut reasons = Vec::new();
    if u64::from(asked.max_messages) > limits.max_messages {
        reasons
            .push(format!("{} messages are more than fs.mqueue.msg_max, {}", asked.max_messages, limits.max_messages));
    }
    if u64::from(asked.max_size) > limits.max_size {
        reasons.push(format!(
            "messages of {} bytes are longer than fs.mqueue.msgsize_max, {}",
            asked.max_size, limits.max_size
        ));
    }
    if asked.max_messages == 0 || asked.max_size == 0 {
        reasons.push("a queue holds at least one message of at least one byte".into());
    }
    (!reasons.is_empty()).then(|| reasons.join(", and "))
}

/// EMFILE of mq_open(3) is hardly ever about descriptors.
fn behind_emfile(limits: &posix::Limits, asked: Capacity) -> String {
    let Some(user_bytes) = limits.user_bytes else { return "this process has no descriptor left".into() };
    let own = effective();
    let taken: u64 = posix::list().map_or(0, |queues| {
        queues.iter().filter(|queue| queue.file.uid == own).filter_map(posix::QueueStatus::cost).sum()
    });
    format!(
        "RLIMIT_MSGQUEUE (ulimit -q) allows {user_bytes} bytes for all queues of a user; \
         this one takes {} messages x ({} + 96) = {} bytes, and those there are take {taken}",
        asked.max_messages,
        asked.max_size,
        asked.cost()
    )
}

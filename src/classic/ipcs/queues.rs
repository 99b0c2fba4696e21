//! Message queues, as `ipcs -q` shows them.

use std::io::{self, Write as _};

use super::{Format, Sheet, Unit, human, key, octal, owners_of, prefixed};
use crate::ipc::Id;
use crate::ipc::msgq::sysv::{Queue, QueueStatus, limits, list, usage};

pub(super) fn show(sheet: &mut Sheet<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Limits => show_limits(sheet)?,
        Format::Summary => show_summary(sheet)?,
        Format::Creator => {
            sheet.creators("------ Message Queues Creators/Owners --------", "msqid", &list()?);
        }
        Format::List => show_list(sheet, &list()?),
        Format::Time => show_times(sheet, &list()?),
        Format::Pid => show_pids(sheet, &list()?),
    }
    Ok(())
}

fn show_limits(sheet: &mut Sheet<'_>) -> io::Result<()> {
    let limits = limits()?;
    sheet.line("------ Messages Limits --------");
    sheet.line(&format!("max queues system wide = {}", limits.max_queues));
    sheet.limit("max size of message", limits.max_message as u64);
    sheet.limit("default max size of queue", limits.max_bytes as u64);
    Ok(())
}

fn show_summary(sheet: &mut Sheet<'_>) -> io::Result<()> {
    let usage = usage()?;
    sheet.line("------ Messages Status --------");
    sheet.line(&format!("allocated queues = {}", usage.queues));
    sheet.line(&format!("used headers = {}", usage.messages));
    sheet.line(&match sheet.unit {
        Unit::Default => format!("used space = {} bytes", usage.bytes),
        Unit::Bytes => format!("used space (bytes) = {}", usage.bytes),
        Unit::Human => format!("used space = {}", human(usage.bytes)),
    });
    Ok(())
}

fn show_list(sheet: &mut Sheet<'_>, queues: &[QueueStatus]) {
    let size = if sheet.unit == Unit::Human { "size" } else { "used-bytes" };
    let owners = owners_of(queues);
    sheet.line("------ Message Queues --------");
    sheet.line(&format!("{:<10} {:<10} {:<10} {:<10} {size:<12} {:<12}", "key", "msqid", "owner", "perms", "messages"));
    for queue in queues {
        let bytes = match sheet.unit {
            Unit::Human => format!("{:>6}      ", human(queue.bytes)),
            _ => format!("{:<12}", queue.bytes),
        };
        sheet.line(&format!(
            "{} {:<10} {:<10} {:<10} {bytes} {:<12}",
            key(&queue.permissions),
            queue.id.get(),
            owners.short_user(queue.permissions.uid),
            octal(&queue.permissions),
            queue.messages
        ));
    }
}

fn show_times(sheet: &mut Sheet<'_>, queues: &[QueueStatus]) {
    let owners = owners_of(queues);
    sheet.line("------ Message Queues Send/Recv/Change Times --------");
    sheet.line(&format!("{:<8} {:<10} {:<20} {:<20} {:<20}", "msqid", "owner", "send", "recv", "change"));
    for queue in queues {
        let [sent, received, changed] =
            [queue.sent, queue.received, queue.changed].map(|time| sheet.month_to_second(time));
        sheet.line(&format!(
            "{:<8} {:<10} {sent:<20} {received:<20} {changed:<20}",
            queue.id.get(),
            owners.short_user(queue.permissions.uid)
        ));
    }
}

fn show_pids(sheet: &mut Sheet<'_>, queues: &[QueueStatus]) {
    let owners = owners_of(queues);
    sheet.line("------ Message Queues PIDs --------");
    sheet.line(&format!("{:<10} {:<10} {:<10} {:<10}", "msqid", "owner", "lspid", "lrpid"));
    for queue in queues {
        sheet.line(&format!(
            "{:<8} {:<10}  {:>5}     {:>5}",
            queue.id.get(),
            owners.short_user(queue.permissions.uid),
            queue.last_sender,
            queue.last_receiver
        ));
    }
}

pub(super) fn detail(sheet: &mut Sheet<'_>, id: Id) -> io::Result<()> {
    let queue = Queue::at(id).status()?;
    let permissions = &queue.permissions;
    let max_bytes = queue.max_bytes.unwrap_or(0);
    let sizes = match sheet.unit {
        Unit::Human => format!("csize={}\tqsize={}", human(queue.bytes), human(max_bytes)),
        _ => format!("cbytes={}\tqbytes={max_bytes}", queue.bytes),
    };
    let [sent, received, changed] = [queue.sent, queue.received, queue.changed].map(|time| sheet.full(time));
    let _ = write!(
        sheet.out,
        "\nMessage Queue msqid={id}\nuid={}\tgid={}\tcuid={}\tcgid={}\tmode={}\n\
         {sizes}\tqnum={}\tlspid={}\tlrpid={}\nsend_time={sent:<26}\nrcv_time={received:<26}\nchange_time={changed:<26}\n\n",
        permissions.uid,
        permissions.gid,
        permissions.creator_uid,
        permissions.creator_gid,
        prefixed(permissions.mode.bits().into()),
        queue.messages,
        queue.last_sender,
        queue.last_receiver
    );
    Ok(())
}

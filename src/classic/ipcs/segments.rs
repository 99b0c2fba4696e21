//! Shared memory segments, as `ipcs -m` shows them.

use std::io::{self, Write as _};

use super::{Format, Sheet, Unit, human, key, octal, owners_of, prefixed};
use crate::ipc::Id;
use crate::ipc::shm::sysv::{Limits, Segment, limits, usage};
use crate::ipc::shm::{SegmentStatus, segments};

pub(super) fn show(sheet: &mut Sheet<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Limits => show_limits(sheet, &limits()?),
        Format::Summary => show_summary(sheet)?,
        Format::Creator => {
            sheet.creators("------ Shared Memory Segment Creators/Owners --------", "shmid", &segments()?);
        }
        Format::List => show_list(sheet, &segments()?),
        Format::Time => show_times(sheet, &segments()?),
        Format::Pid => show_pids(sheet, &segments()?),
    }
    Ok(())
}

fn show_limits(sheet: &mut Sheet<'_>, limits: &Limits) {
    sheet.line("------ Shared Memory Limits --------");
    sheet.line(&format!("max number of segments = {}", limits.max_segments));
    if sheet.unit == Unit::Default {
        let all = whole_pages(limits.max_pages, limits.page_size / 1024);
        sheet.line(&format!("max seg size (kbytes) = {}", limits.max_size / 1024));
        sheet.line(&format!("max total shared memory (kbytes) = {all}"));
    } else {
        sheet.limit("max seg size", limits.max_size);
        sheet.limit("max total shared memory", whole_pages(limits.max_pages, limits.page_size));
    }
    sheet.limit("min seg size", 1);
}

/// That many pages in units of which a page has `page`; the most pages that 64 bits can tell where they
/// are more, as they are by default.
fn whole_pages(pages: u64, page: u64) -> u64 {
    pages.checked_mul(page).unwrap_or(u64::MAX - u64::MAX % page)
}

fn show_summary(sheet: &mut Sheet<'_>) -> io::Result<()> {
    let usage = usage()?;
    sheet.line("------ Shared Memory Status --------");
    sheet.line(&format!("segments allocated {}", usage.segments));
    sheet.line(&format!("pages allocated {}", usage.pages));
    sheet.line(&format!("pages resident  {}", usage.resident));
    sheet.line(&format!("pages swapped   {}", usage.swapped));
    sheet.line(&format!("Swap performance: {} attempts\t {} successes", usage.swap_attempts, usage.swap_successes));
    Ok(())
}

fn show_list(sheet: &mut Sheet<'_>, segments: &[SegmentStatus]) {
    let size = if sheet.unit == Unit::Human { "size" } else { "bytes" };
    let owners = owners_of(segments);
    sheet.line("------ Shared Memory Segments --------");
    sheet.line(&format!(
        "{:<10} {:<10} {:<10} {:<10} {size:<10} {:<10} {:<12}",
        "key", "shmid", "owner", "perms", "nattch", "status"
    ));
    for segment in segments {
        let bytes = match sheet.unit {
            Unit::Human => format!("{:>6}    ", human(segment.size)),
            _ => format!("{:<10}", segment.size),
        };
        sheet.line(&format!(
            "{} {:<10} {:<10} {:<10} {bytes} {:<10} {:<6} {:<6}",
            key(&segment.permissions),
            segment.id.get(),
            owners.short_user(segment.permissions.uid),
            octal(&segment.permissions),
            segment.attaches,
            if segment.removal_pending { "dest" } else { "" },
            if segment.locked { "locked" } else { "" }
        ));
    }
}

fn show_times(sheet: &mut Sheet<'_>, segments: &[SegmentStatus]) {
    let owners = owners_of(segments);
    sheet.line("------ Shared Memory Attach/Detach/Change Times --------");
    sheet.line(&format!("{:<10} {:<10} {:<20} {:<20} {:<20}", "shmid", "owner", "attached", "detached", "changed"));
    for segment in segments {
        let [attached, detached, changed] =
            [segment.attached, segment.detached, segment.changed].map(|time| sheet.month_to_second(time));
        sheet.line(&format!(
            "{:<10} {:<10} {attached:<20} {detached:<20} {changed:<20}",
            segment.id.get(),
            owners.short_user(segment.permissions.uid)
        ));
    }
}

fn show_pids(sheet: &mut Sheet<'_>, segments: &[SegmentStatus]) {
    let owners = owners_of(segments);
    sheet.line("------ Shared Memory Creator/Last-op PIDs --------");
    sheet.line(&format!("{:<10} {:<10} {:<10} {:<10}", "shmid", "owner", "cpid", "lpid"));
    for segment in segments {
        sheet.line(&format!(
            "{:<10} {:<10} {:<10} {:<10}",
            segment.id.get(),
            owners.short_user(segment.permissions.uid),
            segment.creator_pid,
            segment.last_pid
        ));
    }
}

pub(super) fn detail(sheet: &mut Sheet<'_>, id: Id) -> io::Result<()> {
    let segment = Segment::at(id).status()?;
    let permissions = &segment.permissions;
    let access = u32::from(permissions.mode.bits());
    let mode = access | u32::from(segment.removal_pending) << 9 | u32::from(segment.locked) << 10;
    let size = match sheet.unit {
        Unit::Human => format!("size={}", human(segment.size)),
        _ => format!("bytes={}", segment.size),
    };
    let [attached, detached, changed] =
        [segment.attached, segment.detached, segment.changed].map(|time| sheet.full(time));
    let _ = write!(
        sheet.out,
        "\nShared memory Segment shmid={id}\nuid={}\tgid={}\tcuid={}\tcgid={}\nmode={}\taccess_perms={}\n\
         {size}\tlpid={}\tcpid={}\tnattch={}\natt_time={attached:<26}\ndet_time={detached:<26}\nchange_time={changed:<26}\n\n",
        permissions.uid,
        permissions.gid,
        permissions.creator_uid,
        permissions.creator_gid,
        prefixed(mode),
        prefixed(access),
        segment.last_pid,
        segment.creator_pid,
        segment.attaches
    );
    Ok(())
}

//! Semaphore sets, as `ipcs -s` shows them.

use std::io::{self, Write as _};

use super::{Format, Sheet, key, octal, owners_of, prefixed};
use crate::ipc::Id;
use crate::ipc::sem::sysv::{HIGHEST_VALUE, Set, SetStatus, limits, list, usage};

pub(super) fn show(sheet: &mut Sheet<'_>, format: Format) -> io::Result<()> {
    match format {
        Format::Limits => show_limits(sheet)?,
        Format::Summary => {
            let usage = usage()?;
            sheet.line("------ Semaphore Status --------");
            sheet.line(&format!("used arrays = {}", usage.sets));
            sheet.line(&format!("allocated semaphores = {}", usage.semaphores));
        }
        Format::Creator => {
            sheet.creators("------ Semaphore Arrays Creators/Owners --------", "semid", &list()?);
        }
        Format::List => show_list(sheet, &list()?),
        Format::Time => show_times(sheet, &list()?),
        // A set has no process of its own: each of its semaphores has one.
        Format::Pid => {}
    }
    Ok(())
}

fn show_limits(sheet: &mut Sheet<'_>) -> io::Result<()> {
    let limits = limits()?;
    sheet.line("------ Semaphore Limits --------");
    sheet.line(&format!("max number of arrays = {}", limits.max_sets));
    sheet.line(&format!("max semaphores per array = {}", limits.max_semaphores));
    sheet.line(&format!("max semaphores system wide = {}", limits.max_all_semaphores));
    sheet.line(&format!("max ops per semop call = {}", limits.max_operations));
    sheet.line(&format!("semaphore max value = {HIGHEST_VALUE}"));
    Ok(())
}

fn show_list(sheet: &mut Sheet<'_>, sets: &[SetStatus]) {
    let owners = owners_of(sets);
    sheet.line("------ Semaphore Arrays --------");
    sheet.line(&format!("{:<10} {:<10} {:<10} {:<10} {:<10}", "key", "semid", "owner", "perms", "nsems"));
    for set in sets {
        sheet.line(&format!(
            "{} {:<10} {:<10} {:<10} {:<10}",
            key(&set.permissions),
            set.id.get(),
            owners.short_user(set.permissions.uid),
            octal(&set.permissions),
            set.count
        ));
    }
}

fn show_times(sheet: &mut Sheet<'_>, sets: &[SetStatus]) {
    let owners = owners_of(sets);
    sheet.line("------ Semaphore Operation/Change Times --------");
    sheet.line(&format!("{:<8} {:<10} {:<26} {:<26}", "semid", "owner", "last-op", "last-changed"));
    for set in sets {
        let [operated, changed] = [set.operated, set.changed].map(|time| sheet.full(time));
        let owner = owners.short_user(set.permissions.uid);
        sheet.line(&format!("{:<8} {owner:<10}  {operated:<26} {changed:<26}", set.id.get()));
    }
}

/// What is known of the set, then of each semaphore; the values can be read by who may read the set alone.
pub(super) fn detail(sheet: &mut Sheet<'_>, id: Id) -> io::Result<()> {
    let set = Set::at(id).status()?;
    let permissions = &set.permissions;
    let mode = prefixed(permissions.mode.bits().into());
    let [operated, changed] = [set.operated, set.changed].map(|time| sheet.full(time));
    let _ = write!(
        sheet.out,
        "\nSemaphore Array semid={id}\nuid={}\t gid={}\t cuid={}\t cgid={}\nmode={mode}, access_perms={mode}\n\
         nsems = {}\notime = {operated:<26}\nctime = {changed:<26}\n{:<10} {:<10} {:<10} {:<10} {:<10}\n",
        permissions.uid,
        permissions.gid,
        permissions.creator_uid,
        permissions.creator_gid,
        set.count,
        "semnum",
        "value",
        "ncount",
        "zcount",
        "pid"
    );
    for semaphore in Set::at(id).semaphores()? {
        sheet.line(&format!(
            "{:<10} {:<10} {:<10} {:<10} {:<10}",
            semaphore.index, semaphore.value, semaphore.increase, semaphore.zero, semaphore.last_pid
        ));
    }
    sheet.line("");
    Ok(())
}

//! Limits of the whole machine: pipe(7), proc_locks(5), proc_sys_fs(5), unix(7).

use std::fs;

use super::{Bound, Consumer, Limit, Setting, Use, sysctl};
use crate::ipc::pipe::inventory::{Inventory, Pipe};
use crate::ipc::users::effective;
use crate::proc::process;
use crate::sys::memory;

fn single(name: &'static str, what: &'static str, unit: &'static str, used: Use, path: &'static str) -> Limit {
    let bound = Bound::of(sysctl(path).first().copied());
    Limit { name, what, unit, used, bound, setting: Setting::Sysctl(path, None) }
}

/// What pipes take; 0 pages are no limit.
///
/// The kernel counts a pipe's pages for who made it, and does not tell who that was: here they count for the
/// user of the first process that has it.
pub(super) fn pipes(pid: Option<i32>) -> Vec<Limit> {
    let uid = pid.and_then(process::user).unwrap_or_else(effective);
    let page = memory::page_size() as u64;
    let pipes = Inventory::read().ok();
    let sizes = |of: &dyn Fn(&Pipe) -> bool| {
        let pipes = pipes.as_ref()?.pipes.iter().filter(|pipe| of(pipe));
        Some(pipes.filter_map(|pipe| pipe.capacity.map(|bytes| bytes as u64)).collect::<Vec<_>>())
    };
    let is_theirs = |pipe: &Pipe| {
        let first = pipe.ends.first().and_then(|end| pipes.as_ref()?.processes.get(&end.pid));
        first.is_some_and(|process| process.uid == uid)
    };
    let pages = sizes(&is_theirs).map(|sizes| sizes.iter().map(|size| size.div_ceil(page)).sum());
    let pages = || pages.map_or(Use::Unknown, |pages| Use::Fullest(pages, Some(Consumer::User(uid))));
    let largest =
        sizes(&|_| true).map_or(Use::Unknown, |sizes| Use::Largest(sizes.into_iter().max().unwrap_or(0), None));
    let mut limits = vec![
        single("pipe-max-size", "bytes that a pipe can hold", "bytes", largest, "fs.pipe-max-size"),
        single("pipe-user-pages-soft", "pages of a user's pipes", "pages", pages(), "fs.pipe-user-pages-soft"),
        single("pipe-user-pages-hard", "pages of a user's pipes", "pages", pages(), "fs.pipe-user-pages-hard"),
    ];
    for pages in &mut limits[1..] {
        if pages.bound == Bound::At(0) {
            pages.bound = Bound::Unlimited;
        }
    }
    limits
}

/// File locks, which only memory limits, and open files.
pub(super) fn locks_and_files() -> Vec<Limit> {
    // A line that waits for the lock above it is none.
    let locks = fs::read_to_string("/proc/locks").ok();
    let locks = locks.map(|text| text.lines().filter(|line| !line.contains("->")).count() as u64);
    let files = sysctl("fs.file-nr");
    vec![
        Limit {
            name: "locks",
            what: "file locks",
            unit: "locks",
            used: locks.map_or(Use::Unknown, Use::Total),
            bound: Bound::Unlimited,
            setting: Setting::Nothing,
        },
        Limit {
            name: "file-max",
            what: "open files",
            unit: "files",
            used: files.first().map_or(Use::Unknown, |&used| Use::Total(used)),
            bound: Bound::of(files.get(2).copied()),
            setting: Setting::Sysctl("fs.file-max", None),
        },
    ]
}

/// What bounds a socket; each has its own.
pub(super) fn sockets() -> Vec<Limit> {
    vec![
        single(
            "max_dgram_qlen",
            "datagrams waiting at a unix socket",
            "datagrams",
            Use::Passing,
            "net.unix.max_dgram_qlen",
        ),
        single("somaxconn", "connections waiting at a socket", "connections", Use::Passing, "net.core.somaxconn"),
        single("wmem_max", "bytes that a socket can hold unsent", "bytes", Use::Passing, "net.core.wmem_max"),
    ]
}

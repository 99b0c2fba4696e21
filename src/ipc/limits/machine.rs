//! Limits of the whole machine: pipe(7), proc_locks(5), proc_sys_fs(5), unix(7).

use std::fs;

use super::{Bound, Limit, Setting, Use, sysctl};

fn single(name: &'static str, what: &'static str, unit: &'static str, used: Use, path: &'static str) -> Limit {
    let bound = Bound::of(sysctl(path).first().copied());
    Limit { name, what, unit, used, bound, setting: Setting::Sysctl(path, None) }
}

/// What pipes take; 0 pages are no limit.
pub(super) fn pipes() -> Vec<Limit> {
    let mut limits = vec![
        single("pipe-max-size", "bytes that a pipe can hold", "bytes", Use::Passing, "fs.pipe-max-size"),
        single("pipe-user-pages-soft", "pages of a user's pipes", "pages", Use::Unknown, "fs.pipe-user-pages-soft"),
        single("pipe-user-pages-hard", "pages of a user's pipes", "pages", Use::Unknown, "fs.pipe-user-pages-hard"),
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

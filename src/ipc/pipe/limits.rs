//! What the kernel allows of pipes: `/proc/sys/fs/pipe-*`, proc_sys_fs(5).

use std::fs;
use std::io;

/// The limits of pipes. Who has `CAP_SYS_RESOURCE` (or, for the pages, `CAP_SYS_ADMIN`) is above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a pipe can be given room for: `pipe-max-size`.
    pub max_size: usize,
    /// Pages in all pipes of a user from which on new pipes are small and none may grow:
    /// `pipe-user-pages-soft`; 0 is no limit.
    pub soft_pages: usize,
    /// Pages in all pipes of a user from which on there are no new ones: `pipe-user-pages-hard`; 0 is no limit.
    pub hard_pages: usize,
}

impl Limits {
    /// Reads them.
    pub fn of_system() -> io::Result<Self> {
        let read = |name: &str| -> io::Result<usize> {
            let text = fs::read_to_string(format!("/proc/sys/fs/pipe-{name}"))?;
            text.trim().parse().map_err(|_| io::ErrorKind::InvalidData.into())
        };
        Ok(Self {
            max_size: read("max-size")?,
            soft_pages: read("user-pages-soft")?,
            hard_pages: read("user-pages-hard")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_limits() {
        assert!(super::Limits::of_system().expect("/proc/sys").max_size >= 4096);
    }
}

//! The numbers of processes, as `/proc` lists them.

use std::ffi::CStr;
use std::fs::File;
use std::io;

use crate::sys::directory;

/// Every process that there is, some dozens at a time.
#[derive(Debug)]
pub(crate) struct Pids {
    root: File,
    buffer: [u8; 1024],
    at_end: bool,
}

impl Pids {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { root: File::open("/proc")?, buffer: [0; 1024], at_end: false })
    }

    /// The next of them; none at the end.
    pub(crate) fn more(&mut self) -> io::Result<Vec<i32>> {
        let mut pids = Vec::new();
        while pids.is_empty() && !self.at_end {
            self.at_end = !directory::more_entries(&self.root, &mut self.buffer, |name| pids.extend(number(name)))?;
        }
        Ok(pids)
    }
}

/// The process or thread that an entry is.
pub(super) fn number(name: &CStr) -> Option<i32> {
    name.to_str().ok()?.parse().ok()
}

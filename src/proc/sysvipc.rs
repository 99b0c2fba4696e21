//! `/proc/sysvipc/{msg,sem,shm}`: one parser for the three, by the names in their header.
//!
//! Newer kernels may add columns, so no position counts; identifiers and sizes are as wide as the
//! kernel prints them. A row that lost a field is left out, an empty file is an empty table.

use std::fs;
use std::io;
use std::str::FromStr;

/// One of the three tables.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    text: String,
}

/// One object's row.
#[derive(Debug, Clone)]
pub(crate) struct Row<'a> {
    header: &'a str,
    line: &'a str,
}

impl Table {
    /// The message queues.
    pub(crate) fn queues() -> io::Result<Self> {
        Self::read("/proc/sysvipc/msg")
    }

    /// The shared memory segments.
    pub(crate) fn segments() -> io::Result<Self> {
        Self::read("/proc/sysvipc/shm")
    }

    /// The semaphore sets.
    pub(crate) fn sets() -> io::Result<Self> {
        Self::read("/proc/sysvipc/sem")
    }

    fn read(path: &str) -> io::Result<Self> {
        fs::read_to_string(path).map(|text| Self { text })
    }

    /// The rows, in the kernel's order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        let mut lines = self.text.lines();
        let header = lines.next().unwrap_or("");
        lines.map(move |line| Row { header, line })
    }
}

impl Row<'_> {
    /// The field under `column`, if it is there and a number that fits.
    pub(crate) fn number<T: FromStr>(&self, column: &str) -> Option<T> {
        self.field(column)?.parse().ok()
    }

    /// The field under `column`, written in octal: the mode.
    pub(crate) fn octal(&self, column: &str) -> Option<u32> {
        u32::from_str_radix(self.field(column)?, 8).ok()
    }

    fn field(&self, column: &str) -> Option<&str> {
        let index = self.header.split_ascii_whitespace().position(|name| name == column)?;
        self.line.split_ascii_whitespace().nth(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Table {
        Table { text: text.to_owned() }
    }

    #[test]
    fn fields_are_found_by_the_headers_names() {
        let table = rows("  new  key  shmid perms size\n   x  -5      7  1600 18446744073709551615  \n");
        let row = table.rows().next().expect("a row");
        assert_eq!(row.number("key"), Some(-5));
        assert_eq!(row.number("shmid"), Some(7));
        assert_eq!(row.octal("perms"), Some(0o1600));
        assert_eq!(row.number("size"), Some(u64::MAX));
        assert_eq!(row.number::<u64>("rss"), None);
    }

    #[test]
    fn wide_user_numbers_pass() {
        let table = rows("uid\n4294967294\n");
        assert_eq!(table.rows().next().and_then(|row| row.number("uid")), Some(u32::MAX - 1));
    }

    #[test]
    fn nothing_and_nonsense_are_no_numbers() {
        assert_eq!(rows("").rows().count(), 0);
        assert_eq!(rows("key msqid\n").rows().count(), 0);
        let table = rows("key msqid\n12\nx y\n\n");
        assert!(table.rows().all(|row| row.number::<i32>("msqid").is_none()));
    }
}

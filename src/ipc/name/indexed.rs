//! Names of one part of an object: a semaphore of a set.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::{Kind, Name, NameError, decimal, quoted};

/// An object, and perhaps one of its parts: `NAME` or `NAME:INDEX`.
///
/// The index is what stands behind the last colon where that is a number and what stands before it is
/// a whole name: `42:1`, `id:42:1`, `0x4b:1`, `key:75:1`. Two names need a rule: `ftok:PATH:N` has the
/// project N and no index, `ftok:PATH:PROJ:N` has both. And a POSIX name is one semaphore, so that a
/// colon in it is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// The object.
    pub name: Name,
    /// Which of its parts, where one was named.
    pub index: Option<u16>,
}

impl Indexed {
    /// Reads a name with or without an index.
    pub fn parse(text: &OsStr, kind: Kind) -> Result<Self, NameError> {
        let bytes = text.as_bytes();
        let split = bytes.iter().rposition(|&byte| byte == b':');
        if let Some(colon) = split
            && let Some(number) = std::str::from_utf8(&bytes[colon + 1..]).ok().and_then(decimal)
            && let Ok(name) = Name::parse(OsStr::from_bytes(&bytes[..colon]), kind)
            && takes_index(&name, &bytes[..colon])
        {
            let index = u16::try_from(number)
                .map_err(|_| NameError(format!("{}: an index goes from 0 to {}", quoted(text), u16::MAX)))?;
            return Ok(Self { name, index: Some(index) });
        }
        Name::parse(text, kind).map(|name| Self { name, index: None })
    }
}

/// Whether a number behind this name, which was spelled so, is an index.
fn takes_index(name: &Name, spelled: &[u8]) -> bool {
    match name {
        Name::Id(_) | Name::Key(_) => true,
        Name::Ftok { .. } => spelled["ftok:".len()..].contains(&b':'),
        Name::Private | Name::Posix(_) | Name::File(_) => false,
    }
}

impl fmt::Display for Indexed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.index {
            Some(index) => write!(f, "{index} of set {}", self.name),
            None => self.name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_the_number_behind_a_whole_name() {
        let table = [
            ("42", "42", None),
            ("42:1", "42", Some(1)),
            ("id:42", "id:42", None),
            ("id:42:0", "id:42", Some(0)),
            ("0x4b:65535", "0x4b", Some(65_535)),
            ("key:75", "key:75", None),
            ("key:75:2", "key:75", Some(2)),
            ("key:0x4b:2", "key:0x4b", Some(2)),
            ("ftok:.", "ftok:.", None),
            ("ftok:.:7", "ftok:.:7", None),
            ("ftok:.:7:2", "ftok:.:7", Some(2)),
            ("ftok:.:A:0", "ftok:.:A", Some(0)),
            ("ftok:a:b:7:0", "ftok:a:b:7", Some(0)),
            ("/jobs:1", "/jobs:1", None),
            ("/jobs", "/jobs", None),
        ];
        for (text, name, index) in table {
            let name = Name::parse(name.as_ref(), Kind::Semaphore).expect(name);
            assert_eq!(Indexed::parse(text.as_ref(), Kind::Semaphore), Ok(Indexed { name, index }), "{text}");
        }
    }

    #[test]
    fn what_has_no_index_is_refused() {
        for text in ["42:", ":1", "42:x", "42:-1", "42:1:1", "private:1", "id:", "key:", "42:65536", "ftok:", "jobs:1"]
        {
            assert!(Indexed::parse(text.as_ref(), Kind::Semaphore).is_err(), "{text}");
        }
    }
}

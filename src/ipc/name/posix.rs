//! Names of POSIX objects.

use std::ffi::{CStr, CString, OsStr};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

use super::{Kind, NameError, quoted};

/// The name of a POSIX object: a slash, then 1 to 255 bytes without a slash or NUL, not `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PosixName(pub(super) CString);

impl PosixName {
    /// The name with its leading slash, for the calls that take one.
    #[must_use]
    pub fn as_c_str(&self) -> &CStr {
        &self.0
    }

    /// The bytes of the name, leading slash included.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The name of the object behind a directory entry of the queue file system or `/dev/shm`.
    #[must_use]
    pub fn of_entry(entry: &[u8]) -> Option<Self> {
        let mut name = vec![b'/'];
        name.extend_from_slice(entry);
        CString::new(name).ok().map(Self)
    }

    pub(super) fn parse(text: &OsStr, kind: Kind) -> Result<Self, NameError> {
        let refuse = |why: &str| NameError(format!("{}: {why}; see {}", quoted(text), kind.manual_page()));
        let rest = text.as_bytes().strip_prefix(b"/").unwrap_or_default();
        match rest {
            b"" => return Err(refuse("a POSIX name has at least one character after its slash")),
            b"." | b".." => return Err(refuse("'/.' and '/..' name no object")),
            _ if rest.contains(&b'/') => return Err(refuse("a POSIX name has one slash, its first character")),
            _ if rest.len() > kind.longest_name() => {
                let why = format!("{} bytes after the slash, at most {} are possible", rest.len(), kind.longest_name());
                return Err(refuse(&why));
            }
            _ => {}
        }
        CString::new(text.as_bytes()).map(Self).map_err(|_| refuse("a name holds no NUL byte"))
    }
}

impl fmt::Display for PosixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quoted(OsStr::from_bytes(self.as_bytes())).fmt(f)
    }
}

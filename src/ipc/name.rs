//! How objects are named: one grammar for every mechanism.

use std::ffi::OsStr;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

mod indexed;
mod posix;

pub use indexed::Indexed;
pub use posix::PosixName;

/// The kinds of object that a [`Name`] can stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A message queue.
    Queue,
    /// A shared memory segment or object.
    Segment,
    /// A semaphore set (System V) or a named semaphore (POSIX).
    Semaphore,
}

impl Kind {
    /// The longest POSIX name in bytes, without its slash: NAME_MAX, less the `sem.` that
    /// sem_overview(7) puts before the file's name.
    #[must_use]
    pub const fn longest_name(self) -> usize {
        match self {
            Self::Queue | Self::Segment => 255,
            Self::Semaphore => 251,
        }
    }

    const fn manual_page(self) -> &'static str {
        match self {
            Self::Queue => "mq_overview(7)",
            Self::Segment => "shm_overview(7)",
            Self::Semaphore => "sem_overview(7)",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "queue",
            Self::Segment => "segment",
            Self::Semaphore => "semaphore",
        })
    }
}

/// The identifier of a System V object in this IPC namespace: 0 to 2147483647. 0 is a valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(i32);

impl Id {
    /// The identifier of this number; the kernel hands out no negative ones.
    #[must_use]
    pub const fn new(id: i32) -> Option<Self> {
        if id < 0 { None } else { Some(Self(id)) }
    }

    /// Its number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The key of a System V object (`key_t`), never `IPC_PRIVATE`.
///
/// Shown as ipcs does, `0x0000004b`: the kernel's own tables print it as a signed decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(u32);

impl Key {
    /// The key of these 32 bits; 0 is `IPC_PRIVATE`, which names nothing.
    #[must_use]
    pub const fn new(bits: u32) -> Option<Self> {
        if bits == 0 { None } else { Some(Self(bits)) }
    }

    /// Its 32 bits, as the kernel's `key_t`.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0.cast_signed()
    }

    /// The key that ftok(3) makes of an existing file and a project number: the project's 8 bits,
    /// 8 bits of the device and 16 of the inode.
    #[doc(alias = "ftok")]
    pub fn of_file(path: &std::path::Path, project: u8) -> io::Result<Self> {
        let file = fs::metadata(path)?;
        let [device, inode] = [file.dev(), file.ino()].map(u64::to_le_bytes);
        Self::new(u32::from_le_bytes([inode[0], inode[1], device[0], project]))
            .ok_or_else(|| io::Error::other("the key would be 0, which is IPC_PRIVATE"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08x}", self.0)
    }
}

/// An object, as a user names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    /// A new System V object without a key: `private`.
    Private,
    /// A System V object by identifier: `42`, `id:42`.
    Id(Id),
    /// A System V object by key: `0x4b`, `key:75`, `key:0x4b`.
    Key(Key),
    /// A System V object by the key that ftok(3) makes: `ftok:PATH`, `ftok:PATH:PROJ`.
    Ftok {
        /// The existing file.
        path: PathBuf,
        /// 1 to 255; only the low 8 bits of a project count.
        project: u8,
    },
    /// A POSIX object: `/name`.
    Posix(PosixName),
    /// A memory-mapped file: `file:PATH`.
    File(PathBuf),
}

/// Why a text is no name, and what would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError(String);

impl NameError {
    pub(super) const fn new(words: String) -> Self {
        Self(words)
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NameError {}

impl Name {
    /// Reads a name; `kind` decides how long a POSIX one may be.
    pub fn parse(text: &OsStr, kind: Kind) -> Result<Self, NameError> {
        let bytes = text.as_bytes();
        if bytes.starts_with(b"/") {
            return PosixName::parse(text, kind).map(Self::Posix);
        }
        if let Some(rest) = bytes.strip_prefix(b"ftok:") {
            return parse_ftok(text, rest);
        }
        if let Some(path) = bytes.strip_prefix(b"file:") {
            if path.is_empty() {
                return Err(NameError("'file:' wants a path behind it".into()));
            }
            return Ok(Self::File(OsStr::from_bytes(path).into()));
        }
        let Some(text) = text.to_str() else { return Err(unknown(text, kind)) };
        match text {
            "private" => Ok(Self::Private),
            _ if text.starts_with("id:") => parse_id(&text[3..], text),
            _ if text.starts_with("key:") => parse_key(&text[4..], text),
            _ if text.starts_with("0x") || text.starts_with("0X") => parse_key(text, text),
            _ if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => parse_id(text, text),
            _ => Err(unknown(OsStr::new(text), kind)),
        }
    }

    /// The name as [`Name::parse`] reads it: what a shell passes on.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Private => b"private".to_vec(),
            Self::Id(id) => id.to_string().into_bytes(),
            Self::Key(key) => key.to_string().into_bytes(),
            Self::Ftok { path, project } => {
                [b"ftok:", path.as_os_str().as_bytes(), format!(":{project}").as_bytes()].concat()
            }
            Self::Posix(name) => name.as_bytes().to_vec(),
            Self::File(path) => [b"file:", path.as_os_str().as_bytes()].concat(),
        }
    }

    /// The System V key this name stands for; `None` where it is no key.
    ///
    /// For an `ftok:` name this looks the file up, so it can fail.
    pub fn key(&self) -> io::Result<Option<Key>> {
        match self {
            Self::Key(key) => Ok(Some(*key)),
            Self::Ftok { path, project } => Key::of_file(path, *project).map(Some),
            _ => Ok(None),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private | Self::Id(_) | Self::Key(_) => f.write_str(&String::from_utf8_lossy(&self.to_bytes())),
            Self::Ftok { .. } | Self::Posix(_) | Self::File(_) => {
                f.write_str(&quoted(OsStr::from_bytes(&self.to_bytes())))
            }
        }
    }
}

fn parse_id(digits: &str, operand: &str) -> Result<Name, NameError> {
    decimal(digits).and_then(|id| i32::try_from(id).ok()).and_then(Id::new).map(Name::Id).ok_or_else(|| {
        NameError(format!("{} is no identifier: those go from 0 to {}", quoted(operand.as_ref()), i32::MAX))
    })
}

fn parse_key(text: &str, operand: &str) -> Result<Name, NameError> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let bits = match (hex, text.strip_prefix('-')) {
        (Some(digits), _) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()
        }
        (Some(_), _) => None,
        // The kernel's own tables show keys from 0x80000000 on as negative numbers.
        (None, Some(digits)) => {
            decimal(digits).and_then(|key| i32::try_from(-i64::try_from(key).ok()?).ok()).map(i32::cast_unsigned)
        }
        (None, None) => decimal(text).and_then(|key| u32::try_from(key).ok()),
    };
    match bits.map(Key::new) {
        Some(Some(key)) => Ok(Name::Key(key)),
        Some(None) => Err(NameError("key 0 is IPC_PRIVATE and names nothing; 'private' makes a new object".into())),
        None => Err(NameError(format!(
            "{} is no key: those go from 1 to 4294967295 or from 0x1 to 0xffffffff",
            quoted(operand.as_ref())
        ))),
    }
}

/// `ftok:PATH[:PROJ]`. A colon belongs to the path unless what follows it is a project.
fn parse_ftok(whole: &OsStr, rest: &[u8]) -> Result<Name, NameError> {
    let (path, project) = match rest.iter().rposition(|&byte| byte == b':') {
        Some(colon) => match parse_project(&rest[colon + 1..]) {
            Some(project) => (&rest[..colon], project),
            None => {
                return Err(NameError(format!(
                    "{}: the project behind the last colon is a number from 1 to 255 or one character",
                    quoted(whole)
                )));
            }
        },
        None => (rest, 1),
    };
    if path.is_empty() {
        return Err(NameError(format!("{}: 'ftok:' wants the path of an existing file behind it", quoted(whole))));
    }
    Ok(Name::Ftok { path: OsStr::from_bytes(path).into(), project })
}

fn parse_project(text: &[u8]) -> Option<u8> {
    match text {
        [digit] if digit.is_ascii_digit() => (digit - b'0' > 0).then_some(digit - b'0'),
        [character] => Some(*character),
        _ => decimal(std::str::from_utf8(text).ok()?).and_then(|project| u8::try_from(project).ok()).filter(|&p| p > 0),
    }
}

/// Plain digits: no sign, no blank, which `parse` alone would take.
fn decimal(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn unknown(text: &OsStr, kind: Kind) -> NameError {
    let rest = if kind == Kind::Segment { ", a POSIX name (/data) or file:PATH" } else { " or a POSIX name (/jobs)" };
    NameError(format!(
        "{} is no name: an identifier (42), a key (0x4b, key:75, ftok:PATH){rest} would be",
        quoted(text)
    ))
}

/// Foreign text between quotes, with everything escaped that a terminal might obey.
pub(super) fn quoted(text: &OsStr) -> String {
    let mut out = String::from("'");
    for chunk in text.as_bytes().utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                ' '..='~' => out.push(character),
                '\n' => out.push_str("\\n"),
                _ if character.is_alphanumeric() => out.push(character),
                _ => {
                    let _ = match u32::from(character) {
                        code @ 0..=0xff => write!(out, "\\x{code:02x}"),
                        code => write!(out, "\\u{{{code:x}}}"),
                    };
                }
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests;

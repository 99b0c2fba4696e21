//! Names of objects of any kind: the grammar of [`Name`], and the kind before it where it has to be told.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::{Class, Object};
use crate::ipc::lock::FileId;
use crate::ipc::socket::inventory;
use crate::ipc::{Id, Key, Kind, Name, NameError, PosixName};

/// An object of any kind, as a user names it.
///
/// `3`, `0x4b`, `key:75`, `ftok:PATH` and `/name` are names as every tool takes them, of whatever kind.
/// `queue:3`, `segment:/data`, `set:0x4b` and `semaphore:/s` say the kind. `fifo:PATH`, `socket:PATH`,
/// `file:PATH`, `lock:PATH`, `pipe:INODE` and `socket:INODE` name what processes have open. So does a path by
/// itself: it is all that is known of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    text: OsString,
    /// The kinds it may be of.
    classes: Vec<Class>,
    by: By,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum By {
    Name(Name),
    Path(PathBuf),
    /// A number of an inode, or the name of an abstract socket.
    Bytes(Vec<u8>),
}

/// What a target is known by, once keys and paths have been looked up.
#[derive(Debug)]
pub struct Sought<'a> {
    target: &'a Target,
    known: Known,
}

#[derive(Debug)]
enum Known {
    Id(Id),
    Key(Key),
    Posix(PosixName),
    /// Device and inode, as descriptors have them, and as locks do.
    File((u64, u64), Option<FileId>),
    Socket(inventory::FileId),
    Bytes(Vec<u8>),
}

/// What a path may be, as long as nobody has looked.
const OF_PATH: [Class; 4] = [Class::Fifo, Class::Socket, Class::File, Class::Lock];

impl Target {
    /// Reads a name.
    pub fn parse(text: &OsStr) -> Result<Self, NameError> {
        let target = |classes: &[Class], by| Ok(Self { text: text.to_owned(), classes: classes.to_vec(), by });
        let bytes = text.as_bytes();
        let colon = bytes.iter().position(|&byte| byte == b':').unwrap_or(0);
        let rest = OsStr::from_bytes(bytes.get(colon + 1..).unwrap_or_default());
        let kinded = |classes, kind| Name::parse(rest, kind).and_then(|name| target(classes, By::Name(name)));
        let path = |class| match rest.as_bytes() {
            b"" => Err(NameError::new(format!("'{}:' wants a path behind it", Class::word(class)))),
            _ => target(&[class], By::Path(rest.into())),
        };
        match &bytes[..colon] {
            b"queue" => kinded(&[Class::Queue], Kind::Queue),
            b"segment" => kinded(&[Class::Segment], Kind::Segment),
            b"set" => kinded(&[Class::Set], Kind::Semaphore),
            b"semaphore" => kinded(&[Class::Set, Class::Semaphore], Kind::Semaphore),
            b"fifo" => path(Class::Fifo),
            b"file" => path(Class::File),
            b"lock" => path(Class::Lock),
            b"socket" if rest.as_bytes().starts_with(b"@") || is_number(rest) => {
                target(&[Class::Socket], By::Bytes(rest.as_bytes().to_vec()))
            }
            b"socket" => path(Class::Socket),
            b"pipe" if is_number(rest) => target(&[Class::Pipe], By::Bytes(rest.as_bytes().to_vec())),
            b"pipe" => Err(NameError::new("'pipe:' wants the number of its inode behind it, as /proc shows it".into())),
            _ if is_path(bytes) => target(kinds_of_file(text), By::Path(text.into())),
            _ => Name::parse(text, Kind::Segment).and_then(|name| target(kinds_of(&name), By::Name(name))),
        }
    }

    /// The kinds it may be of.
    #[must_use]
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Whether objects of several kinds may have this name without one being mistaken for another.
    #[must_use]
    pub fn is_of_many(&self) -> bool {
        matches!(self.by, By::Path(_))
    }

    /// The path that it is.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        if let By::Path(path) = &self.by { Some(path) } else { None }
    }

    /// Looks up what it names: the file of an `ftok:` key, the inode of a path. What has no file any more is
    /// known by its name.
    ///
    /// ENOENT where the file of a key is not there.
    pub fn look_up(&self) -> io::Result<Sought<'_>> {
        let known = match &self.by {
            By::Bytes(bytes) => Known::Bytes(bytes.clone()),
            By::Name(Name::Id(id)) => Known::Id(*id),
            By::Name(Name::Posix(name)) => Known::Posix(name.clone()),
            By::Name(name) => Known::Key(name.key()?.ok_or(io::ErrorKind::InvalidInput)?),
            By::Path(path) => match fs::metadata(path) {
                // A socket's inode in the file system is another than the one of its descriptors.
                Ok(file) if file.file_type().is_socket() => Known::Socket(inventory::FileId::of(&file)),
                Ok(file) => Known::File((file.dev(), file.ino()), self.lock(path)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Known::Bytes(path.as_os_str().as_bytes().to_vec())
                }
                Err(error) => return Err(error),
            },
        };
        Ok(Sought { target: self, known })
    }
}

impl Target {
    /// By what locks on this file are known.
    fn lock(&self, path: &Path) -> Option<FileId> {
        if self.classes.contains(&Class::Lock) { FileId::of_path(path).ok() } else { None }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.by {
            By::Name(Name::Id(_) | Name::Key(_)) => f.write_str(&self.text.to_string_lossy()),
            _ => f.write_str(&crate::ipc::name::quoted(&self.text)),
        }
    }
}

impl Sought<'_> {
    /// Whether this object is called so.
    #[must_use]
    pub fn is(&self, object: &Object) -> bool {
        if !self.target.classes.contains(&object.class()) {
            return false;
        }
        match (&self.known, object) {
            (Known::Id(id), _) => object.system_v().is_some_and(|object| object.id() == *id),
            (Known::Key(key), _) => object.key() == Some(*key),
            (Known::Posix(name), _) => object.file().is_some_and(|file| file.name == *name),
            (Known::File(_, lock), Object::Held(held)) if held.class == Class::Lock => {
                lock.is_some_and(|file| held.inode == (file.device, file.inode))
            }
            (Known::File(inode, _), Object::Held(held)) => held.inode == *inode,
            (Known::Socket(file), Object::Held(held)) => {
                held.socket.as_ref().is_some_and(|socket| socket.file == Some(*file))
            }
            (Known::Bytes(bytes), Object::Held(held)) => {
                held.name == *bytes || held.inode.1.to_string().as_bytes() == bytes
            }
            _ => false,
        }
    }
}

/// The kinds that a path may be of: where it is a file, that tells.
fn kinds_of_file(path: &OsStr) -> &'static [Class] {
    match fs::metadata(path).map(|file| file.file_type()) {
        Ok(kind) if kind.is_fifo() => &[Class::Fifo, Class::Lock],
        Ok(kind) if kind.is_socket() => &[Class::Socket],
        Ok(kind) if kind.is_file() => &[Class::File, Class::Lock],
        Ok(_) => &[Class::Lock],
        Err(_) => &OF_PATH,
    }
}

/// The kinds that a name without one may mean.
const fn kinds_of(name: &Name) -> &'static [Class] {
    match name {
        Name::Posix(_) => &[Class::Queue, Class::Segment, Class::Semaphore],
        _ => &[Class::Queue, Class::Segment, Class::Set],
    }
}

/// A path of more than a POSIX name: what has a slash that is not the first byte alone.
fn is_path(text: &[u8]) -> bool {
    let prefixed = [&b"ftok:"[..], b"id:", b"key:"].iter().any(|prefix| text.starts_with(prefix));
    !prefixed && text.iter().rposition(|&byte| byte == b'/').is_some_and(|slash| slash > 0 || text[0] != b'/')
}

fn is_number(text: &OsStr) -> bool {
    !text.is_empty() && text.as_bytes().iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_what_stands_before_the_colon() {
        let classes = |text: &str| Target::parse(text.as_ref()).expect(text).classes;
        let (system_v, posix) =
            ([Class::Queue, Class::Segment, Class::Set], [Class::Queue, Class::Segment, Class::Semaphore]);
        for text in ["3", "id:3", "0x4b", "key:75", "ftok:/etc/passwd", "ftok:/etc/passwd:7"] {
            assert_eq!(classes(text), system_v, "{text}");
        }
        assert_eq!(classes("/jobs"), posix);
        assert_eq!(classes("/queue:3"), posix);
        assert_eq!(classes("queue:3"), [Class::Queue]);
        assert_eq!(classes("queue:key:0x4b"), [Class::Queue]);
        assert_eq!(classes("segment:/data"), [Class::Segment]);
        assert_eq!(classes("set:0x4b"), [Class::Set]);
        assert_eq!(classes("semaphore:/s"), [Class::Set, Class::Semaphore]);
        assert_eq!(classes("pipe:4711"), [Class::Pipe]);
        assert_eq!(classes("fifo:/tmp/x"), [Class::Fifo]);
        assert_eq!(classes("socket:@bus"), [Class::Socket]);
        assert_eq!(classes("lock:/tmp/x"), [Class::Lock]);
        assert_eq!(classes("./nothing"), OF_PATH);
        assert_eq!(classes("/dev/nothing"), OF_PATH);
        assert_eq!(classes("/proc/stat"), [Class::File, Class::Lock]);
        assert_eq!(classes("/proc/"), [Class::Lock]);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["", "x", "queue:", "queue:x", "pipe:", "pipe:x", "fifo:", "set:-1", "private:3", "queues:3", "3:"]
        {
            assert!(Target::parse(text.as_ref()).is_err(), "{text}");
        }
    }
}

//! FIFOs, pipes with a name in the file system: fifo(7).
//!
//! A FIFO is a name, and a pipe while somebody has it open: what was not read is gone with the last
//! descriptor. open(2) waits for a partner on the other side.
//!
//! Whatever is opened here is looked at before, so that no device is touched, and afterwards, so that what
//! was put in its place meanwhile is not used either.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;
use std::time::Instant;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode as Bits;
use nix::unistd::mkfifo;

use super::pipe::inventory::Identity;
use super::{Mode, Wait};
use crate::sys::alarm::Alarm;
use crate::sys::{errno, signal};

/// The largest write that is never mixed with those of others: pipe(7).
pub const ATOMIC: usize = 4096;

/// What stands at a path is no FIFO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAFifo {
    /// What it is, with an article.
    pub what: &'static str,
}

impl std::fmt::Display for NotAFifo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "it is {}, no FIFO", self.what)
    }
}

impl std::error::Error for NotAFifo {}

/// Whether a symbolic link at the path itself is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is.
    Follow,
    /// It is no FIFO.
    Refuse,
}

/// Makes a FIFO; the umask takes permissions away. EEXIST whatever stands there.
#[doc(alias = "mkfifo")]
pub fn create(path: &Path, mode: Mode) -> io::Result<()> {
    Ok(mkfifo(path, Bits::from_bits_truncate(mode.bits().into()))?)
}

/// What stands at the path, if that is a FIFO; else an error that holds [`NotAFifo`].
pub fn look(path: &Path, links: Links) -> io::Result<Metadata> {
    let file = match links {
        Links::Follow => fs::metadata(path)?,
        Links::Refuse => fs::symlink_metadata(path)?,
    };
    check(&file).map(|()| file)
}

fn check(file: &Metadata) -> io::Result<()> {
    let kind = file.file_type();
    let what = match () {
        () if kind.is_fifo() => return Ok(()),
        () if kind.is_symlink() => "a symbolic link",
        () if kind.is_dir() => "a directory",
        () if kind.is_socket() => "a socket",
        () if kind.is_block_device() || kind.is_char_device() => "a device",
        () => "a regular file",
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, NotAFifo { what }))
}

/// By what the FIFO is known.
#[must_use]
pub fn identity(file: &Metadata) -> Identity {
    Identity::Fifo { device: file.dev(), inode: file.ino() }
}

/// Opens it to read, without waiting for a writer; reading does not wait either. Whoever sleeps in open(2)
/// to write is woken.
pub fn open_to_read(path: &Path, links: Links) -> io::Result<File> {
    open(path, links, OFlag::O_RDONLY | OFlag::O_NONBLOCK)
}

/// Opens it to write, and waits for a reader. ENXIO where there is none under [`Wait::Never`], ETIMEDOUT
/// where none comes, EINTR where an ending signal does. Writing does not wait.
///
/// While it waits it takes over the process's `ITIMER_REAL` and SIGALRM, as the queues do.
pub fn open_to_write(path: &Path, links: Links, wait: Wait) -> io::Result<File> {
    match open(path, links, OFlag::O_WRONLY | OFlag::O_NONBLOCK) {
        Err(error) if errno::is(&error, errno::ENXIO) && wait != Wait::Never => {}
        opened => return opened,
    }
    let started = Instant::now();
    let _alarm = match wait {
        Wait::For(limit) => Some(Alarm::after(limit)?),
        _ => None,
    };
    loop {
        match open(path, links, OFlag::O_WRONLY) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => match wait {
                _ if signal::caught().is_some() => return Err(error),
                Wait::For(limit) if started.elapsed() >= limit => return Err(errno::error(errno::ETIMEDOUT)),
                _ => {}
            },
            Ok(file) => {
                fcntl(&file, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
                return Ok(file);
            }
            Err(error) => return Err(error),
        }
    }
}

fn open(path: &Path, links: Links, flags: OFlag) -> io::Result<File> {
    look(path, links)?;
    let links = if links == Links::Refuse { OFlag::O_NOFOLLOW } else { OFlag::empty() };
    // Not by std: it would begin anew when a signal interrupts.
    let file = File::from(nix::fcntl::open(path, flags | links | OFlag::O_CLOEXEC | OFlag::O_NOCTTY, Bits::empty())?);
    check(&file.metadata()?).map(|()| file)
}

/// Removes it; what is no FIFO stays.
#[doc(alias = "unlink")]
pub fn remove(path: &Path) -> io::Result<()> {
    look(path, Links::Refuse)?;
    fs::remove_file(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_fifo_is_not_opened() {
        for (path, words) in [("/", "it is a directory, no FIFO"), ("/dev/null", "it is a device, no FIFO")] {
            for opened in [
                open_to_read(Path::new(path), Links::Follow),
                open_to_write(Path::new(path), Links::Follow, Wait::Never),
            ] {
                assert_eq!(opened.expect_err("no FIFO").to_string(), words);
            }
        }
        let link = look(Path::new("/proc/self/exe"), Links::Refuse).expect_err("a link");
        assert_eq!(link.to_string(), "it is a symbolic link, no FIFO");
        assert_eq!(remove(Path::new("/dev/null")).expect_err("no FIFO").kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn a_writer_without_a_reader_gives_up() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("f");
        create(&path, Mode::PRIVATE).expect("made");
        assert_eq!(create(&path, Mode::PRIVATE).expect_err("there").kind(), io::ErrorKind::AlreadyExists);
        let opened = open_to_write(&path, Links::Refuse, Wait::Never).expect_err("nobody reads");
        assert!(errno::is(&opened, errno::ENXIO));
        let reader = open_to_read(&path, Links::Refuse).expect("no writer is needed");
        open_to_write(&path, Links::Refuse, Wait::Never).expect("somebody reads");
        drop(reader);
        remove(&path).expect("a FIFO");
    }
}

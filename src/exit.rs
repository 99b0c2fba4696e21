//! Exit statuses: a contract that every page prints.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, ErrorKind};

use crate::sys::errno;

pub(crate) use crate::sys::errno::words;

/// How a tool ends. The order is "how bad": of several operands' statuses the last counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Done.
    Done,
    /// No such object or process.
    NotFound,
    /// It already exists.
    AlreadyExists,
    /// Not permitted.
    NotPermitted,
    /// Gave up waiting.
    GaveUp,
    /// Failed otherwise.
    Failed,
    /// Bad usage.
    Usage,
    /// The command cannot be executed.
    CannotExecute,
    /// The command was not found.
    CommandNotFound,
    /// `run`: the tool failed before the command started.
    NotStarted,
    /// `run`: the command's own.
    Command(u8),
}

impl Status {
    /// The number that the parent sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::AlreadyExists => 4,
            Self::NotPermitted => 5,
            Self::GaveUp => 124,
            Self::CannotExecute => 126,
            Self::CommandNotFound => 127,
            Self::NotStarted => 125,
            Self::Command(status) => status,
        }
    }

    /// The status of a tool that failed to run a command: not to be mistaken for one of the command's.
    pub(crate) const fn of_run(self) -> Self {
        match self {
            Self::Failed | Self::NotFound | Self::AlreadyExists | Self::NotPermitted => Self::NotStarted,
            other => other,
        }
    }

    /// The status of a failure: what the system call at its root said.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if error.downcast_ref::<UsageError>().is_some() {
            return Self::Usage;
        }
        if error.downcast_ref::<OutputError>().is_some() {
            return Self::Failed;
        }
        if error.downcast_ref::<GaveUp>().is_some() {
            return Self::GaveUp;
        }
        if let Some(error) = error.downcast_ref::<CommandError>() {
            return error.status();
        }
        error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map_or(Self::Failed, Self::of_io)
    }

    fn of_io(error: &io::Error) -> Self {
        if errno::is(error, errno::EIDRM) || errno::is(error, errno::ESRCH) {
            return Self::NotFound;
        }
        if errno::is(error, errno::ENOMSG) {
            return Self::GaveUp;
        }
        match error.kind() {
            // Nobody listens at an address: there is no such socket.
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => Self::NotFound,
            ErrorKind::AlreadyExists | ErrorKind::AddrInUse => Self::AlreadyExists,
            ErrorKind::PermissionDenied => Self::NotPermitted,
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::GaveUp,
            _ => Self::Failed,
        }
    }
}

/// Arguments that clap takes and that make no sense together.
#[derive(Debug)]
pub(crate) struct UsageError(pub String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// A command of the user's could not be started: as a shell tells it.
#[derive(Debug)]
pub(crate) struct CommandError {
    command: OsString,
    error: io::Error,
}

impl CommandError {
    pub(crate) fn new(command: &OsStr, error: io::Error) -> Self {
        Self { command: command.to_owned(), error }
    }

    /// What the system said.
    pub(crate) fn reason(&self) -> &io::Error {
        &self.error
    }

    pub(crate) fn status(&self) -> Status {
        match self.error.kind() {
            ErrorKind::NotFound => Status::CommandNotFound,
            _ => Status::CannotExecute,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot run '{}': {}", self.command.display(), words(&self.error))
    }
}

impl std::error::Error for CommandError {}

/// The end of the patience that `--timeout` or `--nowait` set: what did not happen.
#[derive(Debug)]
pub(crate) struct GaveUp(pub String);

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for GaveUp {}

/// Standard output could not be written: status 1, whatever the errno.
#[derive(Debug)]
pub(crate) struct OutputError;

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot write to standard output")
    }
}

impl std::error::Error for OutputError {}

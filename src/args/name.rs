//! Operands: names of objects, modes.

use clap::builder::TypedValueParser;

use crate::ipc::{Indexed, Kind, ModeChange, Name, NameError};

/// Reads an object's name, for objects of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameParser(Kind);

/// Reads an object's name that may have an index behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexedParser(Kind);

/// The name of a message queue.
pub(crate) fn queue() -> NameParser {
    NameParser(Kind::Queue)
}

/// The name of shared memory.
pub(crate) fn segment() -> NameParser {
    NameParser(Kind::Segment)
}

/// The name of a semaphore set or a POSIX semaphore.
pub(crate) fn semaphores() -> NameParser {
    NameParser(Kind::Semaphore)
}

/// The name of one semaphore: a POSIX one, or one of a set.
pub(crate) fn semaphore() -> IndexedParser {
    IndexedParser(Kind::Semaphore)
}

/// A mode, octal or symbolic.
pub(crate) fn mode(text: &str) -> Result<ModeChange, String> {
    ModeChange::parse(text).map_err(|error| error.to_string())
}

impl TypedValueParser for NameParser {
    type Value = Name;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Name, clap::Error> {
        Name::parse(value, self.0).map_err(|error| refusal(&error))
    }
}

impl TypedValueParser for IndexedParser {
    type Value = Indexed;

    fn parse_ref(
        &self,
        _command: &clap::Command,
        _arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Indexed, clap::Error> {
        Indexed::parse(value, self.0).map_err(|error| refusal(&error))
    }
}

/// The grammar's own words say all there is to say, escaped; clap would repeat the raw text.
fn refusal(error: &NameError) -> clap::Error {
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n"))
}

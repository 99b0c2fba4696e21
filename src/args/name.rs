//! Operands: names of objects, modes.

use clap::builder::TypedValueParser;

use crate::ipc::{Kind, ModeChange, Name};

/// Reads an object's name, for objects of one kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameParser(Kind);

/// The name of a message queue.
pub(crate) fn queue() -> NameParser {
    NameParser(Kind::Queue)
}

/// The name of shared memory.
pub(crate) fn segment() -> NameParser {
    NameParser(Kind::Segment)
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
        // The grammar's own words say all there is to say, escaped; clap would repeat the raw text.
        Name::parse(value, self.0)
            .map_err(|error| clap::Error::raw(clap::error::ErrorKind::ValueValidation, format!("{error}\n")))
    }
}

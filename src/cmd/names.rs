//! Names that make sense to the grammar and none to a verb.

use anyhow::{Context as _, bail};

use crate::exit::UsageError;
use crate::ipc::{Kind, Name};

/// Refuses what names no object of this kind that could exist: `private`, which is for `create`, and a
/// file, which is memory and nothing else. And tells a missing file of an `ftok:` name from a missing
/// object: both are ENOENT.
pub(super) fn check(name: &Name, kind: Kind) -> anyhow::Result<()> {
    match name {
        Name::Private => bail!(UsageError(format!("'private' names no {kind} that exists, only a new one"))),
        Name::File(_) if kind != Kind::Segment => bail!(UsageError(format!("a file is no {kind}"))),
        _ => name.key().map(drop).with_context(|| format!("cannot make a key of the file in {name}")),
    }
}

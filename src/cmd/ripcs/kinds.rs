//! The words for kinds of objects that verbs take as operands.

use std::io;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::TypedValueParser;

use super::scene::{Scene, TargetParser};
use crate::app::Context;
use crate::exit::{Status, words};
use crate::ipc::census::{Class, Target};

/// Kinds as a user names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KindWord {
    /// Message queues, System V and POSIX
    #[value(name = "queue", alias = "queues")]
    Queue,
    /// Shared memory: System V segments and POSIX objects
    #[value(name = "segment", alias = "segments")]
    Segment,
    /// Semaphores: System V sets and POSIX ones
    #[value(name = "semaphore", alias = "semaphores")]
    Semaphore,
    /// System V semaphore sets alone
    #[value(name = "set", alias = "sets")]
    Set,
    /// Files that are mapped to be shared, and memory without a name
    #[value(name = "file", alias = "files")]
    File,
    /// FIFOs that somebody has open
    #[value(name = "fifo", alias = "fifos")]
    Fifo,
    /// Pipes without a name
    #[value(name = "pipe", alias = "pipes")]
    Pipe,
    /// Unix sockets
    #[value(name = "socket", alias = "sockets")]
    Socket,
    /// Files that are locked
    #[value(name = "lock", alias = "locks")]
    Lock,
    /// All of them
    #[value(name = "all")]
    All,
}

impl KindWord {
    pub(super) const fn classes(self) -> &'static [Class] {
        match self {
            Self::Queue => &[Class::Queue],
            Self::Segment => &[Class::Segment],
            Self::Semaphore => &[Class::Set, Class::Semaphore],
            Self::Set => &[Class::Set],
            Self::File => &[Class::File],
            Self::Fifo => &[Class::Fifo],
            Self::Pipe => &[Class::Pipe],
            Self::Socket => &[Class::Socket],
            Self::Lock => &[Class::Lock],
            Self::All => &Class::ALL,
        }
    }
}

/// An operand that is a kind, or else the name of an object.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    /// All objects of a kind.
    Kind(KindWord),
    /// The object of this name.
    Object(Target),
}

impl Asked {
    /// The kinds that it may be about.
    pub(super) fn classes(&self) -> &[Class] {
        match self {
            Self::Kind(word) => word.classes(),
            Self::Object(target) => target.classes(),
        }
    }

    /// The names among these.
    pub(super) fn names(asked: &[Self]) -> Vec<&Target> {
        asked.iter().filter_map(|one| if let Self::Object(target) = one { Some(target) } else { None }).collect()
    }
}

impl Asked {
    /// Leaves what was asked for in the scene: kinds as a whole, and the objects of these names; all where
    /// nothing was.
    pub(super) fn retain(asked: &[Self], context: &mut Context, scene: &mut Scene) -> Status {
        if asked.is_empty() {
            return Status::Done;
        }
        let kinds = asked.iter().filter(|one| matches!(one, Self::Kind(_)));
        let whole: Vec<Class> = kinds.flat_map(Self::classes).copied().collect();
        scene.retain_named(context, &Self::names(asked), &whole)
    }
}

/// Reads a kind or the name of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct AskedParser;

impl TypedValueParser for AskedParser {
    type Value = Asked;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Asked, clap::Error> {
        match value.to_str().and_then(|word| KindWord::from_str(word, false).ok()) {
            Some(word) => Ok(Asked::Kind(word)),
            None => TargetParser.parse_ref(command, arg, value).map(Asked::Object),
        }
    }
}

/// The kinds that the words name, each once and in the usual order; without words all that last.
pub(super) fn classes(words: &[KindWord]) -> Vec<Class> {
    let mut classes: Vec<Class> = words.iter().flat_map(|word| word.classes()).copied().collect();
    if words.is_empty() {
        classes.extend(Class::LASTING);
    }
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// Says once why POSIX objects of a kind are not among the rows.
pub(super) fn tell_unlisted(context: &mut Context, unlisted: &[(Class, io::Error)]) {
    for (class, error) in unlisted {
        context.note(&format!("POSIX {} are not listed: {}", plural(*class), words(error)));
    }
}

/// That we may not list objects, or this kernel cannot, is said; any other reason is a failure.
pub(super) fn refuse_failures(unlisted: &mut Vec<(Class, io::Error)>) -> anyhow::Result<()> {
    let is_failure = |(_, error): &(Class, io::Error)| {
        !matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported)
    };
    let Some(index) = unlisted.iter().position(is_failure) else { return Ok(()) };
    let (class, error) = unlisted.swap_remove(index);
    Err(error).with_context(|| format!("cannot list POSIX {}", plural(class)))
}

fn plural(class: Class) -> String {
    if class == Class::Segment { "shared memory".into() } else { format!("{class}s") }
}

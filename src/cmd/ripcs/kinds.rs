//! The words for kinds of objects that verbs take as operands.

use std::io;

use clap::ValueEnum;

use crate::app::Context;
use crate::exit::words;
use crate::ipc::census::Class;

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
}

impl KindWord {
    const fn classes(self) -> &'static [Class] {
        match self {
            Self::Queue => &[Class::Queue],
            Self::Segment => &[Class::Segment],
            Self::Semaphore => &[Class::Set, Class::Semaphore],
            Self::Set => &[Class::Set],
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
        let what = if *class == Class::Segment { "shared memory".into() } else { format!("{class}s") };
        context.note(&format!("POSIX {what} are not listed: {}", words(error)));
    }
}

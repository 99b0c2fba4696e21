//! How much there is of an object: the one number that grows and shrinks as it is used.

use crate::ipc::census::Object;
use crate::output::counted;

/// A number, and of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    pub count: u64,
    pub unit: &'static str,
    /// The number that it can reach, where the object has one of its own.
    pub most: Option<u64>,
}

impl Amount {
    /// Messages of a queue, bytes of memory, units of a semaphore or a whole set; `None` where that may not
    /// be seen, or there is no such number.
    pub(super) fn of(object: &Object) -> Option<Self> {
        let amount = |count, unit, most| Some(Self { count, unit, most });
        match object {
            Object::Queue(queue) => amount(queue.messages, "message", None),
            Object::PosixQueue(queue) => amount(queue.messages?, "message", queue.max_messages),
            Object::Segment(segment) => amount(segment.size, "byte", None),
            Object::Memory(file) => amount(file.size, "byte", None),
            Object::Set(set) => amount(set.values.as_ref()?.iter().map(|&value| u64::from(value)).sum(), "unit", None),
            Object::Semaphore(semaphore) => amount(semaphore.value?.into(), "unit", None),
            Object::Held(held) => amount(held.size?, "byte", None),
        }
    }

    /// `3 messages`.
    pub(super) fn told(self) -> String {
        counted(self.count, self.unit)
    }
}

/// Bytes in a queue, or the size of shared memory.
pub(super) fn bytes(object: &Object) -> Option<u64> {
    match object {
        Object::Queue(queue) => Some(queue.bytes),
        Object::PosixQueue(queue) => queue.bytes,
        Object::Segment(segment) => Some(segment.size),
        Object::Memory(file) => Some(file.size),
        _ => None,
    }
}

/// Messages in a queue.
pub(super) fn messages(object: &Object) -> Option<u64> {
    match object {
        Object::Queue(queue) => Some(queue.messages),
        Object::PosixQueue(queue) => queue.messages,
        _ => None,
    }
}

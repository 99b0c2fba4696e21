//! The workers of `rmsgq serve`: a process with a message on its standard input.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::process::{Child, Stdio};

use nix::unistd::pause;

use crate::command::{in_memory, of_words};
use crate::exit::CommandError;
use crate::framing::Label;
use crate::ipc::Wait;
use crate::ipc::msgq::Queue;
use crate::ipc::msgq::posix::HIGHEST_PRIORITY;
use crate::ipc::msgq::sysv::HEADER;

/// A message in our hands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Message {
    /// Its type or priority.
    pub(super) tag: i64,
    /// [`HEADER`] bytes, then its text.
    pub(super) bytes: Vec<u8>,
}

impl Message {
    /// By what equal messages are known.
    pub(super) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }

    /// Sends it where it shall go, with the nearest type or priority that is possible there.
    pub(super) fn send_to(&self, queue: &Queue, wait: Wait) -> io::Result<()> {
        let tag = match queue {
            Queue::SystemV(_) => self.tag.max(1),
            Queue::Posix(_) => self.tag.clamp(0, HIGHEST_PRIORITY.into()),
        };
        queue.send(&mut self.bytes.clone(), tag, wait)
    }
}

/// A running worker.
#[derive(Debug)]
pub(super) struct Worker {
    child: Child,
    pub(super) message: Message,
}

impl Worker {
    /// Starts a worker; an error gives the message back.
    pub(super) fn start(
        command: &[OsString],
        message: Message,
        attempt: u32,
        label: Label,
    ) -> Result<Self, (anyhow::Error, Message)> {
        let text = &message.bytes[HEADER..];
        let input = match in_memory(text) {
            Ok(input) => input,
            Err(error) => return Err((anyhow::Error::from(error).context("cannot hold a message in memory"), message)),
        };
        let variable = if label == Label::Type { "RMSGQ_TYPE" } else { "RMSGQ_PRIORITY" };
        let started = of_words(command)
            .env(variable, message.tag.to_string())
            .env("RMSGQ_SIZE", text.len().to_string())
            .env("RMSGQ_ATTEMPT", attempt.to_string())
            .stdin(Stdio::from(input))
            .spawn();
        match started {
            Ok(child) => Ok(Self { child, message }),
            Err(error) => Err((CommandError::new(&command[0], error).into(), message)),
        }
    }

    /// Whether it has ended, and then whether well.
    pub(super) fn ended(&mut self) -> Option<bool> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(status.success()),
            // It cannot be waited for: how it ended nobody knows, so it did not end well.
            Err(_) => Some(false),
        }
    }
}

/// Sleeps until a child has ended or an ending signal has come: both ring until they are noticed, so
/// one that came just before is not missed.
pub(super) fn wait_for_one() {
    pause();
}

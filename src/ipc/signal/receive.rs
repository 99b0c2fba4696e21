//! Signals taken one by one: sigwaitinfo(2).

use std::io;
use std::time::Duration;

use super::{Signal, SignalSet};
use crate::ipc::Wait;
use crate::sys::siginfo;

/// Takes signals that it keeps blocked, in this thread and those started after it.
///
/// Standard signals are not counted: of those sent meanwhile one is left. Real-time signals are
/// queued, and come lowest number first and among equals in order.
#[derive(Debug)]
pub struct Receiver {
    set: SignalSet,
    before: u64,
}

/// How a signal came about: `si_code` of sigaction(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// kill(2).
    User,
    /// sigqueue(3).
    Queue,
    /// tgkill(2).
    Thread,
    /// The kernel: a key on the terminal, a limit.
    Kernel,
    /// A timer ran out: timer_create(2).
    Timer,
    /// A message came to an empty POSIX queue: mq_notify(3).
    Message,
    /// An asynchronous read or write is done: aio(7).
    Aio,
    /// Input or output is possible, as kernels before 2.4 told it.
    Io,
    /// A child: exited, killed, dumped, trapped, stopped or continued.
    Child(&'static str),
    /// Anything else.
    Other(i32),
}

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The signal.
    pub signal: Signal,
    /// How it came about.
    pub code: Code,
    /// The process and the real user that sent it, or the child it tells of; pid 0 is one that our pid
    /// namespace does not show. `None` also where RLIMIT_SIGPENDING had been reached.
    pub sender: Option<(i32, u32)>,
    /// What was sent with it.
    pub value: Option<i32>,
    /// Of a child: its exit status, or the number of the signal that ended or stopped it.
    pub status: Option<i32>,
}

impl Receiver {
    /// Blocks these signals: from here on none is lost but for standard ones that are pending already.
    pub fn new(set: SignalSet) -> io::Result<Self> {
        Ok(Self { set, before: siginfo::block(set.bits())? })
    }

    /// Puts the mask that was in force before in force again.
    pub fn release(&self) -> io::Result<()> {
        siginfo::set_mask(self.before)
    }

    /// The mask that was in force before.
    #[must_use]
    pub fn mask_before(&self) -> SignalSet {
        SignalSet::of_bits(self.before)
    }

    /// The next signal. EAGAIN when there is none in time, EINTR when the process was stopped meanwhile.
    #[doc(alias = "sigtimedwait")]
    pub fn receive(&self, wait: Wait) -> io::Result<Arrival> {
        let limit = match wait {
            Wait::Forever => None,
            Wait::Never => Some(Duration::ZERO),
            Wait::For(limit) => Some(limit),
        };
        let received = siginfo::wait(self.set.bits(), limit)?;
        Arrival::of(&received).ok_or_else(|| io::Error::other("the kernel knows a signal that we do not"))
    }
}

impl Arrival {
    /// Whether it tells of this child.
    #[must_use]
    pub fn is_of_child(&self, pid: u32) -> bool {
        matches!((self.code, self.sender), (Code::Child(_), Some((child, _))) if child.cast_unsigned() == pid)
    }

    fn of(received: &siginfo::Received) -> Option<Self> {
        let signal = Signal::new(received.signal)?;
        let code = code_of(received);
        // As the kernel fills it in where it could not queue what came with the signal.
        let is_bare = code == Code::User && (received.pid, received.uid) == (0, 0);
        let is_sent =
            !is_bare && matches!(code, Code::User | Code::Queue | Code::Thread | Code::Message | Code::Child(_));
        let has_value = matches!(code, Code::Queue | Code::Timer | Code::Message | Code::Aio);
        Some(Self {
            signal,
            code,
            sender: is_sent.then_some((received.pid, received.uid)),
            value: has_value.then_some(received.value),
            status: matches!(code, Code::Child(_)).then_some(received.status),
        })
    }
}

fn code_of(received: &siginfo::Received) -> Code {
    match received.code {
        siginfo::SI_USER => Code::User,
        siginfo::SI_QUEUE => Code::Queue,
        siginfo::SI_TKILL => Code::Thread,
        siginfo::SI_KERNEL => Code::Kernel,
        siginfo::SI_TIMER => Code::Timer,
        siginfo::SI_MESGQ => Code::Message,
        siginfo::SI_ASYNCIO => Code::Aio,
        siginfo::SI_SIGIO => Code::Io,
        code if received.signal == siginfo::SIGCHLD => child(code).map_or(Code::Other(code), Code::Child),
        code => Code::Other(code),
    }
}

fn child(code: i32) -> Option<&'static str> {
    Some(match code {
        siginfo::CLD_EXITED => "exited",
        siginfo::CLD_KILLED => "killed",
        siginfo::CLD_DUMPED => "dumped",
        siginfo::CLD_TRAPPED => "trapped",
        siginfo::CLD_STOPPED => "stopped",
        siginfo::CLD_CONTINUED => "continued",
        _ => return None,
    })
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::User => "user",
            Self::Queue => "queue",
            Self::Thread => "thread",
            Self::Kernel => "kernel",
            Self::Timer => "timer",
            Self::Message => "message",
            Self::Aio => "aio",
            Self::Io => "io",
            Self::Child(what) => what,
            Self::Other(code) => return write!(f, "{code}"),
        })
    }
}

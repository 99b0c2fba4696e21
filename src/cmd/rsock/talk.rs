//! Both directions of a conversation at once: ours in a thread of its own, theirs in the first one.
//!
//! Neither side can then be kept from reading by what it has not written yet.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};

use super::records::{self, Inbox};
use super::send::Sender;
use crate::exit::GaveUp;
use crate::framing::{Framing, Writer};
use crate::ipc::Wait;
use crate::ipc::socket::{Deadline, Socket, Type};
use crate::sys::{errno, fd};

/// When there is no use in waiting any longer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Patience {
    /// All of it has this end.
    Until(Deadline),
    /// Something has to come or go within this time, again and again.
    Idle(Option<Duration>),
}

/// How standard input and output become a conversation.
pub(super) struct Talk {
    pub(super) patience: Patience,
    /// The end of what they send is the end, whatever is left of ours.
    pub(super) ends_with_peer: bool,
    pub(super) framing_in: Framing,
}

/// What the thread that sends tells the other.
#[derive(Debug, Default)]
struct Sent {
    /// When it last sent something.
    last: Option<Instant>,
    /// How it ended.
    done: Option<anyhow::Result<()>>,
}

impl Talk {
    /// Sends standard input and then ends sending; writes what comes until they end theirs, and we ours.
    pub(super) fn run(&self, socket: Socket, writer: &mut Writer<'_>, framing_out: Framing) -> anyhow::Result<()> {
        let socket = Arc::new(socket);
        let sent = Arc::new(Mutex::new(Sent::default()));
        let sender = Outgoing { socket: Arc::clone(&socket), sent: Arc::clone(&sent), framing: self.framing_in };
        // It ends with the process where it still reads standard input then.
        let _detached = thread::Builder::new().spawn(move || sender.run()).context("cannot start a thread")?;
        self.receive(&socket, writer, framing_out, &sent)?;
        if !self.ends_with_peer && socket.kind() != Type::Datagram {
            self.wait_for_hangup(&socket, &sent)?;
        }
        let done = lock(&sent).done.take();
        done.unwrap_or(Ok(()))
    }

    /// Writes what comes until they end theirs.
    fn receive(
        &self,
        socket: &Socket,
        writer: &mut Writer<'_>,
        framing: Framing,
        sent: &Mutex<Sent>,
    ) -> anyhow::Result<()> {
        let mut inbox = Inbox::new(socket, framing);
        let mut last = Instant::now();
        loop {
            match inbox.take(writer, self.deadline(last, sent)) {
                Ok(true) => records::flush(writer)?,
                Ok(false) => return records::flush(writer),
                Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.is_over(last, sent) => bail!(gave_up()),
                // Our side moved meanwhile.
                Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.is_limited() => continue,
                // They left while something of ours was unread: what they said before has come.
                Err(error) if errno::is(&error, errno::ECONNRESET) => {
                    return Err(anyhow!("the other side left before it had read everything"));
                }
                Err(error) => return Err(error).context("cannot receive"),
            }
            last = Instant::now();
        }
    }

    /// They have ended theirs: waits until we have, or until they are gone altogether.
    fn wait_for_hangup(&self, socket: &Socket, sent: &Mutex<Sent>) -> anyhow::Result<()> {
        let last = Instant::now();
        loop {
            let deadline = self.deadline(last, sent);
            match fd::poll(socket, fd::NOTHING, deadline.left()) {
                Ok(true) => return Ok(()),
                Ok(false) if self.is_over(last, sent) => bail!(gave_up()),
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(error).context("cannot wait for the other side");
                }
                _ => {}
            }
        }
    }

    fn is_limited(&self) -> bool {
        !matches!(self.patience, Patience::Idle(None))
    }

    fn deadline(&self, last: Instant, sent: &Mutex<Sent>) -> Deadline {
        match self.patience {
            Patience::Until(deadline) => deadline,
            Patience::Idle(None) => Deadline::of(Wait::Forever),
            Patience::Idle(Some(limit)) => {
                let last = lock(sent).last.map_or(last, |moved| moved.max(last));
                Deadline::of(Wait::For((last + limit).saturating_duration_since(Instant::now())))
            }
        }
    }

    fn is_over(&self, last: Instant, sent: &Mutex<Sent>) -> bool {
        self.deadline(last, sent).left() == Some(Duration::ZERO)
    }
}

fn gave_up() -> GaveUp {
    GaveUp("the other side was not done until the timeout".into())
}

/// Nobody panics while holding it; and if: what it holds is still as good.
fn lock(sent: &Mutex<Sent>) -> std::sync::MutexGuard<'_, Sent> {
    sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The thread that sends.
struct Outgoing {
    socket: Arc<Socket>,
    sent: Arc<Mutex<Sent>>,
    framing: Framing,
}

impl Outgoing {
    fn run(self) {
        let done = self.send_input();
        lock(&self.sent).done = Some(done);
        // Datagrams have no end that the other side could see.
        if self.socket.kind() != Type::Datagram {
            let _ = self.socket.end_sending();
        }
    }

    fn send_input(&self) -> anyhow::Result<()> {
        let mut sender = Sender { socket: &self.socket, framing: self.framing, wait: Wait::Forever, sent: 0 };
        sender.send_input_with(|| lock(&self.sent).last = Some(Instant::now()))
    }
}

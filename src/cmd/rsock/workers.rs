//! What `rsock listen --exec` does: a command for each connection or datagram.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pause;

use crate::app::Context;
use crate::command::{become_it, in_memory, of_words};
use crate::exit::{CommandError, GaveUp, Status, words};
use crate::ipc::Wait;
use crate::ipc::socket::{Deadline, Listener, Sender, Socket, Type};
use crate::sys::{errno, signal};

/// Runs commands for those who come.
pub(super) struct Server {
    listeners: Vec<Listener>,
    command: Vec<OsString>,
    jobs: usize,
    timeout: Option<Duration>,
    running: Vec<Worker>,
    accepted: u64,
}

/// A command that runs.
struct Worker {
    number: u64,
    child: Child,
    /// For datagrams.
    answer: Option<Answer>,
}

/// What a command says, whom it goes back to, and through which of the listeners.
type Answer = (File, Sender, usize);

impl Server {
    pub(super) fn new(
        listeners: Vec<Listener>,
        command: Vec<OsString>,
        jobs: usize,
        timeout: Option<Duration>,
    ) -> Self {
        Self { listeners, command, jobs, timeout, running: Vec::new(), accepted: 0 }
    }

    /// Serves until a signal comes, or with `once` one time: then it ends as the command does.
    pub(super) fn serve(mut self, context: &mut Context, once: bool) -> anyhow::Result<Status> {
        signal::catch_children().context("cannot catch signals")?;
        loop {
            self.reap(context)?;
            if signal::caught().is_some() {
                return Err(errno::error(errno::EINTR).into());
            }
            // A child's end and an ending signal ring until they are noticed.
            if self.running.len() >= self.jobs {
                pause();
                continue;
            }
            let Some(index) = self.wait()? else { continue };
            self.accepted += 1;
            if once {
                return self.serve_once(index);
            }
            if self.listeners[index].socket().kind() == Type::Datagram {
                self.take_datagram(index, context)?;
            } else {
                let listener = &self.listeners[index];
                let socket = listener.accept(Deadline::of(Wait::Forever)).context("cannot accept")?;
                let command = self.command_for(socket).context("cannot hand a connection over")?;
                self.start(command, None, context)?;
            }
        }
    }

    /// Waits for somebody to come: to which of the listeners; none where something else happened.
    fn wait(&self) -> anyhow::Result<Option<usize>> {
        let mut fds: Vec<PollFd<'_>> =
            self.listeners.iter().map(|listener| PollFd::new(listener.as_fd(), PollFlags::POLLIN)).collect();
        let limit = self.timeout.map_or(PollTimeout::NONE, |limit| {
            PollTimeout::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut fds, limit) {
            Ok(0) if self.running.is_empty() => bail!(GaveUp("nobody came until the timeout".into())),
            Ok(_) => Ok(fds.iter().position(|fd| fd.any().unwrap_or(false))),
            Err(nix::errno::Errno::EINTR) => Ok(None),
            Err(error) => Err(io::Error::from(error)).context("cannot wait for connections"),
        }
    }

    /// The command with a connection as its standard input and output, and what is known of the peer.
    fn command_for(&self, socket: Socket) -> io::Result<Command> {
        let mut command = self.words();
        command.env_remove("RSOCK_PEER");
        if let Some(address) = socket.peer_address() {
            command.env("RSOCK_PEER", address);
        }
        tell_peer(&mut command, &socket);
        let input = OwnedFd::from(socket);
        command.stdout(Stdio::from(input.try_clone()?)).stdin(Stdio::from(input));
        Ok(command)
    }

    fn words(&self) -> Command {
        let mut command = of_words(&self.command);
        command.env("RSOCK_CONNECTION", self.accepted.to_string());
        // These were meant for us.
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] {
            command.env_remove(name);
        }
        command
    }

    fn serve_once(mut self, index: usize) -> anyhow::Result<Status> {
        if self.listeners[index].socket().kind() != Type::Datagram {
            let socket = self.listeners[index].accept(Deadline::of(Wait::Forever)).context("cannot accept")?;
            self.listeners[index].withdraw();
            let command = self.command_for(socket).context("cannot hand a connection over")?;
            return Err(become_it(command));
        }
        let Some((mut command, answer)) = self.datagram(index)? else { return Ok(Status::Done) };
        self.listeners[index].withdraw();
        let ended = command.status().map_err(|error| CommandError::new(command.get_program(), error))?;
        if let Some(answer) = answer {
            self.answer(answer).context("cannot send the answer")?;
        }
        Ok(crate::command::status_of(ended))
    }

    fn take_datagram(&mut self, index: usize, context: &mut Context) -> anyhow::Result<()> {
        match self.datagram(index)? {
            Some((command, answer)) => self.start(command, answer, context),
            None => Ok(()),
        }
    }

    /// The command with a datagram as its standard input; what it prints is the answer, where the sender
    /// can be answered.
    fn datagram(&self, index: usize) -> anyhow::Result<Option<(Command, Option<Answer>)>> {
        let socket = self.listeners[index].socket();
        let taken = (|| {
            let mut bytes = vec![0; socket.next_length(Deadline::of(Wait::Never))?];
            let packet = socket.take(&mut bytes)?;
            Ok((bytes, packet))
        })();
        let (bytes, packet) = match taken {
            Ok((bytes, Some(packet))) => (bytes, packet),
            Ok((_, None)) => return Ok(None),
            // Somebody else took it.
            Err(error) if errno::is(&error, errno::ETIMEDOUT) => return Ok(None),
            Err(error) => return Err(error).context("cannot receive"),
        };
        let mut command = self.words();
        let known = [
            ("RSOCK_PEER", packet.sender.as_ref().map(Sender::address)),
            ("RSOCK_PID", Some(packet.pid).filter(|&pid| pid != 0).map(|pid| pid.to_string())),
            ("RSOCK_UID", None),
            ("RSOCK_GID", None),
        ];
        set_variables(&mut command, known);
        command.stdin(Stdio::from(in_memory(&bytes[..packet.length]).context("cannot hold a datagram in memory")?));
        let Some(sender) = packet.sender else { return Ok(Some((command, None))) };
        let answer = in_memory(&[]).context("cannot hold an answer in memory")?;
        command.stdout(Stdio::from(answer.try_clone().context("cannot hold an answer in memory")?));
        Ok(Some((command, Some((answer, sender, index)))))
    }

    fn start(&mut self, mut command: Command, answer: Option<Answer>, context: &mut Context) -> anyhow::Result<()> {
        match command.spawn() {
            Ok(child) => self.running.push(Worker { number: self.accepted, child, answer }),
            // There may be room again later: this connection alone is lost.
            Err(error) if errno::is(&error, errno::EAGAIN) || errno::is(&error, errno::ENOMEM) => {
                context.note(&format!("connection {} is closed: no process: {}", self.accepted, words(&error)));
            }
            Err(error) => return Err(CommandError::new(command.get_program(), error).into()),
        }
        Ok(())
    }

    /// Looks which commands have ended; answers go out, failures are told.
    fn reap(&mut self, context: &mut Context) -> anyhow::Result<()> {
        signal::forget_child_ended();
        let mut index = 0;
        while index < self.running.len() {
            let Some(status) = self.running[index].child.try_wait().context("cannot wait for a command")? else {
                index += 1;
                continue;
            };
            let ended = self.running.swap_remove(index);
            if !status.success() {
                context.note(&format!("the command for connection {} failed: {status}", ended.number));
            }
            if let Some(Err(error)) = ended.answer.map(|answer| self.answer(answer)) {
                context.note(&format!("the answer to datagram {} is lost: {}", ended.number, words(&error)));
            }
        }
        Ok(())
    }

    /// Sends what a command printed, if it did, as one datagram.
    fn answer(&self, (mut file, sender, index): Answer) -> io::Result<()> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Ok(());
        }
        // Who does not read their answers does not keep us from the others.
        self.listeners[index].socket().send_to(&bytes, &sender, Deadline::of(Wait::Never))
    }
}

/// Who is at the other end of a connection, for the command.
pub(super) fn tell_peer(command: &mut Command, socket: &Socket) {
    let peer = socket.peer().ok().filter(|_| socket.is_unix());
    let known = [
        ("RSOCK_PID", peer.as_ref().map(|peer| peer.pid.to_string())),
        ("RSOCK_UID", peer.as_ref().map(|peer| peer.uid.to_string())),
        ("RSOCK_GID", peer.as_ref().map(|peer| peer.gid.to_string())),
    ];
    set_variables(command, known);
}

fn set_variables<const N: usize>(command: &mut Command, variables: [(&str, Option<String>); N]) {
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

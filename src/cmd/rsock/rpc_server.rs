//! What `rsock serve` does: a thread for each connection, and one for each call that runs.
//!
//! Calls of a connection run at the same time, and each is answered when it is done. So many run at once
//! as are allowed, and a client that does not read its answers holds up nobody but itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::value::RawValue;

use super::workers::tell_peer;
use crate::app::Context;
use crate::command::in_memory;
use crate::exit::words;
use crate::ipc::Wait;
use crate::ipc::rpc::{self, Call, Failure, Frame, Incoming, Receiver};
use crate::ipc::socket::{Deadline, Socket, Type};
use crate::output::tell;

/// How long an answer may wait to be read.
const PATIENCE: Duration = Duration::from_mins(1);

/// Threads do little, and there can be many.
const STACK: usize = 256 * 1024;

/// The methods, and what they may take.
pub(super) struct Server {
    methods: BTreeMap<String, OsString>,
    jobs: usize,
    running: Places,
}

/// A connection: what its calls answer through.
struct Peer<'a> {
    socket: &'a Socket,
    frame: Frame,
    /// An answer goes out whole before the next.
    sending: Mutex<()>,
    address: Option<String>,
}

impl Server {
    pub(super) fn new(methods: BTreeMap<String, OsString>, jobs: usize) -> Self {
        Self { methods, jobs, running: Places::new(jobs) }
    }

    /// Talks to a client in a thread of its own.
    pub(super) fn begin(self: &Arc<Self>, socket: Socket, context: &mut Context) {
        if let Err(error) = self.spawn(move |server| server.talk(&socket)) {
            context.note(&format!("a connection is closed: no thread for it: {}", words(&error)));
        }
    }

    /// Talks to a client until all is said; EINTR where a signal ends us before that.
    pub(super) fn talk_once(self: &Arc<Self>, socket: Socket) -> io::Result<()> {
        // A signal interrupts the wait for this end, while what the thread runs may take its time.
        let (ours, theirs) = Socket::pair(Type::Stream)?;
        self.spawn(move |server| {
            server.talk(&socket);
            drop(theirs);
        })?;
        ours.receive(&mut [0], Deadline::of(Wait::Forever)).map(drop)
    }

    fn spawn(self: &Arc<Self>, work: impl FnOnce(&Self) + Send + 'static) -> io::Result<()> {
        let server = Arc::clone(self);
        thread::Builder::new().stack_size(STACK).spawn(move || work(&server)).map(drop)
    }

    /// Answers what comes until the client ends it, and until all of it is answered.
    fn talk(&self, socket: &Socket) {
        let mut receiver = Receiver::new(socket, None);
        let forever = Deadline::of(Wait::Forever);
        let Ok(Some(first)) = receiver.next(forever) else { return };
        let address = socket.peer_address();
        let peer = Peer { socket, frame: receiver.frame(), sending: Mutex::new(()), address };
        let waiting = Places::new(self.jobs);
        thread::scope(|scope| {
            let mut message = first;
            loop {
                let place = waiting.take();
                let (peer, text) = (&peer, message);
                let started = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
                    if let Some(answer) = self.answer(peer, &text) {
                        peer.send(&answer);
                    }
                    drop(place);
                });
                if started.is_err() {
                    // No thread for it: the client shall not wait for an answer that never comes.
                    return socket.hang_up();
                }
                message = match receiver.next(forever) {
                    Ok(Some(next)) => next,
                    // What came cannot be read on: nobody knows where the next message begins.
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        let failure = Failure::new(Failure::PARSE, "Parse error", Some(&words(&error)));
                        return peer.send(&rpc::answer_failed("null", &failure));
                    }
                    _ => return,
                };
            }
        });
    }

    /// The answer to a message, where it wants one.
    fn answer(&self, peer: &Peer<'_>, message: &[u8]) -> Option<String> {
        match rpc::read(message) {
            Err(answer) => Some(answer),
            Ok(Incoming::One(call)) => self.answer_call(peer, call, self.running.take()),
            Ok(Incoming::Batch(calls)) => {
                let answers = thread::scope(|scope| {
                    let started = calls.into_iter().map(|call| {
                        let place = self.running.take();
                        let work = move || self.answer_call(peer, call, place);
                        thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)
                    });
                    let started: Vec<_> = started.collect();
                    let done = started.into_iter().filter_map(|thread| thread.ok()?.join().ok()?);
                    done.collect::<Vec<String>>()
                });
                (!answers.is_empty()).then(|| format!("[{}]", answers.join(",")))
            }
        }
    }

    /// The same for one call; its place is free again once the command has ended.
    fn answer_call(&self, peer: &Peer<'_>, call: Result<Call, String>, place: Place<'_>) -> Option<String> {
        let call = match call {
            Ok(call) => call,
            Err(answer) => return Some(answer),
        };
        let done = match self.methods.get(&call.method) {
            Some(command) => run(command, peer, &call),
            None => Err(Failure::new(Failure::NO_METHOD, "Method not found", Some(&call.method))),
        };
        drop(place);
        let id = call.id?;
        Some(match done {
            Ok(result) => rpc::answer_result(id.get(), &result),
            Err(failure) => rpc::answer_failed(id.get(), &failure),
        })
    }
}

impl Peer<'_> {
    /// A client that is gone, or does not read, gets no more.
    fn send(&self, answer: &str) {
        let _held = lock(&self.sending);
        if rpc::send(self.socket, self.frame, answer, Deadline::of(Wait::For(PATIENCE))).is_err() {
            self.socket.hang_up();
        }
    }
}

/// Runs the command of a method.
fn run(command: &OsString, peer: &Peer<'_>, call: &Call) -> Result<Box<RawValue>, Failure> {
    let internal = |error: io::Error| Failure::new(Failure::INTERNAL, "Internal error", Some(&words(&error)));
    let params = call.params.as_ref().map_or_else(String::new, |params| format!("{}\n", params.get()));
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).env("RSOCK_METHOD", &call.method).env_remove("RSOCK_ID").env_remove("RSOCK_PEER");
    tell_peer(&mut shell, peer.socket);
    if let Some(id) = &call.id {
        shell.env("RSOCK_ID", id.get());
    }
    if let Some(address) = &peer.address {
        shell.env("RSOCK_PEER", address);
    }
    let input = in_memory(params.as_bytes()).map_err(internal)?;
    let Output { status, stdout, stderr } = shell.stdin(Stdio::from(input)).output().map_err(internal)?;
    tell(&stderr);
    if status.success() { result_of(&stdout) } else { Err(failure_of(status, &stdout, &stderr)) }
}

/// What a command printed: JSON if it is some, else text without its last newline; nothing is null.
fn result_of(stdout: &[u8]) -> Result<Box<RawValue>, Failure> {
    let not_text = |_| Failure::new(Failure::INTERNAL, "Internal error", Some("the output of the method is not UTF-8"));
    let text = std::str::from_utf8(stdout).map_err(not_text)?;
    if text.trim().is_empty() {
        return Ok(RawValue::NULL.to_owned());
    }
    let value = serde_json::from_str(text).or_else(|_| {
        let text = text.strip_suffix('\n').unwrap_or(text);
        RawValue::from_string(serde_json::Value::from(text).to_string())
    });
    value.map_err(|error| Failure::new(Failure::INTERNAL, "Internal error", Some(&error.to_string())))
}

/// Why a command failed: the error object that it printed, or the last line that it told.
fn failure_of(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Failure {
    if let Ok(own) = serde_json::from_slice::<Failure>(stdout) {
        return own;
    }
    let told = String::from_utf8_lossy(stderr);
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, signal) => format!("ended by signal {}", signal.unwrap_or(0)),
    };
    match told.lines().rev().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => Failure::new(Failure::SERVER, line, Some(&how)),
        None => Failure::new(Failure::SERVER, how, None),
    }
}

/// Places that can be taken, so many and no more.
struct Places {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A place that is taken, until it is dropped.
struct Place<'a>(&'a Places);

impl Places {
    fn new(count: usize) -> Self {
        Self { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits for one.
    fn take(&self) -> Place<'_> {
        let free = lock(&self.free);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Place(self)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *lock(&self.0.free) += 1;
        self.0.freed.notify_one();
    }
}

/// Nobody panics while holding one; and if: what it holds is still as good.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

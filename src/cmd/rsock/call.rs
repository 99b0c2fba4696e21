//! `rsock call`: call a method of a server.

use std::io;

use anyhow::{Context as _, anyhow, bail};
use clap::Args;
use serde_json::value::RawValue;

use super::send::{input, next_of};
use crate::app::{Context, Verb};
use crate::args::{self, ReachArgs, TimeoutArgs, TypeArgs};
use crate::exit::{GaveUp, Status, UsageError};
use crate::framing::Framing;
use crate::ipc::rpc::varlink::{self, Manner, Reply};
use crate::ipc::rpc::{self, Answer, Failure, Frame, Receiver};
use crate::ipc::socket::{Address, Deadline, Socket, Type};
use crate::output::escape;
use crate::sys::errno;

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Call {
    /// Where the server is: unix:PATH, unix:@NAME, tcp:HOST:PORT, exec:COMMAND or fd:N
    #[arg(value_parser = args::address())]
    address: Address,

    /// The method
    method: String,

    /// What it gets, a JSON object or array; several are calls one after the other, - one a line of standard input
    params: Vec<String>,

    /// Do not wait for an answer: a notification
    #[arg(long)]
    notify: bool,

    /// Messages stand behind a Content-Length header, not on lines
    #[arg(long)]
    content_length: bool,

    /// The server speaks Varlink, not JSON-RPC
    #[arg(long, conflicts_with = "content_length")]
    varlink: bool,

    /// Take every reply of a Varlink method that gives several
    #[arg(long, requires = "varlink", conflicts_with = "notify")]
    more: bool,

    /// Write a result that is a string without quotes
    #[arg(short, long)]
    raw: bool,

    #[command(flatten)]
    patience: TimeoutArgs,

    /// Where nobody listens yet, try again until somebody does
    #[arg(short, long)]
    wait: bool,
}

impl Verb for Call {
    const NAME: &'static str = "call";
    const ABOUT: &'static str = "Call a method of a JSON-RPC or Varlink server, and write its result";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let is_piped = self.params.as_slice() == ["-"];
        let given = if is_piped { Vec::new() } else { self.params.clone() };
        let given = given.iter().map(|text| self.parse(text)).collect::<anyhow::Result<Vec<_>>>()?;
        let deadline = Deadline::of(self.patience.wait());
        let reach = ReachArgs { kind: TypeArgs { kind: Type::Stream }, patience: self.patience, wait: self.wait };
        super::converse(&self.address, &reach, |socket| {
            let receiver = Receiver::new(&socket, Some(self.frame()));
            let mut client = Client { call: &self, socket: &socket, receiver, deadline, id: 0 };
            if !is_piped {
                let all = if given.is_empty() { vec![None] } else { given.into_iter().map(Some).collect() };
                return client.call_each(context, all.into_iter().map(Ok));
            }
            let mut lines = input(Framing::Lines);
            let mut next = || next_of(&mut lines, Framing::Lines).transpose();
            let parse = |line: Vec<u8>| self.parse(&String::from_utf8_lossy(&line)).map(Some);
            client.call_each(context, std::iter::from_fn(&mut next).map(|line| line.and_then(parse)))
        })
    }
}

impl Call {
    /// What a method can get.
    fn parse(&self, text: &str) -> anyhow::Result<Box<RawValue>> {
        let value: Result<Box<RawValue>, _> = serde_json::from_str(text);
        let value = value.map_err(|error| UsageError(format!("'{}' is no JSON: {error}", escape(text.as_bytes()))))?;
        match value.get().as_bytes().first() {
            Some(b'{') => Ok(value),
            Some(b'[') if !self.varlink => Ok(value),
            _ if self.varlink => bail!(UsageError("the parameters of a Varlink method are a JSON object".into())),
            _ => bail!(UsageError("the params of a method are a JSON object or array".into())),
        }
    }

    fn frame(&self) -> Frame {
        match self {
            Self { varlink: true, .. } => Frame::Null,
            Self { content_length: true, .. } => Frame::Headers,
            _ => Frame::Lines,
        }
    }

    fn write(&self, context: &mut Context, result: Option<&RawValue>) -> io::Result<()> {
        let text = result.map_or_else(|| "{}".to_owned(), rpc::compact);
        let bare = if self.raw { serde_json::from_str::<String>(&text).ok() } else { None };
        context.out.foreign_line(bare.unwrap_or(text).as_bytes())?;
        // Who reads may wait for it before the next call.
        io::Write::flush(&mut context.out)
    }
}

/// A connection to a server.
struct Client<'a> {
    call: &'a Call,
    socket: &'a Socket,
    receiver: Receiver<'a>,
    deadline: Deadline,
    /// Of the last call.
    id: u64,
}

impl Client<'_> {
    /// Calls once for each; a call that the server refuses does not end the others.
    fn call_each(
        &mut self,
        context: &mut Context,
        all: impl Iterator<Item = anyhow::Result<Option<Box<RawValue>>>>,
    ) -> anyhow::Result<Status> {
        let mut status = Status::Done;
        for params in all {
            let params = params?;
            let failed = if self.call.varlink {
                self.call_varlink(context, params.as_deref())?
            } else {
                self.call_once(context, params.as_deref())?
            };
            if let Some(why) = failed {
                let method = escape(self.call.method.as_bytes());
                status = status.max(context.report(&anyhow!("{method} failed: {}", escape(why.as_bytes()))));
            }
        }
        Ok(status)
    }

    /// One call of JSON-RPC: why the server refused it, if it did.
    fn call_once(&mut self, context: &mut Context, params: Option<&RawValue>) -> anyhow::Result<Option<String>> {
        self.id += 1;
        let id = Some(self.id).filter(|_| !self.call.notify);
        self.send(&rpc::request(&self.call.method, params, id))?;
        if self.call.notify {
            return Ok(None);
        }
        loop {
            match Answer::read(&self.receive()?).map_err(|why| self.nonsense(&why))? {
                Answer::Result(id, result) if id == self.id => {
                    self.call.write(context, Some(&result))?;
                    return Ok(None);
                }
                Answer::Failed(id, failure) if id.is_none_or(|id| id == self.id) => {
                    return Ok(Some(failure.to_string()));
                }
                Answer::Called(id) => {
                    let refusal = Failure::new(Failure::NO_METHOD, "Method not found", None);
                    self.send(&rpc::answer_failed(id.get(), &refusal))?;
                }
                _ => {}
            }
        }
    }

    /// The same of Varlink.
    fn call_varlink(&mut self, context: &mut Context, params: Option<&RawValue>) -> anyhow::Result<Option<String>> {
        let manner = match self.call {
            Call { notify: true, .. } => Manner::OneWay,
            Call { more: true, .. } => Manner::More,
            _ => Manner::Once,
        };
        self.send(&varlink::request(&self.call.method, params, manner))?;
        loop {
            if manner == Manner::OneWay {
                return Ok(None);
            }
            let reply = Reply::read(&self.receive()?).map_err(|why| self.nonsense(&why))?;
            if let Some(error) = reply.error {
                let more = reply.parameters.map_or_else(String::new, |value| format!(": {}", rpc::compact(&value)));
                return Ok(Some(error + &more));
            }
            self.call.write(context, reply.parameters.as_deref())?;
            if !reply.continues || manner == Manner::Once {
                return Ok(None);
            }
        }
    }

    fn send(&self, message: &str) -> anyhow::Result<()> {
        let sent = rpc::send(self.socket, self.call.frame(), message, self.deadline);
        self.told(sent, "cannot call")
    }

    fn receive(&mut self) -> anyhow::Result<Vec<u8>> {
        let received = match self.receiver.next(self.deadline) {
            // It left while something of ours was unread.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
            received => received,
        };
        let ended = || anyhow!("{} ended the connection without an answer", self.call.address);
        self.told(received, "cannot receive the answer of")?.ok_or_else(ended)
    }

    fn nonsense(&self, why: &str) -> anyhow::Error {
        anyhow!("what {} answers is no answer: {why}", self.call.address)
    }

    /// The timeout in words of its own, everything else behind what was tried.
    fn told<T>(&self, done: io::Result<T>, what: &str) -> anyhow::Result<T> {
        match done {
            Err(error) if errno::is(&error, errno::ETIMEDOUT) && self.call.patience.timeout.is_some() => {
                bail!(GaveUp(format!("{} did not answer until the timeout", self.call.address)))
            }
            done => done.with_context(|| format!("{what} {}", self.call.address)),
        }
    }
}

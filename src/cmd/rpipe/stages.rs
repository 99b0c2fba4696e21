//! Commands that are connected: what `run` and `duplex` have in common.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use super::limits;
use super::report::Reports;
use crate::app::Context;
use crate::args;
use crate::command::{Family, Member, of_words};
use crate::exit::{Status, UsageError};
use crate::ipc::pipe::{Ends, Link, LinkShape, Tally};
use crate::ipc::signal::Process;
use crate::sys::{fd, signal};

/// What stands between two commands.
const SEPARATOR: &str = ":::";

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The commands, with ::: between them
    #[arg(value_name = "COMMAND", required = true, trailing_var_arg = true)]
    command: Vec<OsString>,

    /// Give each pipe room for this much (64K, 1M)
    #[arg(short, long, value_name = "SIZE", value_parser = args::size)]
    capacity: Option<u64>,

    /// Each write is a packet, and each read takes one (O_DIRECT)
    #[arg(long)]
    packet: bool,

    /// A command that SIGPIPE ended has failed, although its reader ended before
    #[arg(long)]
    strict: bool,

    #[command(flatten)]
    pub reports: Reports,
}

/// Commands that are running, each linked to the next.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub family: Family,
    links: Vec<Link>,
    wiring: Wiring,
    /// How bad it is that one could not be started.
    pub failed_start: Status,
}

/// How the commands are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wiring {
    /// The first one has our standard input, the last one our standard output.
    Line,
    /// The last one is linked to the first one.
    Ring,
    /// Two have one descriptor each, for both directions.
    Sockets,
}

/// Commands of at least one word each.
pub(super) fn split(words: &[OsString]) -> anyhow::Result<Vec<&[OsString]>> {
    let commands: Vec<_> = words.split(|word| word == SEPARATOR).collect();
    if let Some(empty) = commands.iter().position(|words| words.is_empty()) {
        bail!(UsageError(format!("command {} of {} has no word", empty + 1, commands.len())));
    }
    Ok(commands)
}

impl Options {
    /// The commands, each of at least one word.
    pub(super) fn commands(&self) -> anyhow::Result<Vec<&[OsString]>> {
        split(&self.command)
    }

    fn shape(&self) -> LinkShape {
        let capacity = self.capacity.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        LinkShape { capacity, packets: self.packet, measured: self.reports.measures() }
    }

    /// Whether SIGPIPE is no failure of a command: the statuses that count.
    pub(super) fn statuses<'a>(&self, members: &'a [Member]) -> impl DoubleEndedIterator<Item = u8> + use<'a> {
        let strict = self.strict;
        members.iter().map(Member::end).map(move |end| if end.unread && !strict { 0 } else { end.status() })
    }

    /// Starts all commands; those with a number of `terminals`, from 0, write to a terminal.
    pub(super) fn start(&self, context: &mut Context, wiring: Wiring, terminals: &[usize]) -> anyhow::Result<Pipeline> {
        // Our threads write into pipes, too. What is started has it as it was.
        signal::survive_closed_pipe();
        let mut pipeline = Pipeline { family: Family::new()?, links: Vec::new(), wiring, failed_start: Status::Done };
        if let Err(error) = self.start_all(context, &mut pipeline, wiring, terminals) {
            pipeline.family.give_up();
            return Err(error);
        }
        Ok(pipeline)
    }

    fn start_all(
        &self,
        context: &mut Context,
        pipeline: &mut Pipeline,
        wiring: Wiring,
        terminals: &[usize],
    ) -> anyhow::Result<()> {
        let explain = |error| limits::explain(error, self.capacity);
        let commands = self.commands()?;
        if wiring == Wiring::Sockets {
            return pipeline.start_on_sockets(context, &commands);
        }
        let closing = if wiring == Wiring::Ring { Some(Link::new(self.shape()).map_err(explain)?) } else { None };
        let (closing, ends) = closing.unzip();
        let (mut input, mut last_output) = ends.map(|ends| (ends.reader, ends.writer)).unzip();
        for (index, words) in commands.iter().enumerate() {
            let is_last = index + 1 == commands.len();
            let with_terminal = terminals.contains(&index);
            let (output, next) = if !is_last {
                let ends = pipeline.link(self.shape(), with_terminal).map_err(explain)?;
                (Some(ends.writer), Some(ends.reader))
            } else if with_terminal {
                (Some(pipeline.link_to_output().context("cannot make a terminal")?), None)
            } else {
                (last_output.take(), None)
            };
            pipeline.start(context, words, input.take(), output);
            input = next;
        }
        pipeline.links.extend(closing);
        pipeline.start_links()
    }
}

impl Pipeline {
    /// The link to the next command.
    fn link(&mut self, shape: LinkShape, with_terminal: bool) -> io::Result<Ends> {
        let (link, ends) = if with_terminal { Link::with_terminal(shape)? } else { Link::new(shape)? };
        self.links.push(link);
        Ok(ends)
    }

    /// From a terminal to our standard output.
    fn link_to_output(&mut self) -> io::Result<OwnedFd> {
        let (link, writer) = Link::from_terminal(fd::stdout().try_clone_to_owned()?)?;
        self.links.push(link);
        Ok(writer)
    }

    /// Starts two commands on a pair of sockets.
    fn start_on_sockets(&mut self, context: &mut Context, commands: &[&[OsString]]) -> anyhow::Result<()> {
        let (links, ends) = Link::sockets().context("cannot make sockets")?;
        for (words, end) in commands.iter().zip(ends) {
            let copy = end.try_clone().context("cannot copy a descriptor")?;
            self.start(context, words, Some(end), Some(copy));
        }
        self.links.extend(links);
        Ok(())
    }

    /// Starts a command; one that cannot be is reported, and the others go on without it.
    fn start(&mut self, context: &mut Context, words: &[OsString], input: Option<OwnedFd>, output: Option<OwnedFd>) {
        let mut command: Command = of_words(words);
        if let Some(input) = input {
            command.stdin(Stdio::from(input));
        }
        if let Some(output) = output {
            command.stdout(Stdio::from(output));
        }
        if let Err(error) = self.family.start(command) {
            self.failed_start = self.failed_start.max(context.report(&error.into()));
        }
    }

    fn start_links(&mut self) -> anyhow::Result<()> {
        for (index, link) in self.links.iter_mut().enumerate() {
            let writer = self.family.members()[index].pid.and_then(|pid| Process::open(pid).ok());
            link.start(writer).context("cannot start a thread")?;
        }
        Ok(())
    }

    /// Waits for the end of all, and of what they wrote: what went through the links, where that was seen.
    pub(super) fn wait(&mut self, grace: Option<Duration>) -> anyhow::Result<Vec<Option<Tally>>> {
        let (links, wiring) = (&self.links, self.wiring);
        self.family.wait(grace, |index, members| {
            let next = index + 1;
            // Who reads the last one of a line is not ours to see.
            if wiring == Wiring::Line && next == members.len() {
                return false;
            }
            let reader = members[next % members.len()].pid;
            links.get(index).is_some_and(|link| reader.is_none_or(|reader| link.is_abandoned(reader)))
        })?;
        // Whoever does not read our output now is nobody of ours: a signal ends us.
        self.family.release()?;
        Ok(std::mem::take(&mut self.links).into_iter().map(Link::finish).collect())
    }
}

//! One command line that is measured, and the queue that each run of it needs.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::machine;

/// Stands in the arguments for the identifier of a queue that is made for the run.
const QUEUE: &str = "QUEUE";

/// What has to lie in that queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stock {
    Nothing,
    OneMessage,
}

/// A tool and its arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub program: &'static str,
    pub arguments: &'static [&'static str],
    pub stock: Stock,
}

impl Call {
    /// A call that uses up no message.
    pub(crate) const fn new(program: &'static str, arguments: &'static [&'static str]) -> Self {
        Self { program, arguments, stock: Stock::Nothing }
    }

    /// The same call with one message in its queue.
    pub(crate) const fn with_message(mut self) -> Self {
        self.stock = Stock::OneMessage;
        self
    }

    /// Whether the tool is here.
    pub(crate) fn is_possible(&self) -> bool {
        machine::find(self.program).is_some()
    }

    /// As a user would write it; a program in an argument is left out.
    pub(crate) fn label(&self) -> String {
        let words = self.arguments.iter().map(|word| if word.contains(' ') { "..." } else { word });
        [self.program].into_iter().chain(words).collect::<Vec<_>>().join(" ")
    }

    /// The words of the next run, its queue made ready.
    pub(crate) fn words(&self) -> anyhow::Result<Vec<OsString>> {
        let program = machine::find(self.program).with_context(|| format!("there is no {}", self.program))?;
        let mut words = vec![program.into_os_string()];
        for &argument in self.arguments {
            words.push(if argument == QUEUE { self.queue()?.into() } else { argument.into() });
        }
        Ok(words)
    }

    fn queue(&self) -> anyhow::Result<String> {
        let id = output(&["create"])?.trim().to_owned();
        if self.stock == Stock::OneMessage {
            output(&["send", &id, "hello"])?;
        }
        Ok(id)
    }
}

/// A command of these words, behind those of `prefix`, that reads and prints nothing.
pub(crate) fn command(prefix: &[OsString], words: &[OsString]) -> Command {
    let mut all = prefix.iter().chain(words);
    let mut command = Command::new(all.next().expect("a command has a program"));
    command.args(all).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs a command to its end, which has to be a good one.
pub(crate) fn finish(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", program(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", program(command));
    }
    Ok(())
}

/// The name of a command's program, for messages.
pub(crate) fn program(command: &Command) -> String {
    Path::new(command.get_program()).file_name().unwrap_or_default().display().to_string()
}

/// What rmsgq prints.
pub(crate) fn output(arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(env!("CARGO_BIN_EXE_rmsgq")).args(arguments).output().context("cannot run rmsgq")?;
    if !done.status.success() {
        bail!("rmsgq failed: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(String::from_utf8(done.stdout)?)
}

/// Removes every queue of the namespace, so that no case sees those of another.
pub(crate) fn remove_queues() -> anyhow::Result<()> {
    let list = output(&["list", "-o", "name", "--no-header"])?;
    let names: Vec<&str> = list.lines().collect();
    for some in names.chunks(1000) {
        output(&[&["remove"], some].concat())?;
    }
    Ok(())
}

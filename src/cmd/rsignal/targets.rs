//! The operands of the verbs that are about processes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;

use crate::exit::UsageError;
use crate::ipc::signal::{Process, Target, find};
use crate::output::escape;
use crate::sys::{errno, fd};

/// A target, or where targets stand, one a line.
#[derive(Debug, Clone)]
pub(super) enum Operand {
    Target(Target),
    /// `@FILE`
    File(PathBuf),
    /// `-`
    Input,
}

/// Reads an [`Operand`]; its own words say what is wrong, where clap would repeat the raw text.
#[derive(Debug, Clone, Copy)]
pub(super) struct OperandParser;

impl TypedValueParser for OperandParser {
    type Value = Operand;

    fn parse_ref(&self, _: &clap::Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<Operand, clap::Error> {
        match value.as_bytes() {
            b"-" => return Ok(Operand::Input),
            [b'@', path @ ..] if !path.is_empty() => return Ok(Operand::File(OsStr::from_bytes(path).into())),
            _ => {}
        }
        let refuse =
            |why| clap::Error::raw(ErrorKind::ValueValidation, format!("'{}': {why}\n", escape(value.as_bytes())));
        Target::parse(value).map(Operand::Target).map_err(refuse)
    }
}

/// The targets that the operands name and those that stand in files.
pub(super) fn all(operands: Vec<Operand>) -> anyhow::Result<Vec<Target>> {
    let mut targets = Vec::with_capacity(operands.len());
    for operand in operands {
        let (text, place) = match operand {
            Operand::Target(target) => {
                targets.push(target);
                continue;
            }
            Operand::File(path) => {
                let text = fs::read(&path)
                    .with_context(|| format!("cannot read '{}'", escape(path.as_os_str().as_bytes())))?;
                (text, format!("'{}'", escape(path.as_os_str().as_bytes())))
            }
            Operand::Input => (input().context("cannot read standard input")?, "standard input".to_owned()),
        };
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if !line.is_empty() {
                let wrong = |why| UsageError(format!("line {} of {place}: {why}", number + 1));
                targets.push(Target::parse(OsStr::from_bytes(line)).map_err(wrong)?);
            }
        }
    }
    Ok(targets)
}

fn input() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    fs::File::from(fd::stdin().as_fd().try_clone_to_owned()?).read_to_end(&mut text)?;
    Ok(text)
}

/// Holds the processes of a target, or says that there is none.
pub(super) fn hold(target: &Target) -> anyhow::Result<Vec<Process>> {
    find(target).map_err(|error| none_or(error, target))
}

/// The error for a target that could not be found.
pub(super) fn none_or(error: io::Error, target: &Target) -> anyhow::Error {
    let shown = escape(target.to_string().as_bytes());
    let is_number = matches!(target, Target::Pid(_));
    if errno::is(&error, errno::ESRCH) && !is_number {
        return io::Error::new(io::ErrorKind::NotFound, format!("no process is {shown}")).into();
    }
    let shown = if is_number { format!("process {shown}") } else { shown };
    anyhow::Error::from(error).context(format!("cannot find {shown}"))
}

/// A pid that is nothing but digits: what can come by the thousand.
pub(super) fn plain(word: &OsString) -> Option<Operand> {
    let digits = word.as_bytes().iter().all(u8::is_ascii_digit);
    let pid = word.to_str()?.parse().ok().filter(|&pid: &i32| digits && pid > 0)?;
    Some(Operand::Target(Target::Pid(pid)))
}

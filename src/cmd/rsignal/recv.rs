//! `rsignal recv`: take signals and print what came with them.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::app::{Context, Verb};
use crate::args::{self, WaitArgs};
use crate::command::of_words;
use crate::exit::{CommandError, GaveUp, Status, UsageError};
use crate::ipc::Wait;
use crate::ipc::signal::{Arrival, Code, Dispositions, Receiver, SignalSet};
use crate::output::{Cell, write_object};
use crate::proc::process;
use crate::sys::errno;
use crate::sys::exec::{self, Setup};

#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "one flag of a user is one bool")]
pub(super) struct Recv {
    /// The signals: names or numbers, also with commas between, or all
    #[arg(value_name = "SIGNALS", value_parser = args::signals, required = true)]
    signals: Vec<SignalSet>,

    /// Print 'ready PID' first, once no signal can be too early any more
    #[arg(short, long)]
    ready: bool,

    /// Take N signals
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), conflicts_with = "follow")]
    count: u64,

    /// Take signals until another one ends us
    #[arg(short, long)]
    follow: bool,

    #[command(flatten)]
    wait: WaitArgs,

    /// Write each signal as a JSON object on a line of its own
    #[arg(long)]
    json: bool,

    /// Run this command for each signal instead of printing it, with RSIGNAL_NAME, RSIGNAL_NUMBER, RSIGNAL_CODE,
    /// RSIGNAL_PID, RSIGNAL_UID, RSIGNAL_COMMAND, RSIGNAL_VALUE and RSIGNAL_STATUS in its environment. Ends the
    /// options: all that follows belongs to it
    #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, conflicts_with = "json")]
    exec: Vec<OsString>,

    /// Do not say that no signal came; the status says it
    #[arg(short, long)]
    quiet: bool,
}

/// The commands of --exec.
struct Commands {
    /// The signals that are blocked when they begin; we block those that we take.
    mask: SignalSet,
    /// The pid of the last one.
    last: Option<u32>,
}

impl Verb for Recv {
    const NAME: &'static str = "recv";
    const ABOUT: &'static str = "Take signals, and print sender, cause and value of each";

    fn run(self, context: &mut Context) -> anyhow::Result<Status> {
        let set = self.signals.iter().fold(SignalSet::EMPTY, |set, more| set.union(*more));
        if let Some(signal) = set.iter().find(|signal| signal.is_unstoppable()) {
            bail!(UsageError(format!("no process can receive {signal}")));
        }
        let receiver = Receiver::new(set).context("cannot block signals")?;
        if self.ready {
            writeln!(context.out, "ready {}", std::process::id())?;
        }
        context.out.flush()?;
        let mut status = Status::Done;
        let mut is_told = false;
        let mut commands = Commands { mask: receiver.mask_before(), last: None };
        let mut left = if self.follow { u64::MAX } else { self.count };
        while left > 0 {
            // What is there comes in one go; before we sleep, all of it is written.
            let arrival = match receiver.receive(Wait::Never) {
                Err(error) if errno::is(&error, errno::EAGAIN) => {
                    context.out.flush()?;
                    is_told |= tell_full_queue(context, is_told);
                    receiver.receive(self.wait.wait())
                }
                arrival => arrival,
            };
            match arrival {
                // What our own command did is no news.
                Ok(arrival) if commands.last.is_some_and(|pid| arrival.is_of_child(pid)) => continue,
                Ok(arrival) => status = status.max(self.take(context, arrival, &mut commands)?),
                Err(error) if errno::is(&error, errno::EINTR) => continue,
                Err(error) if errno::is(&error, errno::EAGAIN) => return self.give_up(set),
                Err(error) => return Err(error).context("cannot receive signals"),
            }
            left -= 1;
        }
        Ok(status)
    }
}

impl Recv {
    /// Prints it or runs the command.
    fn take(&self, context: &mut Context, arrival: Arrival, commands: &mut Commands) -> anyhow::Result<Status> {
        let command = arrival.sender.and_then(|(pid, _)| process::command(pid));
        if !self.exec.is_empty() {
            return self.execute(context, arrival, command, commands);
        }
        if self.json {
            write_object(&mut context.out, &cells(arrival, command.as_deref()))?;
        } else {
            context.out.foreign_line(line(arrival, command.as_deref()).as_bytes())?;
        }
        Ok(Status::Done)
    }

    /// Runs the command and waits for it: the next signal waits, too.
    fn execute(
        &self,
        context: &mut Context,
        arrival: Arrival,
        sender: Option<String>,
        commands: &mut Commands,
    ) -> anyhow::Result<Status> {
        let mut command = of_words(&self.exec);
        exec::prepare(&mut command, Setup::default(), commands.mask.bits());
        let shown = |number: Option<i64>| number.map(|number| number.to_string());
        let variables = [
            ("RSIGNAL_NAME", Some(arrival.signal.to_string())),
            ("RSIGNAL_NUMBER", Some(arrival.signal.number().to_string())),
            ("RSIGNAL_CODE", Some(arrival.code.to_string())),
            ("RSIGNAL_PID", shown(arrival.sender.map(|(pid, _)| pid.into()))),
            ("RSIGNAL_UID", shown(arrival.sender.map(|(_, uid)| uid.into()))),
            ("RSIGNAL_COMMAND", sender),
            ("RSIGNAL_VALUE", shown(arrival.value.map(Into::into))),
            ("RSIGNAL_STATUS", shown(arrival.status.map(Into::into))),
        ];
        for (name, value) in variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.spawn().map_err(|error| CommandError::new(&self.exec[0], error))?;
        commands.last = Some(child.id());
        let ended = child.wait().context("cannot wait for the command")?;
        if ended.success() {
            return Ok(Status::Done);
        }
        context.note(&format!("the command for {} failed: {ended}", arrival.signal));
        Ok(Status::Failed)
    }

    fn give_up(&self, set: SignalSet) -> anyhow::Result<Status> {
        if self.quiet {
            return Ok(Status::GaveUp);
        }
        bail!(GaveUp(format!("no signal of {set} came in time")))
    }
}

/// Says, once, that senders are being refused or signals come without their data: whether that is so.
fn tell_full_queue(context: &mut Context, is_told: bool) -> bool {
    let Some(own) = (!is_told).then(|| Dispositions::of(std::process::id().cast_signed()).ok()).flatten() else {
        return false;
    };
    let is_full = own.queued >= own.limit;
    if is_full {
        context.note(&format!(
            "RLIMIT_SIGPENDING (ulimit -i) is {}, and {} queued for this user: more are refused or come without data",
            own.limit,
            match own.queued {
                1 => "1 signal is".to_owned(),
                more => format!("{more} signals are"),
            }
        ));
    }
    is_full
}

/// `USR1 pid=1234 uid=0 code=queue value=7 command=sh`: the command last, as it may have blanks in it.
fn line(arrival: Arrival, command: Option<&str>) -> String {
    let mut line = arrival.signal.to_string();
    if let Some((pid, uid)) = arrival.sender {
        let _ = write!(line, " pid={pid} uid={uid}");
    }
    let _ = write!(line, " code={}", arrival.code);
    if let Some(value) = arrival.value {
        let _ = write!(line, " value={value}");
    }
    if let Some(status) = arrival.status {
        let _ = write!(line, " status={status}");
    }
    if let Some(command) = command {
        let _ = write!(line, " command={}", command.replace('\n', "\\n"));
    }
    line
}

fn cells(arrival: Arrival, command: Option<&str>) -> [(&'static str, Cell<'_>); 8] {
    let code = match arrival.code {
        Code::Other(code) => Cell::Signed(code.into()),
        code => Cell::shown(code),
    };
    [
        ("signal", Cell::shown(arrival.signal)),
        ("number", Cell::Signed(arrival.signal.number().into())),
        ("pid", Cell::or_none(arrival.sender, |(pid, _)| Cell::Signed(pid.into()))),
        ("uid", Cell::or_none(arrival.sender, |(_, uid)| Cell::Number(uid.into()))),
        ("command", Cell::or_none(command, |command| Cell::Foreign(command.as_bytes().into()))),
        ("code", code),
        ("value", Cell::or_none(arrival.value, |value| Cell::Signed(value.into()))),
        ("status", Cell::or_none(arrival.status, |status| Cell::Signed(status.into()))),
    ]
}

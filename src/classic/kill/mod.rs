//! `kill`: one face for the two families of it, util-linux's and GNU's.
//!
//! Where they contradict each other, `man/kill.1` says whom this one follows.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use super::{Console, Face, Family, around, numbers};
use crate::proc::signals;
use crate::sys::errno;
use numbers::NumberError;

mod line;
mod names;
mod order;

use line::{Wish, Wrong};
use names::Sent;

#[allow(missing_docs, reason = "the module is the documentation")]
pub const FACE: Face = Face { name: "kill", family: Family::UtilLinux, run };

const HELP: &str = "
Usage:
 kill [options] <pid>|<pid>:<pidfd_ino>|<name>...
 kill -l|-L|-t [<signal>...]

Forcibly terminate a process.

Options:
 -a, --all              do not restrict the name-to-pid conversion to processes
                          with the same uid as the present process
 -s, -n, --signal <signal>, -<signal>
                        send this <signal> instead of SIGTERM
 -q, --queue <value>    use sigqueue(2), not kill(2), and pass <value> as data
     --timeout <milliseconds> <follow-up signal>
                        wait up to timeout and send follow-up signal
 -p, --pid              print pids without signaling them
 -l, --list[=<signal>|=0x<sigmask>]
                        list signal names, convert between numbers and names,
                          or convert a signal mask to names
 -L, --table            list signal names and numbers
 -t                     list signal names, numbers and descriptions
 -r, --require-handler  do not send signal if signal handler is not present
 -d, --show-process-state <pid>
                        show signal related fields in /proc/<pid>/status
     --verbose          print pids that will be signaled

 -h, --help             display this help
 -V, --version          display version

For more details see kill(1).
";

fn run(console: &mut Console, arguments: Vec<OsString>) -> u8 {
    match line::read(arguments) {
        Ok(Wish::Send(order)) => order.carry_out(console),
        Ok(Wish::List(operands)) => list(console, &operands),
        Ok(Wish::Table { described, operands }) => table(console, &operands, described),
        Ok(Wish::State(pid)) => state(console, &pid),
        Ok(Wish::Help) => console.print(HELP),
        Ok(Wish::Version) => console.version(),
        Err(Wrong::Words(words)) => failed(console, words),
        Err(Wrong::Option(words)) => {
            console.warn(words);
            console.try_help()
        }
        Err(Wrong::Signal(name)) => {
            let text = around("unknown signal ", &name, "; valid signals:\n");
            console.warn([text.as_slice(), names::rows().trim_end_matches('\n').as_bytes()].concat());
            1
        }
    }
}

/// Tells why: status 1.
fn failed(console: &mut Console, words: impl AsRef<[u8]>) -> u8 {
    console.warn(words);
    1
}

/// `-l`: every name, or what each operand is otherwise: a name for a number, a number for a name.
fn list(console: &mut Console, operands: &[OsString]) -> u8 {
    if operands.is_empty() {
        return console.print(&names::all());
    }
    let mut status = 0;
    for operand in operands {
        match translate(operand) {
            Ok(text) => drop(console.print(&text)),
            Err(words) => status = failed(console, words),
        }
    }
    status
}

fn translate(operand: &OsStr) -> Result<String, Vec<u8>> {
    let text = operand.to_str().unwrap_or_default();
    if let Some(mask) = text.strip_prefix("0x") {
        let plain = !mask.starts_with(['+', '-']);
        let bits = u64::from_str_radix(mask, 16).ok().filter(|_| plain);
        let bits = bits.ok_or_else(|| around("invalid sigmask format: ", operand, ""))?;
        return Ok(names::each_of_mask(bits, "\n"));
    }
    let unknown = || around("unknown signal: ", operand, "");
    if text.starts_with(|first: char| first.is_ascii_digit()) {
        return Sent::of_status(text).map(|signal| format!("{signal}\n")).ok_or_else(unknown);
    }
    Sent::parse(operand).map(|signal| format!("{}\n", signal.number())).ok_or_else(unknown)
}

/// `-L` and `-t`: numbers beside names, all or those that are named.
fn table(console: &mut Console, operands: &[OsString], described: bool) -> u8 {
    match (operands, described) {
        ([], false) => return console.print(&names::rows()),
        ([], true) => return console.print(&names::described_rows()),
        _ => {}
    }
    let mut status = 0;
    for operand in operands {
        let of_status = operand.to_str().and_then(Sent::of_status);
        match Sent::parse(operand).or(of_status) {
            Some(signal) if described => drop(console.print(&names::described_row(signal))),
            Some(signal) => drop(console.print(&names::row(signal.number(), &signal.to_string()))),
            None => status = failed(console, around("unknown signal: ", operand, "")),
        }
    }
    status
}

/// `-d`: what the main thread of a process does with signals; sets that are empty are left out.
fn state(console: &mut Console, operand: &OsStr) -> u8 {
    let pid = match numbers::integer(operand, 10) {
        Ok(pid) => i32::try_from(pid).ok().filter(|&pid| pid > 0).ok_or(NumberError::Range),
        Err(error) => Err(error),
    };
    let pid = match pid {
        Ok(pid) => pid,
        Err(error) => return failed(console, no_number("invalid PID argument: '", operand, error)),
    };
    let seen = match signals::of(pid) {
        Ok(seen) => seen,
        Err(error) => {
            console.warn_of("failed to initialize procfs handler", &error);
            return 1;
        }
    };
    let sets = [
        ("Pending (thread)", seen.pending),
        ("Pending (process)", seen.shared),
        ("Blocked", seen.blocked),
        ("Ignored", seen.ignored),
        ("Caught", seen.caught),
    ];
    for (label, bits) in sets.into_iter().filter(|(_, bits)| *bits != 0) {
        let names = names::each_of_mask(bits, " ");
        // `finish` tells where this fails.
        let _ = writeln!(console.out, "{label}: {names}");
    }
    0
}

/// A number that is none, as util-linux tells it: the reason only where it is too large.
fn no_number(before: &str, text: &OsStr, error: NumberError) -> Vec<u8> {
    match error {
        NumberError::Invalid => around(before, text, "'"),
        NumberError::Range => around(before, text, &format!("': {}", errno::words(&error.into()))),
    }
}

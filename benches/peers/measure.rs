//! The instruments: instructions, system calls, time, memory.

use std::ffi::OsString;
use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::call;
use crate::machine::Machine;

/// Instructions in user space, the dynamic loader's included; the same number each time.
pub(crate) fn instructions(machine: &Machine, words: &[OsString]) -> anyhow::Result<Option<f64>> {
    let Some(valgrind) = &machine.valgrind else { return Ok(None) };
    let prefix = [valgrind.into(), "--tool=callgrind".into(), "--callgrind-out-file=/dev/null".into()];
    let done = call::command(&prefix, words).output().context("cannot run valgrind")?;
    let report = String::from_utf8_lossy(&done.stderr);
    let Some(count) = report.lines().find_map(|line| line.split_once("Collected : ")) else {
        bail!("valgrind counted nothing: {}", report.trim());
    };
    Ok(Some(count.1.trim().parse()?))
}

/// System calls of the process and its children, execve and exit included.
pub(crate) fn system_calls(machine: &Machine, words: &[OsString]) -> anyhow::Result<Option<f64>> {
    let Some(strace) = &machine.strace else { return Ok(None) };
    let log = machine.files.path().join("strace");
    let prefix = [strace.into(), "-f".into(), "-o".into(), log.clone().into()];
    call::finish(&mut call::command(&prefix, words))?;
    let log = fs::read_to_string(log).context("cannot read what strace wrote")?;
    // Signals and exits stand between marks; a call that was interrupted in the log stands twice.
    let calls = log.lines().filter(|line| line.contains('(') && !line.contains(" resumed>"));
    Ok(Some(f64::from(u32::try_from(calls.count())?)))
}

/// From the start of a process to its end.
pub(crate) fn time(command: &mut Command) -> anyhow::Result<Duration> {
    let start = Instant::now();
    call::finish(command)?;
    Ok(start.elapsed())
}

/// Runs the sides in turn, so that a change of the machine's mood strikes them alike: one round to
/// warm up, then `rounds`. Returns the median of each side in milliseconds.
pub(crate) fn alternate<S>(
    sides: &[S],
    rounds: usize,
    mut run: impl FnMut(&S) -> anyhow::Result<Duration>,
) -> anyhow::Result<Vec<f64>> {
    let mut times = vec![Vec::with_capacity(rounds); sides.len()];
    for round in 0..=rounds {
        for (side, times) in sides.iter().zip(&mut times) {
            let time = run(side)?;
            if round > 0 {
                times.push(time);
            }
        }
    }
    Ok(times.into_iter().map(median).collect())
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// The most memory that a process had at any time, in KiB.
///
/// The process writes into a pipe that is only emptied after a look at `VmHWM`, so the last looks see
/// it with nearly all of its output behind it. (`ru_maxrss` would count our own memory too, which the
/// child had before its execve.) `None` where the output is too short to hold it.
pub(crate) fn peak_memory(command: &mut Command) -> anyhow::Result<Option<f64>> {
    let program = call::program(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {program}"))?;
    let mut output = child.stdout.take().context("no pipe")?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak: Option<u32> = None;
    let mut chunk = vec![0; 16 * 1024];
    let mut first = true;
    loop {
        // The first look would see the process before its execve.
        if !first && let Ok(status) = fs::read_to_string(&status_file) {
            let now =
                status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB")?.trim().parse().ok());
            peak = peak.max(now);
        }
        first = false;
        if output.read(&mut chunk)? == 0 {
            break;
        }
    }
    if !child.wait()?.success() {
        bail!("{program} failed");
    }
    Ok(peak.map(f64::from))
}

//! The whole of a machine: many objects of every kind and many processes, and who is at what.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use crate::call::{self, Call};
use crate::listing;
use crate::machine::Machine;
use crate::table::{self, Goal};

/// Rounds whose median counts: some of the peers take seconds.
const ROUNDS: usize = 5;

const SETS: usize = 32_000;
const SEGMENTS: usize = 10_000;
const PROCESSES: usize = 2_000;

/// Processes that each sleep on one of the first sets, and their parent, which says when all are there.
const CROWD: &str = "for my $n (1..$ARGV[0]) { next if fork; semop($n % 20, pack('s3', 0, -1, 0)); exit }
    $| = 1; print qq(ready\\n); sleep 3600";

/// A call of a peer, and the goals in time and in memory against it.
type Peer = (Call, Goal, Goal);

/// What is asked, and of whom besides us.
static QUESTIONS: [(Call, &[Peer]); 5] = [
    (Call::new("ripcs", &[]), &[(Call::new("ipcs", &[]), Goal::Ratio(0.15), Goal::Open)]),
    (Call::new("ripcs", &["list", "--json"]), &[(Call::new("ipcs", &[]), Goal::Ratio(0.15), Goal::Open)]),
    (
        Call::new("ripcs", &["list", "set", "--json"]),
        &[(Call::new("lsipc", &["--json", "-s"]), Goal::Ratio(0.2), Goal::Ratio(0.25))],
    ),
    (
        Call::new("ripcs", &["who"]),
        &[
            (Call::new("lsof", &["-n", "-w"]), Goal::Ratio(0.1), Goal::Open),
            (Call::new("lsfd", &[]), Goal::Ratio(0.1), Goal::Open),
        ],
    ),
    (
        Call::new("ripcs", &["who", "all"]),
        &[(Call::new("lsof", &["-n", "-w"]), Goal::Open, Goal::Open), (Call::new("lsfd", &[]), Goal::Open, Goal::Open)],
    ),
];

/// Prints a table of times and one of memory.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let Some(perl) = &machine.perl else {
        println!("\nCensus: skipped, it takes perl to make the objects and the processes");
        return Ok(());
    };
    // A limit of our own IPC namespace; where it stays low there are fewer segments.
    let _ = fs::write("/proc/sys/kernel/shmmni", (SEGMENTS + 1000).to_string());
    let room: usize = fs::read_to_string("/proc/sys/kernel/shmmni")?.trim().parse().unwrap_or(4096);
    let segments = SEGMENTS.min(room - 96);
    remove_all()?;
    machine.make_objects("semget(0, 1, 0600)", SETS)?;
    machine.make_objects("shmget(0, 4096, 0600)", segments)?;
    let crowd = Crowd::start(perl)?;
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for (ours, peers) in &QUESTIONS {
        listing::compare(ours, peers, ROUNDS, "all", &mut times, &mut memory)?;
    }
    drop(crowd);
    remove_all()?;
    let what = format!("{SETS} sets, {segments} segments, {PROCESSES} processes");
    table::print(&format!("Census of {what}: milliseconds (median of {ROUNDS} rounds)"), 1, &times);
    table::print("Census: peak memory in KiB", 0, &memory);
    Ok(())
}

/// Removes the System V objects of our namespace.
fn remove_all() -> anyhow::Result<()> {
    call::finish(Command::new("ipcrm").arg("--all"))
}

/// The processes; gone when it is dropped.
struct Crowd(Child);

impl Crowd {
    fn start(perl: &std::path::Path) -> anyhow::Result<Self> {
        let mut command = Command::new(perl);
        command.args(["-e", CROWD, &PROCESSES.to_string()]).process_group(0);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot run perl")?;
        let output = child.stdout.take().context("its output is piped")?;
        let crowd = Self(child);
        BufReader::new(output).read_line(&mut String::new())?;
        Ok(crowd)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

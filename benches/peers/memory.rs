//! Memory: a large file into shared memory and out again.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::call;
use crate::machine::Machine;
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Rounds whose median counts.
const ROUNDS: usize = 5;

/// Bytes that are moved.
const SIZE: u64 = 1 << 30;

/// What has to be free: the file, a copy, one that waits in memory, and the rest of the machine.
const NEEDED: u64 = 4 * SIZE;

/// A shell script that is timed, with the `$FILE` to move, and those before and after it that are not.
struct Case {
    before: &'static str,
    timed: &'static str,
    after: &'static str,
    goal: Goal,
}

const fn case(before: &'static str, timed: &'static str, after: &'static str, goal: Goal) -> Case {
    Case { before, timed, after, goal }
}

/// The peer that all are held against, a fresh file in memory; then ours.
const CASES: [Case; 10] = [
    case("", "cat $FILE > /dev/shm/x", "rm /dev/shm/x", Goal::Open),
    case("", "rshm create /x --from $FILE", "rshm remove /x", Goal::Ratio(1.0)),
    case(SEGMENT, "rshm write 0x4b < $FILE", NO_SEGMENT, Goal::Ratio(1.0)),
    case(SEGMENT, "$PLAIN rshm write 0x4b < $FILE", NO_SEGMENT, Goal::Ratio(1.0)),
    case("", "cat $FILE | rshm create /x --from -", "rshm remove /x", Goal::Ratio(1.25)),
    case(SEGMENT, "cat $FILE | rshm write 0x4b", NO_SEGMENT, Goal::Ratio(1.25)),
    case(SEGMENT, "cat $FILE | $PLAIN rshm write 0x4b", NO_SEGMENT, Goal::Ratio(1.25)),
    case("rshm create /x --from $FILE", "rshm read /x | $READER", "rshm remove /x", Goal::Ratio(0.8)),
    case("rshm create 0x4b --from $FILE", "rshm read 0x4b | $READER", NO_SEGMENT, Goal::Ratio(0.8)),
    case("rshm create /x --from $FILE", "rshm read /x --splice | $READER", "rshm remove /x", Goal::Ratio(0.8)),
];

const SEGMENT: &str = "rshm create 0x4b --size 1G --mode 666";
const NO_SEGMENT: &str = "rshm remove 0x4b";

/// A user without privileges, who may open none of the mappings in `/proc`.
const PLAIN: &str = "setpriv --reuid=65534 --regid=65534 --clear-groups --";

/// Prints one table.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    if let Some(reason) = refusal() {
        println!("\nMemory: skipped, {reason}");
        return Ok(());
    }
    let file = machine.files.path().join("file");
    let mut noise = io::Read::take(File::open("/dev/urandom")?, SIZE);
    io::copy(&mut noise, &mut File::create(&file)?).context("cannot write the file")?;
    let can_drop = script("$PLAIN rshm --version 2>&1", &file).is_ok();
    let cases: Vec<&Case> = CASES.iter().filter(|case| can_drop || !case.timed.contains("$PLAIN")).collect();
    let medians = measure::alternate(&cases, ROUNDS, |case| case.time(&file))?;
    let row = |(case, mine): (&&Case, &f64)| Comparison {
        ours: case.timed.to_owned(),
        peer: CASES[0].timed.to_owned(),
        mine: Some(*mine),
        theirs: medians.first().copied(),
        goal: case.goal,
    };
    let rows: Vec<_> = cases.iter().zip(&medians).skip(1).map(row).collect();
    fs::remove_file(&file)?;
    table::print(&format!("1 GiB of memory: milliseconds (median of {ROUNDS} rounds)"), 0, &rows);
    Ok(())
}

/// Why there is nothing to measure here.
fn refusal() -> Option<String> {
    let table = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = table.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024;
    (free < NEEDED).then(|| format!("it takes {} GiB of free memory", NEEDED >> 30))
}

impl Case {
    fn time(&self, file: &Path) -> anyhow::Result<Duration> {
        script(self.before, file)?;
        let start = Instant::now();
        script(self.timed, file)?;
        let time = start.elapsed();
        script(self.after, file)?;
        Ok(time)
    }
}

/// Runs a script to its end.
fn script(text: &str, file: &Path) -> anyhow::Result<()> {
    let tools = Path::new(env!("CARGO_BIN_EXE_rshm")).parent().context("a file lies in a directory")?;
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    shell.args(["-c", text]).env("PATH", path).env("LC_ALL", "C").env("FILE", file);
    // What takes the bytes shall cost little: it is not what is measured.
    shell.env("READER", "dd bs=1M of=/dev/null status=none").env("PLAIN", PLAIN);
    call::finish(shell.stdin(Stdio::null()).stdout(Stdio::null())).with_context(|| format!("'{text}'"))
}

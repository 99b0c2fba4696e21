//! Pipes: what stands between a writer and a reader, or two.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::stat::Mode;
use nix::sys::time::TimeValLike as _;
use nix::unistd::mkfifo;

use crate::machine::{self, Machine};
use crate::table::{self, Comparison, Goal};

/// Rounds whose median counts.
const ROUNDS: usize = 5;

/// Bytes that pass, unless `PIPES_BYTES` says otherwise.
const BYTES: u64 = 8 << 30;

/// Stands for the FIFO behind which the second reader is.
const FIFO: &str = "FIFO";

/// What stands between writer and reader, with the goals against the first one: of time on two processors,
/// of time on one, of processor time.
struct Middle {
    words: &'static [&'static str],
    peers: &'static [&'static [&'static str]],
    goals: [Goal; 3],
}

const MIDDLES: [Middle; 2] = [
    Middle {
        words: &["rpipe", "meter", "--quiet"],
        peers: &[&["pv", "-q"], &["cat"]],
        goals: [Goal::Ratio(0.35), Goal::Ratio(0.75), Goal::Ratio(0.5)],
    },
    Middle {
        words: &["rpipe", "tee", FIFO],
        peers: &[&["tee", FIFO]],
        goals: [Goal::Ratio(0.3), Goal::Open, Goal::Open],
    },
];

/// How long it took, and how much of a processor what stands in the middle.
#[derive(Debug, Clone, Copy)]
struct Taken {
    wall: Duration,
    processor: Duration,
}

/// What every pass needs.
struct Ground {
    ends: PathBuf,
    fifo: PathBuf,
    bytes: u64,
}

/// Prints two tables.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let bytes = std::env::var("PIPES_BYTES").ok().map(|text| text.parse()).transpose().context("PIPES_BYTES")?;
    let bytes = bytes.unwrap_or(BYTES);
    if machine::find("cc").is_none() {
        println!("\nPipes: skipped, there is no cc for their ends");
        return Ok(());
    }
    let ground = Ground { ends: machine.compile("pipe_ends", &[])?, fifo: machine.files.path().join("fifo"), bytes };
    mkfifo(&ground.fifo, Mode::S_IRUSR | Mode::S_IWUSR).context("cannot make a FIFO")?;
    for (to_one, place) in [(false, "two CPUs"), (true, "one CPU")] {
        machine.bind_ourselves(to_one)?;
        let rows = MIDDLES.iter().map(|middle| compare(&ground, middle, to_one)).collect::<anyhow::Result<Vec<_>>>()?;
        let title = format!("{} MiB through a pipe, {place}: milliseconds (median of {ROUNDS} rounds)", bytes >> 20);
        table::print(&title, 0, &rows.into_iter().flatten().collect::<Vec<_>>());
    }
    machine.bind_ourselves(false)
}

/// One of ours against its peers that are here.
fn compare(ground: &Ground, middle: &Middle, to_one: bool) -> anyhow::Result<Vec<Comparison>> {
    let mut sides = vec![middle.words];
    sides.extend(middle.peers.iter().filter(|words| machine::find(words[0]).is_some()));
    let mut taken = vec![Vec::with_capacity(ROUNDS); sides.len()];
    for round in 0..=ROUNDS {
        for (side, taken) in sides.iter().zip(&mut taken) {
            let once = ground.pass(side)?;
            if round > 0 {
                taken.push(once);
            }
        }
    }
    let median = |side: usize, part: fn(&Taken) -> Duration| {
        let mut times: Vec<Duration> = taken[side].iter().map(part).collect();
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1000.0
    };
    let mut rows = Vec::new();
    for (index, words) in sides.iter().enumerate().skip(1) {
        let mut row = |what: &str, part: fn(&Taken) -> Duration, goal| {
            let ours = format!("{}{what}", middle.words.join(" "));
            let (mine, theirs) = (median(0, part), median(index, part));
            rows.push(Comparison { ours, peer: words.join(" "), mine: Some(mine), theirs: Some(theirs), goal });
        };
        row("", |taken| taken.wall, if to_one && index > 1 { Goal::Open } else { middle.goals[usize::from(to_one)] });
        row(", its processor time", |taken| taken.processor, if index > 1 { Goal::Open } else { middle.goals[2] });
    }
    Ok(rows)
}

impl Ground {
    /// Passes all bytes from a writer through the middle to a reader, or two.
    fn pass(&self, words: &[&str]) -> anyhow::Result<Taken> {
        let program = machine::find(words[0]).with_context(|| format!("there is no {}", words[0]))?;
        let fifo = |word: &&str| if *word == FIFO { self.fifo.clone() } else { PathBuf::from(word) };
        let start = Instant::now();
        let has_fifo = words.contains(&FIFO);
        // The reader of the FIFO sleeps in open until there is a writer.
        let aside =
            if has_fifo { Some(spawn(Command::new("sh").args(reading(&self.ends, &self.fifo)))?) } else { None };
        let mut writer =
            spawn(Command::new(&self.ends).args(["write", &self.bytes.to_string()]).stdout(Stdio::piped()))?;
        let source = writer.stdout.take().context("no pipe")?;
        let mut command = Command::new(program);
        command.args(words[1..].iter().map(fifo)).stdin(source).stdout(Stdio::piped());
        let mut middle = spawn(&mut command)?;
        let source = middle.stdout.take().context("no pipe")?;
        let reader = spawn(Command::new(&self.ends).arg("read").stdin(source))?;
        finish(writer)?;
        let before = processor_time()?;
        finish(middle)?;
        let processor = processor_time()?.saturating_sub(before);
        finish(reader)?;
        aside.map(finish).transpose()?;
        Ok(Taken { wall: start.elapsed(), processor })
    }
}

fn reading(ends: &Path, fifo: &Path) -> Vec<std::ffi::OsString> {
    vec!["-c".into(), "exec \"$0\" read < \"$1\"".into(), ends.into(), fifo.into()]
}

fn spawn(command: &mut Command) -> anyhow::Result<Child> {
    command.env("LC_ALL", "C").spawn().with_context(|| format!("cannot run {}", crate::call::program(command)))
}

fn finish(mut child: Child) -> anyhow::Result<()> {
    let status = child.wait()?;
    if !status.success() {
        bail!("a command failed: {status}");
    }
    Ok(())
}

/// What all children used that have been waited for.
fn processor_time() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros)?))
}

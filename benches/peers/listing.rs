//! Listing: as many objects as a busy machine has, and more.

use crate::call::{self, Call};
use crate::machine::Machine;
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Rounds whose median counts.
const ROUNDS: usize = 11;

/// A listing of ours, and those of peers that tell the same.
struct Case {
    ours: Call,
    /// The peer, and the goals in time and in memory.
    peers: [(Call, Goal, Goal); 3],
}

impl Case {
    const fn of(ours: Call, ipcs: Call, lsipc: Call, dd: Call) -> Self {
        let peers = [
            (ipcs, Goal::Ratio(0.15), Goal::Open),
            (lsipc, Goal::Ratio(0.2), Goal::Ratio(0.25)),
            // The kernel's own listing, read and thrown away.
            (dd, Goal::Ratio(0.6), Goal::Open),
        ];
        Self { ours, peers }
    }
}

/// A Perl expression that makes an object, how many of them there shall be, what they are, and who
/// lists them.
type Crowd = (&'static str, usize, &'static str, &'static [Case]);

static CROWDS: [Crowd; 2] = [
    (
        "msgget(0, 0600)",
        10_000,
        "queues",
        &[Case::of(
            Call::new("ripcs", &["-q"]),
            Call::new("ipcs", &["-q"]),
            Call::new("lsipc", &["-q"]),
            Call::new("dd", &["if=/proc/sysvipc/msg", "bs=64K", "status=none"]),
        )],
    ),
    (
        "semget(0, 1, 0600)",
        32_000,
        "semaphore sets",
        &[
            Case::of(
                Call::new("ripcs", &["-s"]),
                Call::new("ipcs", &["-s"]),
                Call::new("lsipc", &["-s"]),
                Call::new("dd", &["if=/proc/sysvipc/sem", "bs=64K", "status=none"]),
            ),
            Case::of(
                Call::new("ripcs", &["--json", "-s"]),
                Call::new("ipcs", &["-s"]),
                Call::new("lsipc", &["--json", "-s"]),
                Call::new("dd", &["if=/proc/sysvipc/sem", "bs=64K", "status=none"]),
            ),
        ],
    ),
];

/// Prints a table of times and one of memory.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    if machine.perl.is_none() {
        println!("\nListing: skipped, it takes perl to make the objects");
        return Ok(());
    }
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for (expression, count, what, cases) in &CROWDS {
        machine.make_objects(expression, *count)?;
        for case in *cases {
            compare(&case.ours, &case.peers, ROUNDS, &format!("{count} {what}"), &mut times, &mut memory)?;
        }
    }
    call::remove_queues()?;
    table::print(&format!("Listing: milliseconds (median of {ROUNDS} rounds)"), 1, &times);
    table::print("Listing: peak memory in KiB", 0, &memory);
    Ok(())
}

/// Measures a call of ours and its peers, each with its goals in time and in memory, in turn.
pub(crate) fn compare(
    ours: &Call,
    peers: &[(Call, Goal, Goal)],
    rounds: usize,
    crowd: &str,
    times: &mut Vec<Comparison>,
    memory: &mut Vec<Comparison>,
) -> anyhow::Result<()> {
    let here: Vec<_> = peers.iter().filter(|(peer, ..)| peer.is_possible()).collect();
    let sides: Vec<&Call> = std::iter::once(ours).chain(here.iter().map(|(peer, ..)| peer)).collect();
    let time = |call: &&Call| measure::time(&mut call::command(&[], &call.words()?));
    let medians = measure::alternate(&sides, rounds, time)?;
    let peak = |call: &Call| measure::peak_memory(&mut call::command(&[], &call.words()?));
    let mine = peak(ours)?;
    let ours = format!("{crowd}: {}", ours.label());
    let row =
        |peer: &Call, mine, theirs, goal| Comparison { ours: ours.clone(), peer: peer.label(), mine, theirs, goal };
    for ((peer, time_goal, memory_goal), median) in here.into_iter().zip(&medians[1..]) {
        times.push(row(peer, medians.first().copied(), Some(*median), *time_goal));
        if let Goal::Ratio(_) = memory_goal {
            memory.push(row(peer, mine, peak(peer)?, *memory_goal));
        }
    }
    Ok(())
}

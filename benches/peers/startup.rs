//! Start-up: tools that do one small thing, thousands of times in a script.

use crate::call::{self, Call};
use crate::machine::Machine;
use crate::measure;
use crate::table::{self, Comparison, Goal};

/// Pairs of runs whose median counts.
const PAIRS: usize = 300;

/// A call of ours, and the one of a peer that does the same.
struct Case {
    ours: Call,
    peer: Call,
    /// What our system calls, our share of the instructions and of the time should be at most.
    calls: Goal,
    instructions: Goal,
    time: Goal,
}

impl Case {
    /// A peer that our tool should beat.
    const fn of(ours: Call, peer: Call, calls: Goal) -> Self {
        Self { ours, peer, calls, instructions: Goal::Ratio(0.8), time: Goal::Ratio(0.9) }
    }

    /// A peer that is none: how one would do without a tool.
    const fn without_peer(ours: Call, peer: Call, calls: Goal) -> Self {
        Self { ours, peer, calls, instructions: Goal::Open, time: Goal::Open }
    }
}

const SEND: &str = "msgsnd($ARGV[0], pack('l! a*', 1, 'hello'), 0) or die $!";
const RECEIVE: &str = "msgrcv($ARGV[0], $message, 100, 0, 0) // die $!; print substr($message, 8)";

static CASES: [Case; 7] = [
    Case::of(Call::new("rmsgq", &["create"]), Call::new("ipcmk", &["-Q"]), Goal::Own(25.0)),
    Case::of(Call::new("rsem", &["create"]), Call::new("ipcmk", &["-S", "1"]), Goal::Own(25.0)),
    Case::of(Call::new("rmsgq", &["remove", "QUEUE"]), Call::new("ipcrm", &["-q", "QUEUE"]), Goal::Open),
    Case::of(Call::new("ripcs", &["-q"]), Call::new("ipcs", &["-q"]), Goal::Open),
    Case::of(Call::new("ripcs", &["-q"]), Call::new("lsipc", &["-q"]), Goal::Open),
    Case::without_peer(
        Call::new("rmsgq", &["send", "QUEUE", "hello"]),
        Call::new("perl", &["-e", SEND, "QUEUE"]),
        Goal::Own(25.0),
    ),
    Case::without_peer(
        Call::new("rmsgq", &["recv", "QUEUE"]).with_message(),
        Call::new("perl", &["-e", RECEIVE, "QUEUE"]).with_message(),
        Goal::Open,
    ),
];

/// Prints the three tables of start-up.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let instructions = |call: &Call| measure::instructions(machine, &call.words()?);
    table::print("Start-up: instructions (callgrind)", 0, &counts(instructions, |case| case.instructions)?);
    let calls = |call: &Call| measure::system_calls(machine, &call.words()?);
    table::print("Start-up: system calls (strace -f)", 0, &counts(calls, |case| case.calls)?);
    // On one processor: how the scheduler spreads tiny processes is nobody's merit.
    machine.bind_ourselves(true)?;
    let rows = times()?;
    machine.bind_ourselves(false)?;
    table::print(&format!("Start-up: milliseconds (median of {PAIRS} pairs)"), 3, &rows);
    Ok(())
}

/// One count of each call of each case.
fn counts(
    count: impl Fn(&Call) -> anyhow::Result<Option<f64>>,
    goal: impl Fn(&Case) -> Goal,
) -> anyhow::Result<Vec<Comparison>> {
    let rows = CASES.iter().map(|case| {
        call::remove_queues()?;
        let mine = count(&case.ours)?;
        let theirs = if case.peer.is_possible() { count(&case.peer)? } else { None };
        Ok(Comparison { ours: case.ours.label(), peer: case.peer.label(), mine, theirs, goal: goal(case) })
    });
    rows.collect()
}

fn times() -> anyhow::Result<Vec<Comparison>> {
    let rows = CASES.iter().map(|case| {
        call::remove_queues()?;
        let (ours, peer) = (case.ours.label(), case.peer.label());
        let sides: Vec<&Call> = [&case.ours, &case.peer].into_iter().filter(|call| call.is_possible()).collect();
        let medians = measure::alternate(&sides, PAIRS, |call| {
            let words = call.words()?;
            measure::time(&mut call::command(&[], &words))
        })?;
        let (mine, theirs) = (medians.first().copied(), medians.get(1).copied());
        Ok(Comparison { ours, peer, mine, theirs, goal: case.time })
    });
    let rows = rows.collect();
    call::remove_queues()?;
    rows
}

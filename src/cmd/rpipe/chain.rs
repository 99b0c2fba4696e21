//! A pipeline as rows, and its stalls in words.

use super::target::shown;
use crate::cmd::rows::pipe::{command, doing};
use crate::ipc::pipe::inventory::{Chain, Identity, Inventory, Stage, Stall, Why};
use crate::output::Align::{Left, Right};
use crate::output::{Cell, Column, column};

/// A stage of a pipeline.
#[derive(Debug)]
pub(super) struct StageRow {
    stage: Stage,
    command: String,
    how: String,
}

impl StageRow {
    /// The rows of a pipeline.
    pub(super) fn all(found: &Inventory, chain: &Chain) -> Vec<Self> {
        let row = |stage: &Stage| Self {
            stage: stage.clone(),
            command: command(found, stage.pid),
            how: how(found, chain, stage.pid),
        };
        chain.stages.iter().map(row).collect()
    }
}

fn inodes(pipes: &[Identity]) -> Cell<'static> {
    if pipes.is_empty() { Cell::None } else { Cell::Numbers(pipes.iter().map(|pipe| pipe.inode()).collect()) }
}

/// Every column of a stage.
pub(super) static COLUMNS: &[Column<StageRow>] = &[
    column("stage", "how far it is from the source, from 1 on", Right, |row: &StageRow| {
        Cell::Number(row.stage.place as u64)
    }),
    column("pid", "process", Right, |row| Cell::Signed(row.stage.pid.into())),
    column("command", "what it is called", Left, |row| Cell::text(&row.command)),
    column("reads", "the pipes that it reads from", Left, |row| inodes(&row.stage.reads)),
    column("writes", "the pipes that it writes to", Left, |row| inodes(&row.stage.writes)),
    column("how", "what it does", Left, |row| Cell::text(&row.how)),
];

/// What a stage does: what it sleeps in, or what others wait for it to do.
fn how(found: &Inventory, chain: &Chain, pid: i32) -> String {
    let to_blame = chain.stalls.iter().find(|stall| stall.who.contains(&pid));
    match to_blame.map(|stall| stall.why) {
        Some(Why::DoesNotRead) => return format!("does not read, {}", state(found, pid)),
        Some(Why::DoesNotWrite) => return format!("does not write, {}", state(found, pid)),
        _ => {}
    }
    let asleep = found.pipes.iter().flat_map(|pipe| pipe.sleepers.iter().map(move |sleeper| (pipe, sleeper)));
    let mut here = asleep.filter(|(_, sleeper)| sleeper.pid == pid);
    here.next().map_or_else(
        || state(found, pid).to_owned(),
        |(pipe, sleeper)| format!("{} {}", doing(sleeper.doing), pipe.identity.inode()),
    )
}

/// What a process does that sleeps at no pipe.
fn state(found: &Inventory, pid: i32) -> &'static str {
    match found.processes.get(&pid).map(|process| process.state) {
        Some('R') => "running",
        Some('T' | 't') => "stopped",
        Some('S' | 'D' | 'I') => "sleeping elsewhere",
        _ => "ended",
    }
}

/// What keeps a pipeline from moving.
pub(super) fn explain(found: &Inventory, stall: &Stall) -> String {
    let pipe = name(found, stall.at);
    let names: Vec<String> = stall.who.iter().map(|&pid| format!("{pid} ({})", command(found, pid))).collect();
    let (who, does) = (names.join(" and "), if names.len() == 1 { "does" } else { "do" });
    match stall.why {
        Why::DoesNotRead => format!("{who} {does} not read {pipe}, which is full"),
        Why::DoesNotWrite => format!("{who} {does} not write to {pipe}, which is empty"),
        Why::WaitsForItself => format!("{who} waits for {pipe}, and nobody else can write to it"),
        Why::Circle => format!("{who} is in a circle of processes that wait for each other, at {pipe}"),
        Why::NoReader => format!("nobody opens {pipe} to read"),
        Why::NoWriter => format!("nobody opens {pipe} to write"),
    }
}

/// What a pipe is called in a sentence.
fn name(found: &Inventory, identity: Identity) -> String {
    match found.get(identity).and_then(|pipe| pipe.path.as_ref()) {
        Some(path) => format!("'{}'", shown(path)),
        None => format!("pipe {}", identity.inode()),
    }
}

//! Benchmarks against the peers installed on the machine: `cargo bench`.
//!
//! Every result is a ratio, ours divided by the peer's, both measured in the same run; see
//! `benches/README.md`. `cargo bench --bench peers -- startup` runs one section alone.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "what a benchmark prints is its result")]

use std::process::ExitCode;

mod call;
mod census;
mod classic;
mod listing;
mod machine;
mod measure;
mod memory;
mod messages;
mod namespace;
mod pipes;
mod signals;
mod startup;
mod table;
mod wrappers;

use machine::Machine;

/// Measures something and prints it.
type Section = fn(&Machine) -> anyhow::Result<()>;

/// The sections, by the words that choose them.
const SECTIONS: &[(&str, Section)] = &[
    ("startup", startup::run),
    ("classic", classic::run),
    ("wrappers", wrappers::run),
    ("listing", listing::run),
    ("census", census::run),
    ("messages", messages::run),
    ("memory", memory::run),
    ("signals", signals::run),
    ("pipes", pipes::run),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments = namespace::enter(&arguments)?;
    // Cargo itself adds --bench.
    let words: Vec<&str> = arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    if let Some(word) = words.iter().find(|word| SECTIONS.iter().all(|(name, _)| name != *word)) {
        let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        anyhow::bail!("no section is called {word}; there are {}", names.join(", "));
    }
    let machine = Machine::look()?;
    for &(name, section) in SECTIONS {
        if words.is_empty() || words.contains(&name) {
            section(&machine)?;
        }
    }
    Ok(())
}

//! Writes the completions of every tool for bash, zsh and fish into a folder:
//! `cargo run --example completions -- DIR`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap_complete::Shell::{Bash, Fish, Zsh};
use ripc::app::Tool;
use ripc::cmd::{rfifo, ripcs, rlock, rmsgq, rpipe, rsem, rshm, rsignal, rsock};

/// Every tool that there is.
const TOOLS: &[Tool] = &[
    rfifo::TOOL,
    ripcs::TOOL,
    rlock::TOOL,
    rmsgq::TOOL,
    rpipe::TOOL,
    rsem::TOOL,
    rshm::TOOL,
    rsignal::TOOL,
    rsock::TOOL,
];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("usage: completions DIR");
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for tool in TOOLS {
        let mut command = tool.command();
        let name = command.get_name().to_owned();
        for shell in [Bash, Zsh, Fish] {
            clap_complete::generate_to(shell, &mut command, &name, &folder)
                .with_context(|| format!("cannot write completions of {name} for {shell}"))?;
        }
    }
    Ok(())
}

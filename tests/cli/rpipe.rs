//! `rpipe`.

use crate::support::{Outcome, tool};

mod buffer;
mod duplex;
mod examples;
mod meter;
mod run;
mod tee;

/// Runs `rpipe` with these words to its end, without input.
fn rpipe(words: &[&str]) -> Outcome {
    Outcome::of(tool("rpipe").args(words))
}

/// A shell script with our tools on its path, to its end.
fn script(text: &str) -> Outcome {
    Outcome::of(tool("sh").args(["-c", text]))
}

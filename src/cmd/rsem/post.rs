//! `rsem post`: give units.

use clap::Args;

use super::refusal;
use crate::app::{Context, Verb};
use crate::args;
use crate::exit::Status;
use crate::ipc::Indexed;

#[derive(Debug, Args)]
pub(super) struct Post {
    /// The semaphore: set and index (42:1, 0x4b:1, key:75:1), POSIX name (/jobs); index 0 unless stated
    #[arg(value_parser = args::semaphore())]
    name: Indexed,

    /// Units to give, all at once
    #[arg(default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    units: u32,
}

impl Verb for Post {
    const NAME: &'static str = "post";
    const ALIAS: Option<&'static str> = Some("v");
    const ABOUT: &'static str = "Give units";

    fn run(self, _: &mut Context) -> anyhow::Result<Status> {
        let semaphore = super::open(&self.name)?;
        semaphore.give(self.units).map_err(|error| refusal::of_post(error, &self.name, &semaphore))?;
        Ok(Status::Done)
    }
}

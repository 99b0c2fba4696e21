//! The door of `rpipe`.
#![no_main]

ripc::door!(rpipe);

//! The door of `ripcs`.
#![no_main]

ripc::door!(ripcs);

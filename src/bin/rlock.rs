//! The door of `rlock`.
#![no_main]

ripc::door!(rlock);

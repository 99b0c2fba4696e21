//! The door of `rshm`.
#![no_main]

ripc::door!(rshm);

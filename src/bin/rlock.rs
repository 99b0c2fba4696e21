//! The door of `rlock`, and of the old tools that it replaces.
#![no_main]

ripc::door!(rlock: flock, lslocks);

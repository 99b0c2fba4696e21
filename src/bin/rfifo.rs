//! The door of `rfifo`, and of the old tool that it replaces.
#![no_main]

ripc::door!(rfifo: mkfifo);

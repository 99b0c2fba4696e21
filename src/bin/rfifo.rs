//! The door of `rfifo`.
#![no_main]

ripc::door!(rfifo);

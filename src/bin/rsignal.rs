//! The door of `rsignal`.
#![no_main]

ripc::door!(rsignal);

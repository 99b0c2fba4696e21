//! The door of `rsem`.
#![no_main]

ripc::door!(rsem);

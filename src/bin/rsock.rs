//! The door of `rsock`.
#![no_main]

ripc::door!(rsock);

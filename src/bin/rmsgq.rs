//! The door of `rmsgq`.
#![no_main]

ripc::door!(rmsgq);

//! `ripcs`: the inventory, and who uses what.

mod against_ipcs;
mod namespaces;
mod options;
mod posix;
mod reaping;
mod stage;

//! `ripcs`: the inventory, and who uses what.

mod against_ipcs;
mod limits;
mod listing;
mod metrics;
mod namespaces;
mod options;
mod posix;
mod reaping;
mod stage;

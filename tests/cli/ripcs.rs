//! `ripcs`: the inventory, and who uses what.

mod against_ipcs;
mod entering;
mod graph;
mod limits;
mod listing;
mod metrics;
mod namespaces;
mod options;
mod orphans;
mod posix;
mod reaping;
mod stage;
mod top;
mod watch;

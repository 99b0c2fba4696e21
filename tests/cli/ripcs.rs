//! `ripcs`: the inventory.

mod against_ipcs;
mod graph;
mod limits;
mod metrics;
mod options;
mod posix;
mod top;
mod watch;

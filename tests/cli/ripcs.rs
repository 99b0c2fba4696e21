//! `ripcs`: the inventory, and who uses what.

mod against_ipcs;
mod graph;
mod limits;
mod listing;
mod locks;
mod metrics;
mod namespaces;
mod options;
mod posix;
mod reaping;
mod sockets;
mod stage;
mod top;
mod watch;

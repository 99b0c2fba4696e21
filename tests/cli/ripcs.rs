//! `ripcs`: the inventory, and who uses what.

mod against_ipcs;
mod entering;
mod failing;
mod graph;
mod limits;
mod listing;
mod locks;
mod metrics;
mod namespaces;
mod options;
mod orphans;
mod posix;
mod reaping;
mod screen;
mod sockets;
mod stage;
mod terminal;
mod thousands;
mod top;
mod watch;

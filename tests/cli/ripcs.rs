//! `ripcs`: the inventory.

mod against_ipcs;
mod limits;
mod metrics;
mod options;
mod posix;

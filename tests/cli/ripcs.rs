//! `ripcs`: the inventory.

mod against_ipcs;
mod options;
mod posix;

//! What `/proc` tells: the System V tables, processes, their mappings, locks and signals, the call one sleeps
//! in, limits, free memory, clocks.

pub(crate) mod clocks;
pub(crate) mod locks;
pub(crate) mod maps;
pub(crate) mod memory;
pub(crate) mod pids;
pub(crate) mod pipes;
pub(crate) mod polls;
pub(crate) mod process;
pub(crate) mod rlimits;
pub(crate) mod signals;
pub(crate) mod sockets;
pub(crate) mod stat;
pub(crate) mod sysvipc;
pub(crate) mod unix_names;
pub(crate) mod walk;

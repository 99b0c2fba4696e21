//! What `/proc` tells: the System V tables, processes, their mappings and signals, the call one sleeps
//! in, limits, free memory.

pub(crate) mod maps;
pub(crate) mod memory;
pub(crate) mod process;
pub(crate) mod rlimits;
pub(crate) mod signals;
pub(crate) mod sockets;
pub(crate) mod stat;
pub(crate) mod sysvipc;
pub(crate) mod walk;

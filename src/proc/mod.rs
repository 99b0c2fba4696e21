//! What `/proc` tells: the System V tables, processes, their mappings, the call one sleeps in,
//! free memory.

pub(crate) mod maps;
pub(crate) mod memory;
pub(crate) mod process;
pub(crate) mod sysvipc;

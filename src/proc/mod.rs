//! What `/proc` tells: the System V tables, processes, their mappings, the call one sleeps in.

pub(crate) mod maps;
pub(crate) mod process;
pub(crate) mod sysvipc;

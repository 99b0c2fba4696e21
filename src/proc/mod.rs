//! What `/proc` tells: the System V tables, processes, the call a process sleeps in.

pub(crate) mod process;
pub(crate) mod sysvipc;

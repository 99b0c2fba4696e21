//! What `/proc` tells: the System V tables, processes, the call a process sleeps in, its signals.

pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod stat;
pub(crate) mod sysvipc;

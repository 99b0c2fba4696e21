//! The door of `ripcs`, and of the old tools that it replaces.
#![no_main]

ripc::door!(ripcs: ipcs, ipcmk, ipcrm, lsipc);

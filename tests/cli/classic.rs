//! The drop-in faces, against the tools whose names they have.

mod flock;
mod ipcmk;

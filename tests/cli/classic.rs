//! The drop-in faces, against the tools whose names they have.

mod ipcmk;
mod kill;
mod mkfifo;
mod waitpid;

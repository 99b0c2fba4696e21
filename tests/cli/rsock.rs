//! `rsock`. Sockets with a file lie on the world's own `/dev/shm`; there is one network for all worlds, so
//! TCP ports are those that the kernel chooses, and abstract names carry a pid.

mod edges;
mod examples;
mod inventory;
mod killed;
mod listen;
mod load;
mod passing;
mod peers;
mod talk;

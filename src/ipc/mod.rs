//! The mechanisms as safe, typed handles: the layer that the Rust ecosystem lacks for System V and
//! POSIX inter-process communication.
//!
//! One module per mechanism: [`msgq`] (message queues), [`shm`] (shared memory), [`sem`]
//! (semaphores), [`signal`] (signals and processes), [`pipe`] and [`fifo`] (pipes without
//! and with a name), [`socket`] (sockets), [`rpc`] (calls through them), [`lock`] (locks on files).
//! [`census`] looks at all of them at once. What they share is the vocabulary of this module:
//! [`Key`], [`Id`], [`Name`], [`Mode`], [`Permissions`], [`Wait`].
//!
//! # Errors
//! Every error is a [`std::io::Error`] that carries the errno of the system call, without context:
//! the caller knows which object was meant. One thing is translated, because the kernel says it in
//! two ways: an identifier that does not exist is EINVAL to the kernel, and [`ErrorKind::NotFound`]
//! here, as ENOENT is for a key or a name.
//!
//! [`ErrorKind::NotFound`]: std::io::ErrorKind::NotFound

pub mod census;
mod changes;
pub mod fifo;
pub mod lock;
mod mode;
pub mod msgq;
mod name;
pub mod namespace;
mod object;
pub mod pipe;
mod posix_files;
mod processes;
pub mod rpc;
pub mod sem;
pub mod shm;
pub mod signal;
pub mod socket;
pub mod users;
mod wait;

pub use changes::Changes;
pub use mode::{Mode, ModeChange, ModeError};
pub use name::{Id, Indexed, Key, Kind, Name, NameError, PosixName};
pub use object::{Permissions, PosixObject, SystemVObject, Timestamp};
pub use posix_files::PosixFile;
pub use processes::{User, Users};
pub use wait::Wait;

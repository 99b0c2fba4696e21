//! `rmsgq`.

mod delivery;
mod limits;
mod messages;
mod objects;
mod posix;
mod python;
mod serve;
mod users;
mod waiting;

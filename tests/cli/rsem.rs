//! `rsem`: objects, operations, commands that hold units, barriers, who waits, other programs.

mod barrier;
mod examples;
mod objects;
mod operations;
mod peers;
mod races;
mod running;
mod tree;
mod users;

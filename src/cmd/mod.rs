//! The tools: a folder or file each, clap types on top, then one function per verb.
//!
//! A tool never imports another; what two of them list is a kind of row in `rows`,
//! and of names that make no sense to a verb in `names`.

mod names;
pub mod rfifo;
pub mod ripcs;
pub mod rlock;
pub mod rmsgq;
mod rows;
pub mod rpipe;
pub mod rsem;
pub mod rshm;
pub mod rsignal;
pub mod rsock;

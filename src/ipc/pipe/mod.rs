//! Pipes: pipe(7).
//!
//! - [`inventory`]: every pipe and FIFO that a process has open, who is at it, and what is in it.

pub mod inventory;

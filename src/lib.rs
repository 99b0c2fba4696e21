//! Linux inter-process communication for the shell, and as a typed library.
//!
//! The storeys, from the street down; imports go one way only, and a test holds that:
//!
//! | module | what lives there |
//! |---|---|
//! | `bin/rX.rs` | the door of a tool |
//! | `app` | where every process starts and ends |
//! | `cmd` | the tools: clap types on top, then one function per verb |
//! | `classic` | the faces: what a tool does when it is called by an old tool's name |
//! | `args`, `output`, `framing` | what tools share: option groups, tables and JSON, records on a stream |
//! | `command` | the user's command under a tool |
//! | [`ipc`] | the mechanisms as typed handles: **the public library** |
//! | `proc` | what `/proc` tells |
//! | `sys` | the system calls that `nix` does not wrap; the only `unsafe` |
//!
//! `docs/ARCHITECTURE.md` tells the way of one command through the house.

#[doc(hidden)]
pub mod app;
mod args;
#[doc(hidden)]
pub mod classic;
#[doc(hidden)]
pub mod cmd;
mod command;
mod exit;
mod framing;
mod in_turn;
pub mod ipc;
mod output;
mod proc;
mod sys;

/// The example of `README.md`, which a test compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The whole of a binary: enters the tool of this name, or one of the faces behind it where the binary
/// was called by that name.
///
/// C's `main` instead of Rust's, whose start-up would be a third of ours: `sys::entry` does what a
/// small tool needs of it.
#[doc(hidden)]
#[macro_export]
macro_rules! door {
    ($tool:ident $(: $($face:ident),+)?) => {
        #[unsafe(no_mangle)]
        extern "C" fn main(argc: ::std::ffi::c_int, argv: *const *const ::std::ffi::c_char) -> ::std::ffi::c_int {
            $(
                let faces = [$(&$crate::classic::$face::FACE),+];
                if let Some(status) = $crate::classic::main(&faces, argc, argv) {
                    return status;
                }
            )?
            $crate::app::main(&$crate::cmd::$tool::TOOL, argc, argv)
        }
    };
}

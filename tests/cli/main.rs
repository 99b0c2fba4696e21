//! The integration tests: real tools on real kernel objects.
//!
//! | file | what belongs there |
//! |---|---|
//! | `support` | namespaces, commands, readiness |
//! | `help` | what `--help` says, read back |
//! | `contract` | what every tool passes: help, statuses, closed descriptors, hostile names, signals |
//! | `house` | what holds for the sources: import rule, pages against `--help`, completions, examples |
//! | `classic` | the drop-in faces against the tools whose names they have |
//! | `rfifo`, `rlock`, `rmsgq`, … | one file per tool |
//! | `rpc` | remote procedure calls: `rsock call` and `serve`, and Python's libraries |
//! | `peers` | our tools against programs that we did not write |
//!
//! A test is a sentence: make, act, see. It runs in an IPC namespace of its own, waits for readiness
//! in `/proc/PID/syscall` and never by sleeping, and what it needs beyond cargo it finds or skips
//! with a printed reason.

mod classic;
mod contract;
mod help;
mod house;
mod peers;
mod rfifo;
mod ripcs;
mod rlock;
mod rmsgq;
mod rpc;
mod rpipe;
mod rsem;
mod rshm;
mod rsignal;
mod rsock;
mod support;
